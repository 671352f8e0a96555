/* SPDX-License-Identifier: MIT */
#include "report/fault/fault.h"

#include "report/fault/abort.h"
#include "report/fault/examine.h"
#include "report/fault/explain.h"
#include "report/fault/syscall_name.h"
#include "report/words/recursion.h"
#include "unwind/core/image/maps.h"
#include "unwind/core/terms/signames.h"

#include <signal.h>
#include <string.h>

/* A call of an address below this is one of a null pointer. Nothing can be mapped below vm.mmap_min_addr, 64 KiB where
 * nobody changed it. And how far a member or an array element of a null pointer may lie, the pointer being known. */
#define NULL_PAGE 4096u
#define NULL_AREA 65536u
#define NULL_INDEXED ((uint64_t)16 << 20)
#define NULL_ARRAY ((uint64_t)1 << 32)

/* How far below its stack a thread may reach at once (a large frame, alloca) and still be called an overflow, and
 * how deep below the lowest page of the stack SP itself may stand. */
#define STACK_REACH ((uint64_t)1024 * 1024)
#define STACK_NEAR ((uint64_t)64 * 1024)
#define STACK_LOWEST 4096u

/* How far below its stack SP may stand for a single variable's sake. */
#define STACK_FARTHEST ((uint64_t)4 << 30)

const char *fault_signal_name(struct report *report, int signal)
{
        const char *name = signames_signal(signal);

        if (!name && signal >= SIGRTMIN && signal <= SIGRTMAX)
                name = pool_printf(&report->pool, "SIGRTMIN+%d", signal - SIGRTMIN);
        return name;
}

