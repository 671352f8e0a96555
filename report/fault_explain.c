/* SPDX-License-Identifier: MIT */
#include "report/fault_explain.h"

#include "report/describe.h"
#include "report/fault_place.h"
#include "report/names.h"
#include "report/own.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

/* A function that takes this much at once has variables that are to blame. */
#define LARGE_FRAME 65536u

struct story {
        struct report *report;
        struct pool *pool;
        const struct crash_facts *facts;
        const struct target *t;
        const struct examination *seen;
        const struct memory_operand *m; /* what gave the bad address; NULL unknown */
        uint64_t address;               /* the bad one, if report->fault.address is known */
        struct fault_place place;       /* of it */
};

static bool is(const char *word, const char *expected)
{
        return word && !strcmp(word, expected);
}

/* ---- parts of sentences ---- */

/* Either may be NULL. */
static const char *join(struct story *s, const char *sentence, const char *more)
{
        return !sentence || !more ? (sentence ? sentence : more) : pool_printf(s->pool, "%s %s", sentence, more);
}

/* "wrote 4 bytes" */
static const char *deed(struct story *s)
{
        const char *verb = is(s->report->fault.access, "write")  ? "wrote"
                           : is(s->report->fault.access, "read") ? "read"
                                                                 : "used";

        if (is(s->report->fault.access, "execute"))
                return "ran code";

        if (!s->m || !s->m->size)
                return pool_printf(s->pool, "%s memory", verb);
        return pool_printf(s->pool, "%s %u byte%s", verb, s->m->size, s->m->size == 1 ? "" : "s");
}

static bool is_plain_pointer(const struct memory_operand *m)
{
        return m && m->base >= 0 && m->base != ARCH_REG_PC && m->index < 0 && !m->vector_index && !m->in_segment;
}

/* "through rdx", "at rax + rcx*8 (rax = 0x0, rcx = 0x7)" */
static const char *through(struct story *s)
{
        static const char *const names[] = ARCH_REG_NAMES;
        const struct memory_operand *m = s->m;

        if (!m)
                return pool_printf(s->pool, "at address 0x%" PRIx64, s->address);
        if (m->on_stack)
                return pool_printf(s->pool, "at the stack pointer %s", m->text);
        if (m->vector_index)
                return pool_printf(s->pool, "at one of the addresses %s", m->text);
        if (is_plain_pointer(m) && !m->displacement)
                return pool_printf(s->pool, "through the pointer in %s", m->text);
        if (!m->known || m->base == ARCH_REG_PC || (m->base < 0 && m->index < 0))
                return pool_printf(s->pool, "at %s", m->text);
        if (m->index < 0)
                return pool_printf(s->pool, "at %s (%s = 0x%" PRIx64 ")", m->text, names[m->base], m->base_value);
        if (m->base < 0)
                return pool_printf(s->pool, "at %s (%s = 0x%" PRIx64 ")", m->text, names[m->index], m->index_value);
        return pool_printf(s->pool, "at %s (%s = 0x%" PRIx64 ", %s = 0x%" PRIx64 ")", m->text, names[m->base],
                           m->base_value, names[m->index], m->index_value);
}

/* The pointer rather than the place in what it points to. */
static uint64_t pointer_value(const struct story *s)
{
        return is_plain_pointer(s->m) && s->m->known ? s->m->base_value : s->address;
}

static bool is_library(struct report *report, const struct report_frame *frame)
{
        return frame->module.known && !own_frame(report, frame);
}

/* "memmove" of "__memmove_avx_unaligned_erms", "snprintf" of "__GI___snprintf", "printf" of "__printf_chk". */
static const char *public_name(struct story *s, const char *name)
{
        size_t len;

        name = names_plain(s->pool, name);
        name += strspn(name, "_");
        len = strlen(name);
        return len > 4 && !strcmp(name + len - 4, "_chk") ? pool_strndup(s->pool, name, len - 4) : name;
}

