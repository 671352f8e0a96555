/* SPDX-License-Identifier: MIT */
#include "report/fault.h"

#include "unwind/core/maps.h"
#include "unwind/core/signames.h"

#include <signal.h>
#include <string.h>

/* Addresses below this come from a null pointer with a small offset: vm.mmap_min_addr keeps at least one page free. */
#define NULL_PAGE 4096u

/* How far below its stack a thread may reach at once (a large frame, alloca) and still be called an overflow, and
 * how deep below the lowest page of the stack SP itself may stand. */
#define STACK_REACH ((uint64_t)1024 * 1024)
#define STACK_NEAR ((uint64_t)64 * 1024)

const char *fault_signal_name(struct report *report, int signal)
{
        const char *name = signames_signal(signal);

        if (!name && signal >= SIGRTMIN && signal <= SIGRTMAX)
                name = pool_printf(&report->pool, "SIGRTMIN+%d", signal - SIGRTMIN);
        return name;
}

void fault_facts_from_wire(const struct wire_crash *wire, struct crash_facts *out)
{
        siginfo_t info;

        _Static_assert(sizeof(info) == WIRE_SIGINFO_SIZE, "siginfo_t crosses the pipe whole");
        memcpy(&info, wire->siginfo, sizeof(info));
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
        if (info.si_signo == SIGSYS && info.si_code > 0)
                out->syscall = KNOWN_INT(info.si_syscall);
}

static const char *access_kind(const struct crash_facts *f)
{
        bool pc_known = f->regs.known >> ARCH_REG_PC & 1;

        if (f->signal != SIGSEGV && f->signal != SIGBUS)
                return NULL;
        if (f->trap == ARCH_TRAP_PAGE_FAULT) {
                if (f->error & ARCH_FAULT_EXECUTE)
                        return "execute";
                return f->error & ARCH_FAULT_WRITE ? "write" : "read";
        }
        return pc_known && f->address.known && f->regs.v[ARCH_REG_PC] == f->address.v ? "execute" : NULL;
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

/* The access went below a stack (its guard, or nothing at all), SP is at that stack's low end or below it, and the
 * thread's frames stand on that stack. */
static bool is_stack_overflow(const struct crash_facts *f, const struct target *t)
{
        const struct mapping *stack, *at;
        uint64_t sp = f->regs.v[ARCH_REG_SP], addr = f->address.v, edge;

        if (!t || !(f->regs.known >> ARCH_REG_SP & 1))
                return false;
        at = target_mapping(t, addr);
        if (at && at->perms & MAPS_WRITE)
                return false;
        stack = writable_above(t, addr);
        if (!stack || !is_stack_of(t, stack))
                return false;
        edge = at ? at->end : addr;
        if (at && edge != stack->start)
                return false;
        return stack->start - edge <= STACK_REACH && sp < stack->start + STACK_NEAR &&
               stack->start - addr <= 16 * STACK_REACH;
}

static const char *classify_segv(const struct crash_facts *f, const struct target *t, const char *access)
{
        const struct mapping *m = t ? target_mapping(t, f->address.v) : NULL;

        if (f->code == SI_KERNEL)
                return "non-canonical-address";
        if (!f->address.known)
                return "unknown";
        if (access && !strcmp(access, "execute"))
                return f->address.v < NULL_PAGE ? "null-call" : "execute-non-executable";
        if (f->address.v < NULL_PAGE)
                return "null-dereference";
        if (is_stack_overflow(f, t))
                return "stack-overflow";
        if (f->code != SEGV_ACCERR)
                return f->code == SEGV_MAPERR ? "unmapped-address" : "unknown";
        if (m && m->perms & MAPS_READ && !(m->perms & MAPS_WRITE) && !(access && !strcmp(access, "read")))
                return "write-to-read-only";
        if (!m && access && !strcmp(access, "write"))
                return "write-to-read-only";
        return "inaccessible-address";
}

static const char *classify_bus(const struct crash_facts *f, const struct target *t)
{
        const struct mapping *m = t && f->address.known ? target_mapping(t, f->address.v) : NULL;

        if (f->code == SI_KERNEL)
                return "non-canonical-address"; /* through the stack segment: rsp or rbp held it */
        if (f->code == BUS_ADRALN)
                return "bus-misaligned";
        if (f->code == BUS_ADRERR && (!m || m->path[0] == '/'))
                return "bus-file-truncated";
        return "unknown";
}

static const char *classify(const struct crash_facts *f, const struct target *t, const char *access)
{
        if (f->uncaught_exception)
                return "uncaught-exception";
        if (f->terminate)
                return "terminate";
        if (f->signal == SIGABRT && signames_has_sender(f->code) && f->sender_pid.v == f->pid)
                return "abort";
        if (signames_has_sender(f->code) || f->code == SI_TIMER || f->code == SI_MESGQ)
                return "sent-by-process";
        switch (f->signal) {
        case SIGSEGV:
                return classify_segv(f, t, access);
        case SIGBUS:
                return classify_bus(f, t);
        case SIGFPE:
                return f->code == FPE_INTDIV ? "integer-divide-by-zero" : "floating-point-exception";
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

static const char *kind(const struct crash_facts *f, const char *class)
{
        if (!f->signal)
                return "request";
        if (f->uncaught_exception)
                return "exception";
        return !strcmp(class, "abort") || !strcmp(class, "terminate") ? "abort" : "signal";
}

void fault_classify(struct report *report, const struct crash_facts *f, const struct target *t)
{
        const struct mapping *m;
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
        report->signal.sender.pid = f->sender_pid;
        report->signal.sender.uid = f->sender_uid;
        access = access_kind(f);
        class = classify(f, t, access);
        if (strcmp(class, "unknown") || !report->fault.class)
                report->fault.class = class;
        report->cause.kind = kind(f, class);
        if (!f->address.known || (f->signal != SIGSEGV && f->signal != SIGBUS))
                return; /* of the others the address is that of the instruction */
        report->fault.access = access;
        report->fault.address = f->address;
        m = t ? target_mapping(t, f->address.v) : NULL;
        if (m)
                report->fault.mapping = pool_strdup(&report->pool, m->path[0] ? m->path : "[anonymous]");
}
