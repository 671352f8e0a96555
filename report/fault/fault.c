/* SPDX-License-Identifier: MIT */
#include "report/fault/fault.h"

#include "report/fault/abort.h"
#include "report/fault/examine.h"
#include "report/fault/explain.h"
#include "report/fault/syscall_name.h"
#include "report/words/describe.h"
#include "report/words/own.h"
#include "report/words/recursion.h"
#include "unwind/core/image/fault_look.h"
#include "unwind/core/image/maps.h"
#include "unwind/core/terms/signames.h"

#include <signal.h>
#include <string.h>

/* Maximum offset of a member or an array element from a null pointer, if the pointer is known. */
#define NULL_INDEXED ((uint64_t)16 << 20)
#define NULL_ARRAY ((uint64_t)1 << 32)

/* How far below its stack SP may be because of a single variable, and how far above SP that variable is accessed by a
 * pointer. */
#define STACK_FARTHEST ((uint64_t)4 << 30)
#define LOCAL_REACH ((uint64_t)1 << 20)

void fault_facts_from_wire(const struct wire_crash *wire, struct crash_facts *out)
{
        const siginfo_t info = wire->siginfo;

        memset(out, 0, sizeof(*out));
        out->pid = wire->pid;
        out->regs = wire->fault_regs.known ? wire->fault_regs : wire->regs;
        out->trap = wire->fault_trap;
        out->error = wire->fault_error;
        out->uncaught_exception = wire->uncaught_exception;
        out->terminate = wire->terminate;
        out->handled = wire->handler != WIRE_HANDLER_NONE;
        if (wire->kind == WIRE_KIND_REQUEST)
                return;
        out->signal = info.si_signo;
        out->code = info.si_code;
        if (signames_has_address(info.si_signo, info.si_code))
                out->address = KNOWN_U64((uint64_t)(uintptr_t)info.si_addr);
        if (signames_has_sender(info.si_code)) {
                out->sender_pid = KNOWN_INT(info.si_pid);
                out->sender_uid = KNOWN_INT(info.si_uid);
        }
        if (info.si_signo == SIGSYS && info.si_code > 0) {
                out->syscall = KNOWN_INT(info.si_syscall);
                out->syscall_foreign = info.si_arch != ARCH_AUDIT;
        }
}

static const struct memory_operand *bad_operand(const struct examination *e)
{
        return e && e->decoded && e->bad_operand >= 0 ? &e->insn.operands[e->bad_operand] : NULL;
}

/* ---- first classification, without the instruction ---- */

/* The lowest writable mapping that begins above `addr`. */
static const struct mapping *writable_above(const struct target *t, uint64_t addr)
{
        size_t i;

        for (i = 0; i < t->mappings.n; i++) {
                const struct mapping *m = &t->mappings.v[i];

                if (m->start > addr && m->perms & MAPS_WRITE)
                        return m;
        }
        return NULL;
}

static bool is_stack_of(const struct target *t, const struct mapping *m)
{
        const struct target_thread *thread = t->thread_count ? &t->threads[0] : NULL;
        size_t i;

        if (!strcmp(m->path, "[stack]"))
                return true;
        for (i = 0; thread && i < thread->frame_count; i++)
                if (thread->frames[i].sp >= m->start && thread->frames[i].sp < m->end)
                        return true;
        return false;
}

static struct fault_area area_of(const struct mapping *m)
{
        return m ? (struct fault_area){ m->start, m->end, m->perms } : (struct fault_area){ 0 };
}

void fault_fill_look(const struct crash_facts *f, const struct target *t, struct fault_look *out)
{
        const struct mapping *above = t && f->address.known ? writable_above(t, f->address.v) : NULL;

        *out = (struct fault_look){
                .signal = f->signal,
                .code = f->code,
                .from_self = f->sender_pid.known && f->sender_pid.v == f->pid,
                .uncaught_exception = f->uncaught_exception,
                .terminate = f->terminate,
                .has_address = f->address.known,
                .address = f->address.v,
                .trap = f->trap,
                .error = f->error,
                .regs = &f->regs,
        };
        if (!t || !f->address.known)
                return;
        out->has_map = t->mappings.n > 0;
        out->at = area_of(target_mapping(t, f->address.v));
        out->above = area_of(above);
        out->above_is_stack = above && is_stack_of(t, above);
        out->guard = t->guard;
        if (t->guard == GUARD_NONE && fault_look_wants_guard(out)) /* mapped after the fault */
                out->at = (struct fault_area){ 0 };
}