/* "It did so in strlen, which main at app.c:12 called." Where the fault is in the system's libraries the reader's own
 * code is farther out. */
static const char *caller(struct story *s)
{
        const struct report_thread *thread = s->report->thread_count ? &s->report->threads[0] : NULL;
        const struct report_frame *own, *line_frame;
        const char *line;
        size_t i;

        if (!thread || !thread->frame_count || !is_library(s->report, &thread->frames[0]))
                return NULL;
        for (i = 1; i < thread->frame_count && is_library(s->report, &thread->frames[i]); i++)
                ;
        if (i == thread->frame_count || !thread->frames[i].function || !thread->frames[i - 1].function ||
            thread->frames[i].signal_frame)
                return NULL;
        own = &thread->frames[i - 1];
        line_frame = &thread->frames[i];
        line = describe_line(s->report, line_frame);
        return pool_printf(s->pool, "That was in %s, called by %s%s%s: look at what was passed to it.",
                           public_name(s, own->function), names_plain(s->pool, line_frame->function),
                           line ? " at " : "", line ? line : "");
}

/* ---- bad addresses ---- */

static const char *null_dereference(struct story *s)
{
        static const char *const names[] = ARCH_REG_NAMES;
        const struct memory_operand *m = s->m;
        int64_t offset = (int64_t)s->address;
        const char *what;

        if (is_plain_pointer(m) && !m->base_value && m->displacement)
                return join(
                        s,
                        pool_printf(s->pool,
                                    "The program %s at %s, and %s is NULL: a member of a struct or an element of an "
                                    "array that is not there.",
                                    deed(s), m->text, names[m->base]),
                        caller(s));
        if (is_plain_pointer(m) && !m->base_value)
                what = ", which is NULL.";
        else if (m && m->base >= 0 && m->index >= 0 && !m->base_value)
                what = ": an element of an array that is not there, its pointer being NULL.";
        else if (offset == 0)
                what = ", that is through a NULL pointer.";
        else if (offset > 0)
                what = pool_printf(s->pool,
                                   "%s, that is %" PRId64 " byte%s from NULL: a member of a struct or an element of an "
                                   "array through a NULL pointer.",
                                   m ? pool_printf(s->pool, ", address 0x%" PRIx64, s->address) : "", offset,
                                   offset == 1 ? "" : "s");
        else
                what = ", just below NULL: something that lies before what a NULL pointer points to.";
        return join(s, pool_printf(s->pool, "The program %s %s%s", deed(s), through(s), what), caller(s));
}

static const char *stack_overflow(struct story *s)
{
        const struct mapping *stack = s->t && s->t->thread_count ? fault_stack_of(s->t, 0) : NULL;
        uint64_t sp = s->facts->regs.v[ARCH_REG_SP];
        const char *name = "The stack";

        if (stack && sp < stack->start && stack->start - sp > LARGE_FRAME)
                return pool_printf(
                        s->pool,
                        "The stack has no room for the local variables of this function, which reach %" PRIu64
                        " KiB beyond its end: put the large ones on the heap.",
                        (stack->start - sp) / 1024);
        if (stack)
                name = pool_printf(s->pool, "T%s, %" PRIu64 " KiB,", fault_place_name(s->report, s->t, stack) + 1,
                                   (stack->end - stack->start) / 1024);
        if (s->report->fault.recursion.function_count)
                return pool_printf(s->pool,
                                   "%s is full of calls, %s: an endless recursion, or one that is too deep for it.",
                                   name, describe_recursion(s->report));
        return pool_printf(s->pool,
                           "%s is full: calls that never return before the next one is made (endless recursion), or "
                           "local variables that are too large for it.",
                           name);
}

