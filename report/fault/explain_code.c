/* SPDX-License-Identifier: MIT */
/* report/fault/explain_code.c: explanations of jumps to addresses without code, and of instructions that cannot be
 * executed. */
#include "report/code/disassemble.h"
#include "report/fault/explanation.h"

#include <inttypes.h>
#include <signal.h>

/* ---- bad targets of jumps ---- */

static const char *jump(struct explanation_input *in)
{
        const struct examination *e = in->seen;

        if (e && e->decoded && e->target_is_bad) {
                if (e->insn.kind == INSTRUCTION_RETURN)
                        return "returned to";
                return pool_printf(in->pool, "%s the address in %s,",
                                   e->insn.kind == INSTRUCTION_CALL ? "called" : "jumped to", e->insn.value.text);
        }
        if (e && e->arrival == ARRIVAL_CALL)
                return e->arrived_by[0] ? pool_printf(in->pool, "called the address in %s,", e->arrived_by) : "called";
        return e && e->arrival == ARRIVAL_RETURN ? "returned to" : "jumped to";
}

const char *explain_bad_jump(struct explanation_input *in)
{
        const struct examination *e = in->seen;
        bool returned = e && (e->arrival == ARRIVAL_RETURN ||
                              (e->decoded && e->target_is_bad && e->insn.kind == INSTRUCTION_RETURN));
        const char *where = in->place.words, *hint = fault_pointer_hint(in->report, in->t, in->address);
        const char *why = returned ? "Most likely the return address on the stack was overwritten, by a write past the "
                                     "end of a local array."
                                   : "Most likely a function pointer, or the object that contains it, was not "
                                     "initialized, was overwritten or freed; or the stack was overwritten.";

        if (!arch_is_canonical(in->address, 1))
                where = "which is not a valid address on this processor";
        else if (!where)
                where = "where there is no code";
        else if (in->place.mapping)
                where = pool_printf(in->pool, "%s, which is not code", where);
        return explanation_join(
                in, pool_printf(in->pool, "The program %s 0x%" PRIx64 ", %s.", jump(in), in->address, where),
                hint ? pool_printf(in->pool, "%s %s", why, hint) : why);
}

const char *explain_null_call(struct explanation_input *in)
{
        const struct examination *e = in->seen;
        const char *by = e && e->arrived_by[0] ? pool_printf(in->pool, " (%s)", e->arrived_by) : "";

        if (e && e->arrival == ARRIVAL_RETURN)
                return pool_printf(in->pool,
                                   "The program returned to 0x%" PRIx64 ": most likely the return address on the stack "
                                   "was overwritten, by a write past the end of a local array.",
                                   in->address);
        if (in->address)
                return pool_printf(in->pool,
                                   "The program called address 0x%" PRIx64 "%s, which is next to NULL: most likely a "
                                   "function pointer that was computed from NULL or overwritten.",
                                   in->address, by);
        return pool_printf(in->pool,
                           "The program called a function through a pointer%s that is NULL: most likely one that was "
                           "not initialized, or a weak function without a definition.",
                           by);
}

/* ---- instructions ---- */

const char *explain_division(struct explanation_input *in)
{
        const struct examination *e = in->seen;
        bool known = e && e->decoded && e->value.known;
        uint64_t minus_one;

        if (!known)
                return "The program divided an integer by zero, or the quotient did not fit its register.";
        if (fault_class_is(in->report->fault.class, FAULT_INTEGER_DIVIDE_BY_ZERO))
                return pool_printf(in->pool, "The program divided an integer by zero: the divisor, %s%s, is 0.",
                                   e->insn.value.in_memory ? "at " : "", e->insn.value.text);
        minus_one = e->insn.value.size < 8 ? (UINT64_C(1) << 8 * e->insn.value.size) - 1 : UINT64_MAX;
        if (e->value.v == minus_one && e->insn.is_signed)
                return pool_printf(in->pool,
                                   "The program divided the smallest integer by -1 (%s): the result is larger than "
                                   "the largest integer.",
                                   e->insn.value.text);
        return pool_printf(in->pool,
                           "The program divided by %s = %" PRIu64 ", and the quotient does not fit its register.",
                           e->insn.value.text, e->value.v);
}

/* The x87 unit reports an exception at a later instruction than the one that caused it (Intel SDM volume 1, 8.6). */
static const char *late(struct explanation_input *in)
{
        return in->seen && in->seen->decoded && in->seen->insn.is_x87
                       ? pool_printf(in->pool,
                                     "The x87 unit reports this at its next instruction, here %s: the cause is an "
                                     "earlier one.",
                                     in->seen->insn.text)
                       : NULL;
}

static const char *floating_point_reason(struct explanation_input *in)
{
        switch (in->facts->code) {
        case FPE_FLTDIV:
                return "A floating-point number was divided by zero, and the program has enabled a signal for that "
                       "(feenableexcept).";
        case FPE_FLTOVF:
                return "A floating-point result was too large, and the program has enabled a signal for that "
                       "(feenableexcept).";
        case FPE_FLTUND:
                return "A floating-point result was too small, and the program has enabled a signal for that "
                       "(feenableexcept).";
        case FPE_FLTRES:
                return "A floating-point result had to be rounded, and the program has enabled a signal for that "
                       "(feenableexcept).";
        case FPE_FLTINV:
                if (in->seen && in->seen->decoded && in->seen->insn.makes_integer)
                        return "A floating-point number does not fit the integer to which it is converted, and the "
                               "program has enabled a signal for that (feenableexcept).";
                return "A floating-point operation has no result (0/0, the root of a negative number), and the "
                       "program has enabled a signal for that (feenableexcept).";
        default:
                return NULL;
        }
}