/* ---- refinement by the instruction ---- */

static enum arch_access access_kind(const struct crash_facts *f, const struct fault_look *look,
                                    const struct examination *e)
{
        enum arch_access access;
        const struct memory_operand *m = bad_operand(e);

        if ((f->signal != SIGSEGV && f->signal != SIGBUS) || f->code <= 0)
                return ARCH_ACCESS_UNKNOWN;
        access = fault_look_access(look);
        if (access != ARCH_ACCESS_UNKNOWN || !e || !e->decoded)
                return access;
        if (e->target_is_bad)
                return ARCH_ACCESS_EXECUTE;
        if (m && m->access & OPERAND_WRITE)
                return ARCH_ACCESS_WRITE;
        return m && m->access & OPERAND_READ ? ARCH_ACCESS_READ : ARCH_ACCESS_UNKNOWN;
}

static const char *access_name(enum arch_access access)
{
        static const char *const names[] = {
                [ARCH_ACCESS_READ] = "read",
                [ARCH_ACCESS_WRITE] = "write",
                [ARCH_ACCESS_EXECUTE] = "execute",
        };

        return names[access];
}

/* A pointer that does not depend on the stack's registers, while these have valid values. */
static bool is_stray_pointer(const struct fault_look *look, const struct examination *e)
{
        const struct memory_operand *m = bad_operand(e);

        return m && m->known && m->base != ARCH_REG_SP && m->base != ARCH_REG_FP &&
               look->regs->v[ARCH_REG_SP] >= look->above.start + FAULT_STACK_LOWEST;
}

/* Below vm.mmap_min_addr nothing is ever mapped. At larger offsets the instruction must have a NULL pointer and access
 * a member or an element; with a scale of 1, pointer and index cannot be distinguished. */
static bool is_null(const struct crash_facts *f, const struct examination *e)
{
        const struct memory_operand *m = bad_operand(e);
        uint64_t reach = m && m->index >= 0 && m->scale == 1 ? NULL_INDEXED : NULL_ARRAY;

        if (f->address.v < FAULT_NULL_AREA)
                return !m || !(m->on_stack || m->in_segment);
        if (!m || !m->known || m->base < 0 || m->base == ARCH_REG_PC || m->base == ARCH_REG_SP || m->in_segment)
                return false;
        return !m->base_value && f->address.v + reach < 2 * reach;
}

/* A general protection fault: the processor reports no details. */
static enum fault_class refine_protection(const struct crash_facts *f, const struct examination *e)
{
        const struct memory_operand *m = bad_operand(e);

        if (!e || !e->decoded)
                return f->trap && !arch_fault_is_protection(f->trap) && !arch_fault_is_stack_protection(f->trap)
                               ? FAULT_UNKNOWN
                               : FAULT_NON_CANONICAL_ADDRESS;
        if (e->insn.kind == INSTRUCTION_PRIVILEGED)
                return FAULT_PRIVILEGED_INSTRUCTION;
        if (e->target_is_bad || (m && !arch_is_canonical(m->address, m->size)))
                return FAULT_NON_CANONICAL_ADDRESS;
        if (m && e->insn.alignment)
                return FAULT_MISALIGNED_ACCESS;
        /* Even without the registers of its operand the address may have been non-canonical. */
        return e->insn.operand_count && (!e->insn.operands[0].known || e->insn.operands[0].vector_index)
                       ? FAULT_NON_CANONICAL_ADDRESS
                       : FAULT_UNKNOWN;
}