/* The pointer itself is good, what was added to it is not. NULL: nothing says so. */
static const char *index_hint(struct story *s)
{
        const struct memory_operand *m = s->m;
        uint64_t base = m && m->base < 0 ? (uint64_t)m->displacement : m ? m->base_value : 0;
        const struct mapping *at;

        if (!m || !m->known || m->index < 0 || m->vector_index || !s->t)
                return NULL;
        at = target_mapping(s->t, base);
        if (!at || !(at->perms & MAPS_READ))
                return NULL;
        return pool_printf(
                s->pool, "0x%" PRIx64 ", to which it was added, lies in %s: most likely an index or a length is wrong.",
                base, fault_place_name(s->report, s->t, at));
}

static const char *unmapped_hint(struct story *s)
{
        const char *hint = fault_pointer_hint(s->report, s->t, pointer_value(s));

        if (!hint)
                hint = index_hint(s);
        if (hint)
                return hint;
        if (s->place.kind == PLACE_KERNEL)
                return "A pointer that was never set, or was overwritten.";
        if (s->place.past_end)
                return "Most likely a loop, an index or a length went past the end of that memory; or what the pointer "
                       "pointed to was given back to the system (munmap, free of a large block).";
        return "The pointer was never set, was overwritten, or what it pointed to was given back to the system "
               "(munmap, free of a large block).";
}

static const char *unmapped_address(struct story *s)
{
        const char *where = s->place.words ? pool_printf(s->pool, ", %s", s->place.words) : "";
        const char *first;

        if (s->m && s->m->in_segment)
                return pool_printf(
                        s->pool,
                        "The program %s at %s, in thread-local storage, and the register that says where that "
                        "is leads to 0x%" PRIx64 ", %s.",
                        deed(s), s->m->text, s->address, s->place.words ? s->place.words : "where it cannot be");
        if (s->m && s->m->base == ARCH_REG_SP && !(s->t && target_mapping(s->t, s->facts->regs.v[ARCH_REG_SP])))
                return pool_printf(s->pool,
                                   "The stack pointer itself is wrong, 0x%" PRIx64 ": it was set to something that is "
                                   "no stack, or taken from memory that was overwritten.",
                                   s->facts->regs.v[ARCH_REG_SP]);
        if (s->m)
                where = pool_printf(s->pool, ", address 0x%" PRIx64 "%s", s->address, where);
        first = pool_printf(s->pool, "The program %s %s%s.", deed(s), through(s), where);
        return join(s, join(s, first, unmapped_hint(s)), caller(s));
}

static const char *inaccessible_address(struct story *s)
{
        const char *where = s->place.words ? s->place.words : "which may not be used in that way";
        const char *more = NULL;

        if (s->place.kind == PLACE_GUARD)
                more = "The stack itself is not full: a pointer or an index went astray.";
        return join(s, pool_printf(s->pool, "The program %s %s, %s.", deed(s), through(s), where), more);
}

static const char *write_to_read_only(struct story *s)
{
        const char *where = s->place.words ? s->place.words : "which is read-only";
        const char *more = s->place.kind == PLACE_CONSTANTS ? "String literals and const objects live there."
                           : s->place.kind == PLACE_CODE    ? "Code cannot be changed."
                           : s->place.kind == PLACE_FILE    ? "It was not mapped for writing."
                                                            : "It may only be read.";

        return join(s, join(s, pool_printf(s->pool, "The program %s %s, %s.", deed(s), through(s), where), more),
                    caller(s));
}

static const char *non_canonical(struct story *s)
{
        const char *hint;

        if (!s->report->fault.address.known)
                return "The program used an address that this processor does not have (a non-canonical one): a pointer "
                       "that was never set, or was overwritten.";
        hint = fault_pointer_hint(s->report, s->t, pointer_value(s));
        return join(s,
                    pool_printf(s->pool,
                                "The program %s %s, and 0x%" PRIx64 " is no address that this processor has (it is "
                                "non-canonical): a pointer that was never set, or was overwritten.",
                                deed(s), through(s), s->address),
                    join(s, hint, caller(s)));
}