void fault_facts_from_wire(const struct wire_crash *wire, struct crash_facts *out)
{
        const siginfo_t info = wire->siginfo;

        memset(out, 0, sizeof(*out));
        out->pid = wire->pid;
        out->regs = wire->regs;
        out->trap = wire->fault_trap;
        out->error = wire->fault_error;
        out->uncaught_exception = wire->uncaught_exception;
        out->terminate = wire->terminate;
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

static const struct memory_operand *culprit(const struct examination *e)
{
        return e && e->decoded && e->culprit >= 0 ? &e->insn.operands[e->culprit] : NULL;
}

static const char *access_word(unsigned access)
{
        if (access & OPERAND_WRITE)
                return "write";
        return access & OPERAND_READ ? "read" : NULL;
}

bool fault_is_fetch(const struct crash_facts *f)
{
        if (f->trap != ARCH_TRAP_PAGE_FAULT || !(f->error & ARCH_FAULT_EXECUTE) || !f->address.known)
                return false;
        return !(f->regs.known >> ARCH_REG_PC & 1) || f->address.v - f->regs.v[ARCH_REG_PC] <= INSTRUCTION_LONGEST;
}

static const char *access_kind(const struct crash_facts *f, const struct examination *e)
{
        bool pc_known = f->regs.known >> ARCH_REG_PC & 1;

        if ((f->signal != SIGSEGV && f->signal != SIGBUS) || f->code <= 0)
                return NULL;
        if (fault_is_fetch(f))
                return "execute";
        if (f->trap == ARCH_TRAP_PAGE_FAULT && !(f->error & ARCH_FAULT_EXECUTE))
                return f->error & ARCH_FAULT_WRITE ? "write" : "read";
        if (pc_known && f->address.known && f->regs.v[ARCH_REG_PC] == f->address.v)
                return "execute";
        if (pc_known && !f->address.known && !disassemble_is_canonical(f->regs.v[ARCH_REG_PC], 1))
                return "execute";
        if (!e || !e->decoded)
                return NULL;
        if (e->goal_is_culprit)
                return "execute";
        return e->culprit >= 0 ? access_word(e->insn.operands[e->culprit].access) : NULL;
}

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

/* A pointer that has nothing to do with the stack's registers, while these are where they should be. */
static bool is_stray_pointer(const struct examination *e, const struct mapping *stack, uint64_t sp)
{
        const struct memory_operand *m = culprit(e);

        return m && m->known && m->base != ARCH_REG_SP && m->base != ARCH_REG_FP && sp >= stack->start + STACK_LOWEST;
}

/* The access went below a stack (its guard, or nothing at all), SP is at that stack's low end or below it, and the
 * thread's frames stand on that stack. */
static bool is_stack_overflow(const struct crash_facts *f, const struct target *t, const struct examination *e)
{
        const struct mapping *stack, *at;
        uint64_t sp = f->regs.v[ARCH_REG_SP], addr = f->address.v, edge;

        if (!t || !(f->regs.known >> ARCH_REG_SP & 1))
                return false;
        at = target_mapping(t, addr);
        if (at && at->perms & MAPS_WRITE)
                return false;
        stack = writable_above(t, addr);
        if (!stack || !(is_stack_of(t, stack) || (at && sp >= at->start && sp < at->end)))
                return false; /* SP in closed pages right below others: no frame is left, but that is a stack's guard */
        edge = at ? at->end : addr;
        if ((at && edge != stack->start) || is_stray_pointer(e, stack, sp))
                return false;
        if (sp < stack->start && addr + ARCH_RED_ZONE - sp < STACK_REACH)
                return stack->start - sp <= STACK_FARTHEST; /* a local variable larger than the rest of the stack */
        return stack->start - edge <= STACK_REACH && sp < stack->start + STACK_NEAR &&
               stack->start - addr <= 16 * STACK_REACH;
}

/* Below vm.mmap_min_addr nothing is ever mapped. Farther away it takes an instruction whose pointer is NULL and that
 * goes to a member or an element from there; a scale of 1 does not tell pointer and index apart. */
static bool is_null(const struct crash_facts *f, const struct examination *e)
{
        const struct memory_operand *m = culprit(e);
        uint64_t reach = m && m->index >= 0 && m->scale == 1 ? NULL_INDEXED : NULL_ARRAY;

        if (f->address.v < NULL_AREA)
                return f->address.v < NULL_PAGE || !m || !(m->on_stack || m->in_segment);
        if (!m || !m->known || m->base < 0 || m->base == ARCH_REG_PC || m->base == ARCH_REG_SP || m->in_segment)
                return false;
        return !m->base_value && f->address.v + reach < 2 * reach;
}

/* A general protection fault: the processor says no more than that. */
static const char *classify_protection(const struct crash_facts *f, const struct examination *e)
{
        const struct memory_operand *m = culprit(e);

        if (f->regs.known >> ARCH_REG_PC & 1 && !disassemble_is_canonical(f->regs.v[ARCH_REG_PC], 1))
                return "non-canonical-address";
        if (!e || !e->decoded)
                return f->trap && f->trap != ARCH_TRAP_PROTECTION && f->trap != ARCH_TRAP_STACK_SEGMENT
                               ? "unknown"
                               : "non-canonical-address";
        if (e->insn.kind == INSTRUCTION_PRIVILEGED)
                return "privileged-instruction";
        if (e->goal_is_culprit || (m && !disassemble_is_canonical(m->address, m->size)))
                return "non-canonical-address";
        if (m && e->insn.alignment)
                return "misaligned-access";
        /* Without the registers of its operand an instruction may still have had no address that is any. */
        return e->insn.operand_count && (!e->insn.operands[0].known || e->insn.operands[0].vector_index)
                       ? "non-canonical-address"
                       : "unknown";
}

static const char *classify_execution(const struct crash_facts *f, const struct target *t)
{
        if (f->address.v < NULL_PAGE)
                return "null-call";
        if (t && t->mappings.n && !target_mapping(t, f->address.v))
                return "unmapped-address";
        return "execute-non-executable";
}

static const char *classify_segv(const struct crash_facts *f, const struct target *t, const struct examination *e,
                                 const char *access)
{
        const struct mapping *m = t ? target_mapping(t, f->address.v) : NULL;
        bool reads = access && !strcmp(access, "read");

        if (f->code == SI_KERNEL)
                return classify_protection(f, e);
        if (!f->address.known)
                return "unknown";
        if (access && !strcmp(access, "execute"))
                return classify_execution(f, t);
        if (!m && is_null(f, e))
                return "null-dereference";
        if (is_stack_overflow(f, t, e))
                return "stack-overflow";
        if (f->code != SEGV_ACCERR)
                return f->code == SEGV_MAPERR ? "unmapped-address" : "unknown";
        if (m && m->perms & MAPS_READ && !(m->perms & MAPS_WRITE) && !reads)
                return "write-to-read-only";
        if (!m && access && !strcmp(access, "write"))
                return "write-to-read-only";
        return "inaccessible-address";
}

static const char *classify_bus(const struct crash_facts *f, const struct target *t, const struct examination *e)
{
        const struct mapping *m = t && f->address.known ? target_mapping(t, f->address.v) : NULL;

        if (f->code == SI_KERNEL) /* through the stack segment: rsp or rbp held it */
                return classify_protection(f, e);
        if (f->code == BUS_ADRALN)
                return "bus-misaligned";
        if (f->code == BUS_MCEERR_AR || f->code == BUS_MCEERR_AO)
                return "bus-memory-failure";
        if (f->code == BUS_ADRERR && (!m || m->path[0] == '/'))
                return "bus-file-truncated";
        return "unknown";
}

/* The processor raises the same exception for both. */
static const char *classify_fpe(const struct crash_facts *f, const struct examination *e)
{
        if (f->code != FPE_INTDIV)
                return "floating-point-exception";
        return e && e->decoded && e->value.known && e->value.v ? "integer-overflow" : "integer-divide-by-zero";
}

static const char *classify_fault(const struct crash_facts *f, const struct target *t, const struct examination *e,
                                  const char *access)
{
        switch (f->signal) {
        case SIGSEGV:
                return classify_segv(f, t, e, access);
        case SIGBUS:
                return classify_bus(f, t, e);
        case SIGFPE:
                return classify_fpe(f, e);
        case SIGILL:
                return "illegal-instruction";
        case SIGTRAP:
                return "trap";
        case SIGSYS:
                return "bad-system-call";
        default:
                return "unknown";
        }
}

static const char *classify(const struct report *report, const struct crash_facts *f, const struct target *t,
                            const struct examination *e, const char *access)
{
        const char *class;

        if (f->signal == SIGABRT && signames_has_sender(f->code) && f->sender_pid.v == f->pid) {
                class = fault_abort_class(report);
                if (class && !strcmp(class, "pure-virtual-call"))
                        return class;
                if (f->uncaught_exception)
                        return "uncaught-exception";
                if (f->terminate)
                        return "terminate";
                return class ? class : "abort";
        }
        if (f->uncaught_exception)
                return "uncaught-exception";
        if (f->terminate)
                return "terminate";
        if (signames_has_sender(f->code) || f->code == SI_TIMER || f->code == SI_MESGQ || f->code == SI_ASYNCIO)
                return "sent-by-process";
        return classify_fault(f, t, e, access);
}

static const char *kind(const struct crash_facts *f, const char *class)
{
        if (!f->signal)
                return "request";
        if (!strcmp(class, "uncaught-exception"))
                return "exception";
        if (!strcmp(class, "assertion"))
                return "assertion";
        return f->signal == SIGABRT && strcmp(class, "sent-by-process") ? "abort" : "signal";
}

/* What the instruction says of the fault. */
static void fill_instruction(struct report *report, const struct crash_facts *f, const struct examination *e)
{
        struct report_fault *fault = &report->fault;
        const struct memory_operand *m = culprit(e);

        if (!e->decoded) {
                if (e->arrived_by[0])
                        fault->operand = pool_strdup(&report->pool, e->arrived_by);
                return;
        }
        fault->instruction = pool_strdup(&report->pool, e->insn.text);
        if (m)
                fault->operand = pool_strdup(&report->pool, m->text);
        else if (e->goal_is_culprit || (f->signal == SIGFPE && e->insn.kind == INSTRUCTION_DIVISION))
                fault->operand = e->insn.kind == INSTRUCTION_RETURN
                                         ? pool_strdup(&report->pool, e->insn.operands[0].text)
                                         : pool_strdup(&report->pool, e->insn.value.text);
}

/* The address the kernel named, or, of a general protection fault, the one that the operands make. */
static struct known_u64 bad_address(const struct crash_facts *f, const struct examination *e)
{
        const struct memory_operand *m = culprit(e);

        if (f->signal == SIGBUS && f->code == BUS_ADRALN && !f->address.v && m)
                return KNOWN_U64(m->address);
        if (f->address.known || f->code != SI_KERNEL)
                return f->address;
        if (f->regs.known >> ARCH_REG_PC & 1 && !disassemble_is_canonical(f->regs.v[ARCH_REG_PC], 1))
                return KNOWN_U64(f->regs.v[ARCH_REG_PC]);
        if (e && e->goal_is_culprit)
                return e->value;
        return m && m->known ? KNOWN_U64(m->address) : f->address;
}

static void fill_fault(struct report *report, const struct crash_facts *f, const struct target *t,
                       const struct examination *e, const char *access)
{
        const struct mapping *m;

        if (e)
                fill_instruction(report, f, e);
        if ((f->signal != SIGSEGV && f->signal != SIGBUS) || f->code <= 0)
                return; /* of the others the address is that of the instruction */
        report->fault.access = access;
        report->fault.address = bad_address(f, e);
        m = t && report->fault.address.known ? target_mapping(t, report->fault.address.v) : NULL;
        if (m && !m->path[0] && m->module >= 0 && (size_t)m->module < t->modules.n) /* .bss */
                report->fault.mapping = pool_strdup(&report->pool, t->modules.v[m->module].path);
        else if (m)
                report->fault.mapping = pool_strdup(&report->pool, m->path[0] ? m->path : "[anonymous]");
}

void fault_classify(struct report *report, const struct crash_facts *f, const struct target *t,
                    const struct examination *seen)
{
        const char *class, *access;

        if (!f->signal) {
                report->cause.kind = "request";
                return;
        }
        report->signal.number = KNOWN_INT(f->signal);
        report->signal.name = fault_signal_name(report, f->signal);
        report->signal.code = KNOWN_INT(f->code);
        report->signal.code_name = signames_code(f->signal, f->code);
        report->signal.address = f->address;
        report->signal.syscall = f->syscall;
        if (f->syscall.known && !f->syscall_foreign)
                report->signal.syscall_name = syscall_name(f->syscall.v);
        report->signal.sender.pid = f->sender_pid;
        report->signal.sender.uid = f->sender_uid;
        access = access_kind(f, seen);
        class = classify(report, f, t, seen, access);
        if (strcmp(class, "unknown") || !report->fault.class || (seen && seen->decoded && f->code == SI_KERNEL))
                report->fault.class = class;
        report->cause.kind = kind(f, class);
        fill_fault(report, f, t, seen, access);
        recursion_fill(report);
        report->fault.explanation = fault_explain(report, f, t, seen);
}