/* The stack in which the callers of the frame at the fault are, if SP is far below it. */
static const struct mapping *left_stack(const struct target *t, uint64_t sp)
{
        const struct target_thread *thread = t && t->thread_count ? &t->threads[0] : NULL;
        bool found = false;

        for (size_t i = 0; thread && i < thread->frame_count; i++) {
                const struct mapping *m = found ? target_mapping(t, thread->frames[i].sp) : NULL;

                if (m && m->perms & MAPS_WRITE)
                        return sp < m->start && m->start - sp <= STACK_FARTHEST ? m : NULL;
                found |= thread->frames[i].sp == sp;
        }
        return NULL;
}

/* A large local variable took SP out of its stack, over the guard and over whatever mappings follow: what is at the
 * address is chance, and so is the class that it suggests. */
static bool is_beyond_stack(const struct crash_facts *f, const struct target *t, const struct examination *e)
{
        const struct memory_operand *m = bad_operand(e);
        uint64_t sp = f->regs.v[ARCH_REG_SP];
        const struct mapping *stack = f->regs.known >> ARCH_REG_SP & 1 ? left_stack(t, sp) : NULL, *at;

        if (!stack || f->address.v + ARCH_RED_ZONE < sp || f->address.v >= stack->start)
                return false;
        at = target_mapping(t, sp);
        if (at && at->perms & MAPS_WRITE)
                return false;
        return f->address.v + ARCH_RED_ZONE - sp < LOCAL_REACH ||
               (m && (m->base == ARCH_REG_SP || m->base == ARCH_REG_FP));
}

static enum fault_class refine_segv(const struct crash_facts *f, const struct target *t, const struct fault_look *look,
                                    const struct examination *e, enum arch_access access, enum fault_class first)
{
        if (f->code == SI_KERNEL)
                return refine_protection(f, e);
        if (!f->address.known)
                return first;
        if (access == ARCH_ACCESS_EXECUTE)
                return first == FAULT_UNKNOWN ? FAULT_EXECUTE_NON_EXECUTABLE : first; /* not contradicted by a map */
        if (!look->at.end && is_null(f, e))
                return FAULT_NULL_DEREFERENCE;
        if ((fault_look_is_below_stack(look) && !is_stray_pointer(look, e)) || is_beyond_stack(f, t, e))
                return FAULT_STACK_OVERFLOW;
        if (fault_look_wants_guard(look) && look->guard == GUARD_UNKNOWN)
                return FAULT_UNKNOWN;
        if (f->code != SEGV_ACCERR)
                return first;
        if (look->at.perms & MAPS_READ && !(look->at.perms & MAPS_WRITE) && access != ARCH_ACCESS_READ)
                return FAULT_WRITE_TO_READ_ONLY;
        return !look->at.end && access == ARCH_ACCESS_WRITE ? FAULT_WRITE_TO_READ_ONLY : FAULT_INACCESSIBLE_ADDRESS;
}

static enum fault_class bus_class(const struct backing *b, enum arch_access access)
{
        switch (backing_cause(b, access == ARCH_ACCESS_READ)) {
        case BACKING_ENDS_BEFORE:
        case BACKING_MAY_END_BEFORE:
                return FAULT_BUS_FILE_TRUNCATED;
        case BACKING_USERFAULT:
        case BACKING_NO_HUGE_PAGE:
        case BACKING_FULL:
        case BACKING_MAY_BE_FULL:
                return FAULT_BUS_NO_MEMORY;
        case BACKING_MARKED:
                return FAULT_BUS_MEMORY_FAILURE;
        default:
                return FAULT_UNKNOWN;
        }
}

static enum fault_class refine_bus(const struct crash_facts *f, const struct examination *e, enum arch_access access)
{
        if (f->code == SI_KERNEL) /* through the stack segment: the address was in rsp or rbp */
                return refine_protection(f, e);
        return f->code == BUS_ADRERR && e ? bus_class(&e->backing, access) : FAULT_UNKNOWN;
}

/* Mapped, and yet the kernel says that it is not, and pagemap cannot be read: most likely a guard region. */
static enum fault_class guess_guard(const struct fault_look *look, const struct examination *e)
{
        const struct memory_operand *m = bad_operand(e);
        uint64_t sp = look->regs->v[ARCH_REG_SP];
        bool by_stack = m && (m->on_stack || m->base == ARCH_REG_SP || m->base == ARCH_REG_FP);