/* ---- bad goals of jumps ---- */

static const char *jump(struct story *s)
{
        const struct examination *e = s->seen;

        if (e && e->decoded && e->goal_is_culprit) {
                if (e->insn.kind == INSTRUCTION_RETURN)
                        return "returned to";
                return pool_printf(s->pool, "%s what %s holds,",
                                   e->insn.kind == INSTRUCTION_CALL ? "called" : "jumped to", e->insn.value.text);
        }
        if (e && e->arrival == ARRIVAL_CALL)
                return e->arrived_by[0] ? pool_printf(s->pool, "called what %s holds,", e->arrived_by) : "called";
        return e && e->arrival == ARRIVAL_RETURN ? "returned to" : "jumped to";
}

static const char *bad_jump(struct story *s)
{
        const struct examination *e = s->seen;
        bool returned = e && (e->arrival == ARRIVAL_RETURN ||
                              (e->decoded && e->goal_is_culprit && e->insn.kind == INSTRUCTION_RETURN));
        const char *where = s->place.words, *hint = fault_pointer_hint(s->report, s->t, s->address);
        const char *why = returned ? "The return address on the stack was overwritten, most likely by a write past the "
                                     "end of a local array."
                                   : "A function pointer or the object that holds it was never set, was overwritten or "
                                     "freed; or the stack was overwritten.";

        if (!disassemble_is_canonical(s->address, 1))
                where = "which is no address that this processor has";
        else if (!where)
                where = "where there is no code";
        else if (s->place.mapping)
                where = pool_printf(s->pool, "%s, which is not code", where);
        return join(s, pool_printf(s->pool, "The program %s 0x%" PRIx64 ", %s.", jump(s), s->address, where),
                    hint ? pool_printf(s->pool, "%s %s", why, hint) : why);
}

static const char *null_call(struct story *s)
{
        const struct examination *e = s->seen;
        const char *by = e && e->arrived_by[0] ? pool_printf(s->pool, " (%s)", e->arrived_by) : "";

        if (e && e->arrival == ARRIVAL_RETURN)
                return pool_printf(s->pool,
                                   "The program returned to 0x%" PRIx64 ": the return address on the stack was "
                                   "overwritten, most likely by a write past the end of a local array.",
                                   s->address);
        if (s->address)
                return pool_printf(s->pool,
                                   "The program called address 0x%" PRIx64 "%s, which is next to NULL: a function "
                                   "pointer that was computed from NULL or overwritten.",
                                   s->address, by);
        return pool_printf(s->pool,
                           "The program called a function through a pointer%s that is NULL: one that was never set, or "
                           "a weak function that nobody defines.",
                           by);
}

/* ---- memory that is there ---- */

static const char *file_truncated(struct story *s)
{
        const struct examination *e = s->seen;
        const char *file = s->place.mapping ? s->place.mapping->path : "a file";
        const char *now = "";

        if (!e || !e->file_offset.known)
                return pool_printf(s->pool,
                                   "The program %s %s, in a mapped file that has no bytes there any more: it was made "
                                   "shorter after it was mapped, or its disk cannot be read.",
                                   deed(s), through(s));
        if (e->file_size.known && e->file_size.v > e->file_offset.v)
                return pool_printf(s->pool,
                                   "The program %s %s, at byte %" PRIu64 " of the mapped file %s, which is %" PRIu64
                                   " bytes long: its disk could not be read, or it was shorter for a while.",
                                   deed(s), through(s), e->file_offset.v, file, e->file_size.v);
        if (e->file_size.known)
                now = pool_printf(s->pool, ", which is %" PRIu64 " bytes long now", e->file_size.v);
        return pool_printf(s->pool,
                           "The program %s %s, at byte %" PRIu64
                           " of the mapped file %s%s: the file became shorter than "
                           "what was mapped of it.",
                           deed(s), through(s), e->file_offset.v, file, now);
}