const char *explain_floating_point(struct explanation_input *in)
{
        const char *reason = floating_point_reason(in);

        return reason ? explanation_join(in, reason, late(in)) : NULL;
}

/* clang's -fsanitize-trap encodes the number of the check in its instruction: SanitizerHandler in
 * clang/lib/CodeGen/CodeGenFunction.h. */
static const char *failed_check(const struct instruction *insn)
{
        static const char *const checks[] = {
                "an addition overflowed",
                "a __builtin_unreachable() was reached",
                "control-flow integrity: a call or a cast does not match the type",
                "a division by zero, or of the smallest integer by -1",
                "an object was not of the class that it was used as",
                "a floating-point number did not fit the type to which it was converted",
                "a function was called through a pointer of another function type",
                "a value was changed by an implicit conversion",
                "a builtin function was called with an invalid value",
                "an object was not of the class that it was cast to",
                "a bool or an enum had an invalid value",
                "a function that must return a value ended without a return statement",
                "a multiplication overflowed",
                "the smallest integer was negated",
                "an argument that must not be null was",
                "a value returned that must not be null was",
                "an argument that must not be null was",
                "a value returned that must not be null was",
                "an index was outside of its array",
                "pointer arithmetic overflowed",
                "a shift by more than the number of bits, or of a negative number",
                "a subtraction overflowed",
                "a pointer was null, or not aligned, or its object too small",
                "a pointer did not have its assumed alignment",
                "the size of a variable-length array was not positive",
        };

        return insn->has_check && insn->check < sizeof(checks) / sizeof(checks[0]) ? checks[insn->check] : NULL;
}

const char *explain_illegal(struct explanation_input *in)
{
        const struct examination *e = in->seen;
        const char *check = e && e->decoded ? failed_check(&e->insn) : NULL;

        if (check)
                return pool_printf(in->pool, "A check inserted by the compiler (-fsanitize=undefined) failed: %s.",
                                   check);
        if (!e || !e->decoded)
                return "The program executed bytes that are not an instruction of this processor.";
        if (e->insn.kind == INSTRUCTION_UNDEFINED)
                return pool_printf(in->pool,
                                   "The program executed %s, which compilers insert at places that must not be "
                                   "reached: __builtin_trap(), a failed check, code after a call that never "
                                   "returns.",
                                   e->insn.text);
        if (e->insn.kind == INSTRUCTION_INVALID)
                return "The program executed bytes that are not an instruction: most likely it jumped to a wrong "
                       "address, or its code was overwritten.";
        return pool_printf(
                in->pool,
                "This processor, or its settings, do not permit the instruction %s: most likely the program was "
                "built for a newer processor, or it jumped to a wrong address.",
                e->insn.text);
}

/* The interface that can forbid an instruction that programs may use by default; NULL: not such an instruction. */
static const char *forbidden_by(enum instruction_permit permit)
{
        static const char *const ways[] = {
                [PERMIT_TIME_STAMP] = "prctl(2), PR_SET_TSC",
                [PERMIT_CPUID] = "arch_prctl(2), ARCH_SET_CPUID",
                [PERMIT_COUNTERS] = "/sys/bus/event_source/devices/cpu/rdpmc",
        };

        return ways[permit];
}

const char *explain_privileged(struct explanation_input *in)
{
        const struct examination *e = in->seen;
        const char *by;

        if (!e || !e->decoded || e->insn.kind != INSTRUCTION_PRIVILEGED)
                return "The program executed an instruction that is for the kernel only: most likely it jumped to "
                       "a wrong address, or called code that is not meant for programs.";
        by = forbidden_by(e->insn.permit);
        if (by)
                return pool_printf(
                        in->pool, "The program executed %s, which was forbidden for it by a setting of the kernel: %s.",
                        e->insn.text, by);
        return pool_printf(in->pool,
                           "The program executed %s, which is for the kernel only: most likely it jumped to a wrong "
                           "address, or called code that is not meant for programs.",
                           e->insn.text);
}

const char *explain_trap(struct explanation_input *in)
{
        if (in->facts->code == TRAP_TRACE)
                return "The processor stopped after a single step (flag TF), and no debugger took the signal.";
        if (in->facts->code == TRAP_HWBKPT)
                return "A hardware breakpoint was hit, and no debugger took the signal.";
        if (in->seen && in->seen->decoded && in->seen->insn.kind == INSTRUCTION_BREAKPOINT)
                return pool_printf(in->pool,
                                   "The program executed a breakpoint in its own code (%s), and no debugger took the "
                                   "signal: __builtin_debugtrap(), G_BREAKPOINT() and failed checks of some "
                                   "libraries do that.",
                                   in->seen->insn.text);
        return NULL;
}

const char *explain_protection(struct explanation_input *in)
{
        if (in->facts->code != SI_KERNEL || !in->seen || !in->seen->decoded)
                return NULL;
        return pool_printf(in->pool,
                           "The processor refused the instruction %s (general protection): most likely an operand "
                           "has a value that is not allowed.",
                           in->seen->insn.text);
}