        return by_stack && sp >= look->at.start && sp < look->at.end && look->address < sp + FAULT_STACK_LOWEST
                       ? FAULT_STACK_OVERFLOW
                       : FAULT_INACCESSIBLE_ADDRESS;
}

/* The processor raises the same exception for division by zero and for overflow. */
static enum fault_class refine_fpe(const struct crash_facts *f, const struct examination *e)
{
        if (f->code != FPE_INTDIV)
                return FAULT_FLOATING_POINT_EXCEPTION;
        return e && e->decoded && e->value.known && e->value.v ? FAULT_INTEGER_OVERFLOW : FAULT_INTEGER_DIVIDE_BY_ZERO;
}

static enum fault_class refine_fault(const struct crash_facts *f, const struct target *t, const struct fault_look *look,
                                     const struct examination *e, enum fault_class first)
{
        switch (f->signal) {
        case SIGSEGV:
                return refine_segv(f, t, look, e, access_kind(f, look, e), first);
        case SIGBUS:
                return refine_bus(f, e, access_kind(f, look, e));
        case SIGFPE:
                return refine_fpe(f, e);
        default:
                return first;
        }
}

/* ---- the class ---- */

/* The cause of abort(), by message and function names. Only a pure virtual call is more specific than a call of
 * std::terminate(). */
static enum fault_class refine_abort(const struct report *report, enum fault_class first)
{
        enum fault_class class = fault_abort_class(report);

        return class == FAULT_PURE_VIRTUAL_CALL || fault_class_is_coarser(first, class) ? class : first;
}

/* The functions of a run-time that end the program by an instruction, as others do by abort(): g_error() and what
 * core::intrinsics::abort() of Rust is compiled to. An instruction of the program's own is none, whoever called it. */
static enum fault_class refine_trap(struct report *report, enum fault_class first)
{
        const struct report_thread *thread = report->thread_count ? &report->threads[0] : NULL;
        size_t at = own_fault(report);
        enum fault_class class;

        if (!thread || at >= thread->frame_count || own_frame(report, &thread->frames[at]))
                return first;
        class = fault_abort_class(report);
        return class == FAULT_PANIC || class == FAULT_ASSERTION || class == FAULT_ABORT ? class : first;
}

static enum fault_class classify(struct report *report, const struct crash_facts *f, const struct target *t,
                                 const struct fault_look *look, const struct examination *e)
{
        enum fault_class first = fault_look_class(look);

        if (f->signal == SIGABRT && signames_has_sender(f->code) && look->from_self)
                return refine_abort(report, first);
        switch (first) {
        case FAULT_TRAP:
        case FAULT_ILLEGAL_INSTRUCTION:
                return refine_trap(report, first);
        case FAULT_UNKNOWN:
        case FAULT_UNMAPPED_ADDRESS:
        case FAULT_INACCESSIBLE_ADDRESS:
                return refine_fault(f, t, look, e, first);
        default:
                return first;
        }
}

static const char *kind(const struct crash_facts *f, enum fault_class class)
{
        if (!f->signal)
                return "request";
        if (class == FAULT_UNCAUGHT_EXCEPTION)
                return "exception";
        if (class == FAULT_ASSERTION)
                return "assertion";
        if (class == FAULT_ABORT || class == FAULT_PANIC)
                return "abort";
        return f->signal == SIGABRT && class != FAULT_SENT_BY_PROCESS ? "abort" : "signal";
}

/* Fills the members that are known from the instruction. */
static void fill_instruction(struct report *report, const struct crash_facts *f, const struct examination *e)
{
        struct report_fault *fault = &report->fault;
        const struct memory_operand *m = bad_operand(e);

        if (!e->decoded) {
                if (e->arrived_by[0])
                        fault->operand = pool_strdup(&report->pool, e->arrived_by);
                return;
        }
        fault->instruction = pool_strdup(&report->pool, e->insn.text);
        if (m)
                fault->operand = pool_strdup(&report->pool, m->text);
        else if (e->target_is_bad || (f->signal == SIGFPE && e->insn.kind == INSTRUCTION_DIVISION))
                fault->operand = e->insn.kind == INSTRUCTION_RETURN
                                         ? pool_strdup(&report->pool, e->insn.operands[0].text)
                                         : pool_strdup(&report->pool, e->insn.value.text);
}