static const char *misaligned(struct story *s)
{
        uint32_t alignment = s->seen && s->seen->decoded ? s->seen->insn.alignment : 0;

        if (is(s->report->fault.class, "bus-misaligned") || !alignment)
                return pool_printf(s->pool,
                                   "The program %s %s, an address that is no multiple of the size, while alignment "
                                   "checks are switched on (flag AC).",
                                   deed(s), through(s));
        return pool_printf(s->pool,
                           "The instruction %s needs an address that is a multiple of %u, and 0x%" PRIx64
                           " is none: a pointer to a type that it is not aligned for, or a stack that is not aligned.",
                           s->seen->insn.text, alignment, s->address);
}

/* ---- instructions ---- */

static const char *division(struct story *s)
{
        const struct examination *e = s->seen;
        bool known = e && e->decoded && e->value.known;
        uint64_t minus_one;

        if (!known)
                return "The program divided an integer by zero, or the quotient did not fit its register.";
        if (is(s->report->fault.class, "integer-divide-by-zero"))
                return pool_printf(s->pool, "The program divided an integer by zero: the divisor, %s%s, is 0.",
                                   e->insn.value.in_memory ? "at " : "", e->insn.value.text);
        minus_one = e->insn.value.size < 8 ? (UINT64_C(1) << 8 * e->insn.value.size) - 1 : UINT64_MAX;
        if (e->value.v == minus_one && strstr(e->insn.text, "idiv"))
                return pool_printf(s->pool,
                                   "The program divided the smallest integer there is by -1 (%s): the result is larger "
                                   "than the largest one.",
                                   e->insn.value.text);
        return pool_printf(s->pool,
                           "The program divided by %s = %" PRIu64 ", and the quotient does not fit its register.",
                           e->insn.value.text, e->value.v);
}

/* An instruction of the x87 unit tells of what one before it did (Intel SDM volume 1, 8.6). */
static const char *late(struct story *s)
{
        return s->seen && s->seen->decoded && s->seen->insn.text[0] == 'f'
                       ? pool_printf(s->pool,
                                     "The x87 unit reports that at the next instruction it is given, here %s: it was "
                                     "one before that did it.",
                                     s->seen->insn.text)
                       : NULL;
}

static bool is_conversion(const struct story *s)
{
        const char *text = s->seen && s->seen->decoded ? s->seen->insn.text : "";
        const char *to = strstr(text, "cvt") ? strchr(text, '2') : NULL;

        return to && (strstr(to, "si") || strstr(to, "dq") || strstr(to, "qq") || strstr(to, "pi "));
}

static const char *floating_point_reason(struct story *s)
{
        switch (s->facts->code) {
        case FPE_FLTDIV:
                return "A floating-point number was divided by zero, and the program has asked for a signal then "
                       "(feenableexcept).";
        case FPE_FLTOVF:
                return "A floating-point result was too large, and the program has asked for a signal then "
                       "(feenableexcept).";
        case FPE_FLTUND:
                return "A floating-point result was too small, and the program has asked for a signal then "
                       "(feenableexcept).";
        case FPE_FLTRES:
                return "A floating-point result had to be rounded, and the program has asked for a signal then "
                       "(feenableexcept).";
        case FPE_FLTINV:
                if (is_conversion(s))
                        return "A floating-point number does not fit the integer that it was to become, and the "
                               "program has asked for a signal then (feenableexcept).";
                return "A floating-point operation has no result (0/0, the root of a negative number), and the program "
                       "has asked for a signal then (feenableexcept).";
        default:
                return NULL;
        }
}

static const char *floating_point(struct story *s)
{
        const char *reason = floating_point_reason(s);

        return reason ? join(s, reason, late(s)) : NULL;
}