/* The address reported by the kernel or, for a general protection fault, the one computed from the operands. */
static struct known_u64 bad_address(const struct crash_facts *f, const struct examination *e)
{
        const struct memory_operand *m = bad_operand(e);

        if (f->signal == SIGBUS && f->code == BUS_ADRALN && !f->address.v && m)
                return KNOWN_U64(m->address);
        if (f->address.known || f->code != SI_KERNEL)
                return f->address;
        if (f->regs.known >> ARCH_REG_PC & 1 && !arch_is_canonical(f->regs.v[ARCH_REG_PC], 1))
                return KNOWN_U64(f->regs.v[ARCH_REG_PC]);
        if (e && e->target_is_bad)
                return e->value;
        return m && m->known ? KNOWN_U64(m->address) : f->address;
}

static void fill_fault(struct report *report, const struct crash_facts *f, const struct target *t,
                       const struct examination *e, enum arch_access access)
{
        const struct mapping *m;

        if (e)
                fill_instruction(report, f, e);
        if ((f->signal != SIGSEGV && f->signal != SIGBUS) || f->code <= 0)
                return; /* for other signals the address is that of the instruction */
        report->fault.access = access_name(access);
        report->fault.address = bad_address(f, e);
        m = t && report->fault.address.known ? target_mapping(t, report->fault.address.v) : NULL;
        if (m && !m->path[0] && m->module >= 0 && (size_t)m->module < t->modules.n) /* .bss */
                report->fault.mapping = pool_strdup(&report->pool, t->modules.v[m->module].path);
        else if (m)
                report->fault.mapping = pool_strdup(&report->pool, m->path[0] ? m->path : "[anonymous]");
}

/* The frame that the fault interrupted: by its pc, below the trampoline through which its handler was called. Unknown if it is the
 * innermost. */
static struct known_int fault_frame(const struct report *report, const struct crash_facts *f)
{
        const struct report_thread *thread = report->thread_count ? &report->threads[0] : NULL;

        for (size_t i = 1; thread && f->handled && i < thread->frame_count; i++)
                if (thread->frames[i - 1].signal_frame && thread->frames[i].pc.v == f->regs.v[ARCH_REG_PC])
                        return KNOWN_INT((int64_t)i);
        return (struct known_int){ 0 };
}

void fault_classify(struct report *report, const struct crash_facts *f, const struct target *t,
                    const struct examination *seen)
{
        enum fault_class class;
        struct fault_look look;

        if (!f->signal) {
                report->cause.kind = "request";
                return;
        }
        report->signal.number = KNOWN_INT(f->signal);
        report->signal.name = describe_signal(report, f->signal);
        report->signal.code = KNOWN_INT(f->code);
        report->signal.code_name = signames_code(f->signal, f->code);
        report->signal.address = f->address;
        report->signal.syscall = f->syscall;
        if (f->syscall.known && !f->syscall_foreign)
                report->signal.syscall_name = syscall_name(f->syscall.v);
        report->signal.sender.pid = f->sender_pid;
        report->signal.sender.uid = f->sender_uid;
        report->fault.frame = fault_frame(report, f);
        fault_fill_look(f, t, &look);
        class = classify(report, f, t, &look, seen);
        if (class == FAULT_UNKNOWN && fault_class_from_name(report->fault.class) == FAULT_UNKNOWN &&
            fault_look_wants_guard(&look))
                class = guess_guard(&look, seen);
        if (class != FAULT_UNKNOWN || !report->fault.class)
                report->fault.class = fault_class_name(class);
        report->cause.kind = kind(f, class);
        fill_fault(report, f, t, seen, access_kind(f, &look, seen));
        recursion_fill(report);
        report->fault.explanation = fault_explain(report, f, t, seen);
}