static const char *illegal(struct story *s)
{
        const struct examination *e = s->seen;

        if (!e || !e->decoded)
                return "The program ran into bytes that are no instruction of this processor.";
        if (e->insn.kind == INSTRUCTION_UNDEFINED)
                return pool_printf(s->pool,
                                   "The program ran into %s, which compilers put where no program should get: "
                                   "__builtin_trap(), a failed check, code after a call that never returns.",
                                   e->insn.text);
        if (is(e->insn.text, "(bad)"))
                return "The program ran into bytes that are no instruction: it went to a wrong place, or its code was "
                       "overwritten.";
        return pool_printf(s->pool,
                           "This processor does not know the instruction %s: the program was built for a newer one, or "
                           "it went to a wrong place.",
                           e->insn.text);
}

static const char *privileged(struct story *s)
{
        return pool_printf(s->pool,
                           "The program ran into %s, which is for the kernel alone: it went to a wrong place, or code "
                           "that is not meant for programs was called.",
                           s->seen->insn.text);
}

static const char *trap(struct story *s)
{
        if (s->facts->code == TRAP_TRACE)
                return "The processor stopped after a single step (flag TF), and no debugger was there.";
        if (s->facts->code == TRAP_HWBKPT)
                return "A hardware breakpoint was hit, and no debugger was there.";
        if (s->seen && s->seen->decoded && s->seen->insn.kind == INSTRUCTION_BREAKPOINT)
                return pool_printf(s->pool,
                                   "The program ran into a breakpoint in its own code (%s), and no debugger was there: "
                                   "__builtin_debugtrap(), G_BREAKPOINT() and failed checks of some libraries do that.",
                                   s->seen->insn.text);
        return NULL;
}

static const char *protection(struct story *s)
{
        if (s->facts->code != SI_KERNEL || !s->seen || !s->seen->decoded)
                return NULL;
        return pool_printf(s->pool,
                           "The processor refused the instruction %s (general protection): a value it was given is not "
                           "allowed there.",
                           s->seen->insn.text);
}

static const char *memory_failure(struct story *s)
{
        (void)s;
        return "The machine's memory is damaged at that address: the hardware reported an error that it could not "
               "correct.";
}

static const char *jump_or_access(struct story *s)
{
        if (!is(s->report->fault.access, "execute"))
                return is(s->report->fault.class, "unmapped-address") ? unmapped_address(s) : non_canonical(s);
        return s->report->fault.address.known ? bad_jump(s) : non_canonical(s);
}

static const struct {
        const char *class;
        const char *(*explain)(struct story *s);
} classes[] = {
        { "null-dereference", null_dereference },
        { "stack-overflow", stack_overflow },
        { "unmapped-address", jump_or_access },
        { "non-canonical-address", jump_or_access },
        { "write-to-read-only", write_to_read_only },
        { "inaccessible-address", inaccessible_address },
        { "execute-non-executable", bad_jump },
        { "null-call", null_call },
        { "bus-file-truncated", file_truncated },
        { "bus-misaligned", misaligned },
        { "bus-memory-failure", memory_failure },
        { "misaligned-access", misaligned },
        { "integer-divide-by-zero", division },
        { "integer-overflow", division },
        { "floating-point-exception", floating_point },
        { "illegal-instruction", illegal },
        { "privileged-instruction", privileged },
        { "trap", trap },
        { "unknown", protection },
};

const char *fault_explain(struct report *report, const struct crash_facts *facts, const struct target *t,
                          const struct examination *seen)
{
        struct story s = { .report = report, .pool = &report->pool, .facts = facts, .t = t, .seen = seen };
        const char *words = fault_explain_abort(report, facts);
        size_t i;

        if (words)
                return words;
        if (seen && seen->decoded && seen->culprit >= 0)
                s.m = &seen->insn.operands[seen->culprit];
        s.address = report->fault.address.v;
        if (report->fault.address.known)
                s.place = fault_place(report, t, s.address);
        for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
                if (is(report->fault.class, classes[i].class))
                        return classes[i].explain(&s);
        return NULL;
}
