/* SPDX-License-Identifier: MIT */
#include "preload/handler.h"
#include "preload/actions.h"
#include "preload/claim.h"
#include "preload/crash.h"
#include "preload/death.h"
#include "preload/debugger.h"
#include "preload/dispatch.h"
#include "preload/guard.h"
#include "preload/mask.h"
#include "preload/memmap.h"
#include "preload/output.h"
#include "preload/probe.h"
#include "preload/rawreport.h"
#include "preload/settings.h"
#include "preload/sigsafe.h"
#include "preload/spawn.h"
#include "preload/stackwalk.h"
#include "preload/trial.h"
#include "unwind/core/signames.h"

#include <errno.h>
#include <stdlib.h>

#define CRASH_STACK (128 * 1024)
#define NESTED_STACK (64 * 1024)
#define FIRST_CHANCE_MAX 10 /* CRASHPRE_CHAIN=first: a runtime may fault and recover all day */
#define ABORT_SIZE 1024     /* bytes of abort() in which a return address from raise() can lie */
#define ABORT_DEPTH 8       /* frames between the signal and abort(): raise, pthread_kill */
#define ORIGIN_DEPTH 200    /* frames between a handler of the application and what it calls */
/* beyond the timeout, for a thread that crashes while another's crash is being reported */
#define OTHERS_PATIENCE_NS 5000000000ull
#define NS_PER_S 1000000000ull
/* bytes left of an alternate stack: with less, a handler of the application is called without any ceremony */
#define LITTLE_ROOM 1024
/* A function whose locals shall not lie under a handler of the application: an alternate stack may be just large
 * enough for that. */
#define APART __attribute__((noinline))
#define NEAR_STACK 65536 /* below a stack: the frame that does not fit in any more */

#ifndef TRAP_PERF
#define TRAP_PERF 6 /* asm-generic/siginfo.h; not yet in glibc 2.36 */
#endif

static struct {
        bool disabled;
        bool handled; /* crashpre_set_after_report()'s function said so */
        unsigned first_chances;
        struct {
                int tid;
                uint64_t pc, sp;
        } reported; /* the fault of the last report before an application's handler: one fault, one report */
        int (*filter)(int sig);
        int (*after_report)(const char *raw_path);
        struct crash crash;
        struct wire_crash wire;
        uint8_t stack[CRASH_STACK] __attribute__((aligned(64)));
        uint8_t nested[NESTED_STACK] __attribute__((aligned(64)));
} state;

static uint64_t patience(void)
{
        return (settings.timeout_s + settings.wait_debugger_s) * NS_PER_S + OTHERS_PATIENCE_NS;
}

void handler_wait_for_death(void)
{
        claim_wait_for_death(patience());
}

/* Everything but what the processor raises: a fault of ours must come back to us (guard.h). */
static void block_signals(uint64_t *before)
{
        const uint64_t mask = ~HARDWARE_SIGNALS;

        sys_sigprocmask(SIG_SETMASK, &mask, before);
}

/* The kernel's sigset, which is shorter than libc's. */
static uint64_t blocked_in(const ucontext_t *uc)
{
        uint64_t mask;

        __builtin_memcpy(&mask, &uc->uc_sigmask, sizeof(mask));
        return mask;
}

static void set_blocked_in(ucontext_t *uc, uint64_t mask)
{
        __builtin_memcpy(&uc->uc_sigmask, &mask, sizeof(mask));
}

/* ---- one report ---- */

static void begin_crash(enum wire_kind kind, uint64_t fault_ns)
{
        struct crash *c = &state.crash;
        struct timespec now = { 0, 0 };
        size_t at = 0;

        __builtin_memset(c, 0, sizeof(*c));
        c->kind = kind;
        c->fault_ns = fault_ns;
        c->deadline_ns = fault_ns ? fault_ns + settings.timeout_s * NS_PER_S : 0;
        c->pid = sys_getpid();
        c->tid = sys_gettid();
        sys_2(SYS_clock_gettime, CLOCK_REALTIME, (long)&now);
        c->time_sec = now.tv_sec;
        c->time_nsec = now.tv_nsec;
        c->dir_fd = c->raw_fd = -1;
        c->stderr_ok = output_stderr_ok();
        sigsafe_cat(c->note, sizeof(c->note), &at, settings.note);
        rawreport_name(c);
}

static void fill_wire(struct wire_crash *w, const struct crash *c)
{
        size_t at = 0;

        __builtin_memset(w, 0, sizeof(*w));
        w->magic = WIRE_MAGIC;
        w->version = WIRE_VERSION;
        w->size = sizeof(*w);
        w->kind = c->kind;
        w->pid = c->pid;
        w->tid = c->tid;
        w->time_sec = c->time_sec;
        w->time_nsec = c->time_nsec;
        w->fault_ns = c->fault_ns;
        w->raw_ns = c->raw_ns;
        w->deadline_ns = c->deadline_ns;
        w->sigmask = c->sigmask;
        w->altstack_base = (uint64_t)state.stack;
        w->altstack_size = sizeof(state.stack);
        w->regs = c->regs;
        if (c->uc) {
                w->fault_trap = arch_context_trap(c->fault_uc);
                w->fault_error = arch_context_fault_error(c->fault_uc);
                __builtin_memcpy(w->siginfo, &c->info, sizeof(w->siginfo));
        }
        w->uncaught_exception = c->uncaught;
        w->terminate = c->terminate;
        w->exception_certain = c->exception_certain;
        w->throw_count = c->throw_count;
        __builtin_memcpy(w->throw_pc, c->throw_pc, sizeof(w->throw_pc));
        w->frame_count = c->frame_count;
        w->frame_end = c->frame_end;
        __builtin_memcpy(w->frames, c->frame, c->frame_count * sizeof(c->frame[0]));
        __builtin_memcpy(w->id, c->id, sizeof(w->id));
        __builtin_memcpy(w->dir, c->dir, sizeof(w->dir));
        __builtin_memcpy(w->message, c->message, sizeof(w->message));
        __builtin_memcpy(&w->exception, &c->exception, sizeof(w->exception));
        __builtin_memcpy(w->note, c->note, sizeof(w->note));
        sigsafe_cat(w->reason, sizeof(w->reason), &at, c->reason ? c->reason : "");
}

static void step_raw(void *crash)
{
        rawreport_write(crash);
}

static void step_helper(void *crash)
{
        fill_wire(&state.wire, crash);
        spawn_helper(crash, &state.wire);
}

static void step_after_report(void *crash)
{
        struct crash *c = crash;
        char path[PATH_MAX];
        size_t at = 0;

        sigsafe_cat(path, sizeof(path), &at, c->dir);
        sigsafe_cat(path, sizeof(path), &at, "/");
        sigsafe_cat(path, sizeof(path), &at, c->id);
        sigsafe_cat(path, sizeof(path), &at, ".txt");
        state.handled = state.after_report(path) != 0;
}

/* On the crash stack. A fault in a step leads to the next one. */
static void report_steps(void *crash)
{
        const stack_t nested = { .ss_sp = state.nested, .ss_size = sizeof(state.nested) };
        struct crash *c = crash;
        struct guard_fault fault;
        stack_t before;

        /* The kernel would put the frame of a nested signal at the top of the alternate stack, over the frame we have
         * to return through. */
        sys_sigaltstack(&nested, &before);
        if (!guard_run(step_raw, c, &fault)) {
                block_signals(NULL);
                crash_note(c, "the raw report was abandoned by a fault of its own", NULL, 0);
        }
        if (!guard_run(step_helper, c, &fault)) {
                block_signals(NULL);
                output_append_outcome(c, "given up after a fault in the crash path, signal ", NULL, fault.signal);
        }
        if (state.after_report && c->dir[0] && !guard_run(step_after_report, c, &fault))
                block_signals(NULL);
        output_finish(c);
        before.ss_flags &= ~SS_ONSTACK; /* told by the kernel, not taken */
        sys_sigaltstack(&before, NULL);
}

static void make_report(void)
{
        uint64_t pending = output_pending_signals();

        arch_call_on_stack(report_steps, &state.crash, state.stack + sizeof(state.stack));
        output_forget_signals(pending);
}

static void call_filter(void *result)
{
        int *wanted = result;

        *wanted = state.filter(state.crash.signal);
}

static bool wanted(void)
{
        struct guard_fault fault;
        int yes = 1;

        if (state.disabled)
                return false;
        if (state.filter && !guard_run(call_filter, &yes, &fault))
                block_signals(NULL);
        return yes != 0;
}

static void tell_signal(enum wire_kind kind, int sig, const siginfo_t *info, ucontext_t *uc, uint64_t fault_ns)
{
        struct crash *c = &state.crash;

        begin_crash(kind, fault_ns);
        c->signal = sig;
        c->info = *info;
        c->uc = uc;
        c->fault_uc = uc;
        arch_registers_from_context(uc, &c->regs);
        c->sigmask = mask_believed(blocked_in(uc));
        if (wanted())
                make_report();
}

/* ---- looking at the stack before anything is decided ---- */

struct errand {
        void (*step)(void *);
        void *arg;
        bool done;
};

static void run_errand(void *p)
{
        const stack_t nested = { .ss_sp = state.nested, .ss_size = sizeof(state.nested) };
        struct errand *e = p;
        struct guard_fault fault;
        stack_t before;

        sys_sigaltstack(&nested, &before); /* as in report_steps() */
        e->done = guard_run(e->step, e->arg, &fault);
        before.ss_flags &= ~SS_ONSTACK;
        sys_sigaltstack(&before, NULL);
}

/* With the claim: step(arg) on the crash stack, since a small alternate stack of the application may hold its own handler
 * and no more. false: abandoned by a fault. */
static bool on_crash_stack(void (*step)(void *), void *arg)
{
        struct errand e = { step, arg, false };

        arch_call_on_stack(run_errand, &e, state.stack + sizeof(state.stack));
        return e.done;
}

/* ---- a signal the process is about to die of ---- */

static bool already_reported(const ucontext_t *uc)
{
        return state.reported.tid == sys_gettid() && state.reported.pc == arch_context_pc(uc) &&
               state.reported.sp == arch_context_sp(uc);
}

static void remember_reported(const ucontext_t *uc)
{
        state.reported.tid = sys_gettid();
        state.reported.pc = arch_context_pc(uc);
        state.reported.sp = arch_context_sp(uc);
}

/* The application's handler that the stack leads through, if any. */
struct origin_search {
        struct arch_registers regs;
        struct dispatch record;
        bool found;
};

static void search_origin(void *p)
{
        static struct wire_frame frame[ORIGIN_DEPTH]; /* guarded by the claim */
        struct origin_search *s = p;
        enum cfi_end end;

        probe_begin();
        memmap_read();
        s->found = dispatch_on_stack(frame, stackwalk(&s->regs, frame, ORIGIN_DEPTH, &end), &s->record);
        probe_end();
}

/* Was this very fault, or the one whose handler raises this signal again, reported before its handler ran? Called
 * with the claim. */
static bool told_before(const siginfo_t *info, const ucontext_t *uc)
{
        struct origin_search s = { .found = false };

        if (settings.chain != CHAIN_FIRST || !state.reported.tid)
                return false;
        if (already_reported(uc))
                return true;
        if (info->si_code > 0 || !dispatch_any())
                return false;
        arch_registers_from_context(uc, &s.regs);
        return on_crash_stack(search_origin, &s) && s.found && already_reported(s.record.uc);
}

/* false: crashpre_set_after_report()'s function wants the signal treated as handled, and it can be. */
static bool report_fatal(int sig, siginfo_t *info, ucontext_t *uc)
{
        uint64_t fault_ns = sys_clock_ns(CLOCK_MONOTONIC);
        bool may_go_on = state.after_report && !death_repeats(sig, info, uc);

        block_signals(NULL);
        if (!claim_take_first(patience()))
                return true;
        state.handled = false;
        if (!may_go_on) {
                claim_mark_dying();
                actions_ignore_killers();
        }
        if (!told_before(info, uc))
                tell_signal(may_go_on ? WIRE_KIND_FIRST_CHANCE : WIRE_KIND_FATAL, sig, info, uc, fault_ns);
        if (may_go_on && state.handled) {
                claim_release();
                return false;
        }
        if (!state.disabled)
                debugger_wait(state.crash.stderr_ok);
        return true;
}

static void fatal(int sig, siginfo_t *info, ucontext_t *uc)
{
        if (report_fatal(sig, info, uc))
                death_prepare(sig, info, uc);
}

/* A report although the program may go on. */
static APART void passing(int sig, siginfo_t *info, ucontext_t *uc)
{
        uint64_t before;

        block_signals(&before);
        if (claim_take(patience())) {
                tell_signal(WIRE_KIND_FIRST_CHANCE, sig, info, uc, sys_clock_ns(CLOCK_MONOTONIC));
                remember_reported(uc);
                claim_release();
        }
        sys_sigprocmask(SIG_SETMASK, &before, NULL);
}

/* ---- the application's own handlers ---- */

/* Takes one pending signal `sig`, which must be blocked, off the queue. */
static bool take_pending(int sig, siginfo_t *info)
{
        const uint64_t one = 1ull << (sig - 1);
        const struct timespec now = { 0, 0 };

        return sys_4(SYS_rt_sigtimedwait, (long)&one, (long)info, (long)&now, KERNEL_SIGSET_SIZE) == sig;
}

struct abort_search {
        const ucontext_t *uc;
        bool found;
};

static void search_abort(void *p)
{
        static struct wire_frame frame[ABORT_DEPTH]; /* guarded by the claim */
        struct abort_search *s = p;
        struct arch_registers regs;
        enum cfi_end end;
        uint32_t n;

        arch_registers_from_context(s->uc, &regs);
        probe_begin();
        memmap_read();
        n = stackwalk(&regs, frame, ABORT_DEPTH, &end);
        probe_end();
        for (uint32_t i = 0; i < n; i++)
                s->found |= frame[i].pc - (uint64_t)abort < ABORT_SIZE;
}

/* Was the signal raised by abort()? Then a handler that returns does not save the process (abort(3)). */
static bool raised_by_abort(const siginfo_t *info, const ucontext_t *uc)
{
        struct abort_search s = { uc, false };

        if (info->si_code != SI_TKILL || info->si_pid != sys_getpid() || !claim_take(0))
                return false;
        on_crash_stack(search_abort, &s);
        claim_release();
        return s.found;
}

static APART void after_app_handler(int sig, siginfo_t *info, ucontext_t *uc)
{
        struct action now = actions_get(sig);
        siginfo_t raised;

        if (now.handler == (void *)SIG_DFL && take_pending(sig, &raised)) {
                /* It reset the action and raised the signal, which would have killed the process as soon as the
                 * handler returned. */
                report_fatal(sig, info, uc);
                death_queue(sig, &raised, uc);
        } else if (sig == SIGABRT && raised_by_abort(info, uc)) {
                fatal(sig, info, uc);
        }
}

/* With the mask that the kernel would have given the application's handler, and with that of the interrupted code in
 * the context. */
static void call_app_handler(const struct action *a, int sig, siginfo_t *info, ucontext_t *uc)
{
        struct dispatch d = { sys_getpid(), sys_gettid(), sig, info, uc };
        struct mask_visit visit;
        uint64_t held = mask_visit(&visit, sig, a, blocked_in(uc));
        struct dispatch_slot *slot = dispatch_begin(&d, held);

        mask_enter(&visit, sig, a, slot != NULL);
        set_blocked_in(uc, visit.outer_believed);
        if (a->flags & SA_RESETHAND)
                actions_reset(sig);
        ((void (*)(int, siginfo_t *, void *))a->handler)(sig, info, uc);
        dispatch_end(slot, &d);
        set_blocked_in(uc,
                       blocked_in(uc) == visit.outer_believed ? visit.outer_kernel : mask_to_kernel(blocked_in(uc)));
}

/* On the stack that the kernel would have given the application's handler. */
static void run_app_handler(int sig, siginfo_t *info, ucontext_t *uc, void *unused)
{
        struct action a = actions_get(sig);

        (void)unused;
        if (a.handler == (void *)SIG_DFL) {
                fatal(sig, info, uc);
                return;
        }
        if (a.handler == (void *)SIG_IGN)
                return;
        call_app_handler(&a, sig, info, uc);
        after_app_handler(sig, info, uc);
}

static bool within(const stack_t *ss, uint64_t addr)
{
        return !(ss->ss_flags & SS_DISABLE) && addr - (uint64_t)ss->ss_sp < ss->ss_size;
}

/* Gives the signal to the application's handler where the kernel would have: on the interrupted stack, unless the
 * handler has SA_ONSTACK. Then it stays on the alternate stack even where that is ours and the application set none:
 * some ask the kernel what is there, past sigaltstack(), and rely on it (Go's runtime, in threads that it did not
 * make). */
static void deliver(const struct action *a, int sig, siginfo_t *info, ucontext_t *uc)
{
        const char here = 0;
        bool stood_elsewhere = within(&uc->uc_stack, (uint64_t)uc) && !within(&uc->uc_stack, arch_context_sp(uc));

        if (stood_elsewhere && !(a->flags & SA_ONSTACK)) {
                if (!arch_deliver_on_interrupted_stack(sig, info, uc, run_app_handler, NULL))
                        fatal(sig, info, uc); /* no room there: the kernel would have killed the process */
                return;
        }
        if (within(&uc->uc_stack, (uint64_t)&here) && (uint64_t)&here - (uint64_t)uc->uc_stack.ss_sp < LITTLE_ROOM)
                ((void (*)(int, siginfo_t *, void *))a->handler)(sig, info, uc);
        else
                run_app_handler(sig, info, uc, NULL);
}

static bool recoverable_report_due(void)
{
        return settings.chain == CHAIN_FIRST && !state.disabled &&
               __atomic_fetch_add(&state.first_chances, 1, __ATOMIC_ACQ_REL) < FIRST_CHANCE_MAX;
}

/* ---- a signal that the application believes to have blocked (mask.h) ---- */

static bool blocked_unknown_to_kernel(int sig, const ucontext_t *uc)
{
        uint64_t kernel = blocked_in(uc);

        return mask_believed(kernel) & ~kernel & 1ull << (sig - 1);
}

/* A handler has filled its alternate stack. The kernel puts the next signal frame at the top of that same stack, since
 * SP is not on it any more (kernel/signal.c: sas_ss_flags()); so this must end here, or it never will. A record of the
 * handler would tell it as well. */
static APART bool handler_filled_its_stack(const ucontext_t *uc)
{
        uint64_t below = (uint64_t)uc->uc_stack.ss_sp - arch_context_sp(uc), held;

        return !(uc->uc_stack.ss_flags & SS_DISABLE) && below - 1 < NEAR_STACK && mask_in_handler(blocked_in(uc)) &&
               !dispatch_held(&held);
}

/* Did somebody send the signal, or did an instruction of this thread raise it? The kernel itself sends news of broken
 * memory that nobody has touched yet (mm/memory-failure.c) and of performance counters (kernel/signal.c:
 * force_sig_perf()). */
static bool was_sent(int sig, const siginfo_t *info)
{
        return info->si_code <= 0 || (sig == SIGBUS && info->si_code == BUS_MCEERR_AO) ||
               (sig == SIGTRAP && info->si_code == TRAP_PERF);
}

/* Makes it pending again, for the thread or the process as it was sent, and blocks it in earnest. What came by kill(2)
 * can be sent again by the very thread alone whose id is named (kernel/signal.c: do_rt_sigqueueinfo()), and the id of
 * any thread stands for its process there. */
static APART void put_back(int sig, const siginfo_t *info, ucontext_t *uc)
{
        uint64_t one = 1ull << (sig - 1);
        int pid = sys_getpid(), tid = sys_gettid();
        long err;

        sys_sigprocmask(SIG_BLOCK, &one, NULL);
        set_blocked_in(uc, blocked_in(uc) | one);
        if (info->si_code == SI_TKILL || info->si_code > 0)
                err = sys_4(SYS_rt_tgsigqueueinfo, pid, tid, sig, (long)info);
        else
                err = sys_3(SYS_rt_sigqueueinfo, tid, sig, (long)info);
        if (err < 0)
                sys_3(SYS_tgkill, pid, tid, sig);
}

/* A seccomp filter of the application's answers a system call of ours with a signal (SECCOMP_RET_TRAP): the call then
 * returns an error like any other. */
static bool refuse_own_call(int sig, const siginfo_t *info, ucontext_t *uc)
{
        if (sig != SIGSYS || info->si_code != SYS_SECCOMP)
                return false;
        arch_context_set_result(uc, -ENOSYS);
        return true;
}

/* The crash path's own code (Makefile: CRASH_FLAGS). */
extern const char __start_crashtext[] __attribute__((visibility("hidden")));
extern const char __stop_crashtext[] __attribute__((visibility("hidden")));

/* abort() in a function of the application that we called; it would go on until the process is dead. */
static bool aborted_itself(int sig, const siginfo_t *info)
{
        return sig == SIGABRT && info->si_code == SI_TKILL && info->si_pid == sys_getpid();
}

static bool in_crash_path(int sig, const siginfo_t *info, const ucontext_t *uc)
{
        uint64_t at = arch_context_pc(uc) - (uint64_t)__start_crashtext;

        return at < (uint64_t)__stop_crashtext - (uint64_t)__start_crashtext && !was_sent(sig, info) && sig != SIGSYS &&
               sig != SIGTRAP;
}

void handler_entry(int sig, siginfo_t *info, ucontext_t *uc)
{
        bool ours = in_crash_path(sig, info, uc), blocked;
        struct action a;

        if (ours && !claim_is_readable())
                death_now(sig); /* our data is gone: no way to find out more, and more of the same without end */
        arch_allow_misaligned();
        if (spawn_stands_on(arch_context_sp(uc))) {
                if (!refuse_own_call(sig, info, uc))
                        spawn_end_by(sig);
                return;
        }
        if (info->si_code > 0 && sig != SIGSYS && sig != SIGTRAP && trial_is_mine())
                trial_abandon();
        if (claim_is_mine()) {
                if (refuse_own_call(sig, info, uc))
                        return;
                if (info->si_code <= 0 && !aborted_itself(sig, info))
                        return; /* somebody sends us signals while we report: once is enough */
                guard_fault(sig, info, arch_context_pc(uc));
                death_now(state.crash.signal ? state.crash.signal : sig);
        }
        if (ours)
                death_now(
                        sig); /* no report is being made, so no guard expects it: there is no room on the stack for us */
        a = actions_get(sig);
        blocked = blocked_unknown_to_kernel(sig, uc);
        if (blocked && was_sent(sig, info)) {
                put_back(sig, info, uc);
                return;
        }
        if ((sig == SIGSEGV && !was_sent(sig, info) && handler_filled_its_stack(uc)) || blocked)
                a.handler = (void *)SIG_DFL; /* kernel/signal.c: force_sig_info_to_task() */
        if (a.handler == (void *)SIG_IGN && info->si_code <= 0)
                return;
        if (a.handler == (void *)SIG_DFL || a.handler == (void *)SIG_IGN) {
                fatal(sig, info, uc);
                return;
        }
        if (recoverable_report_due())
                passing(sig, info, uc);
        deliver(&a, sig, info, uc);
}

/* ---- without a signal ---- */

static APART void report_origin_of_exit(void)
{
        struct origin_search s = { .found = false };
        const struct dispatch *d = &s.record;
        uint64_t before;

        arch_capture(&s.regs);
        block_signals(&before);
        if (claim_take(patience())) {
                if (on_crash_stack(search_origin, &s) && s.found && !already_reported(d->uc))
                        tell_signal(WIRE_KIND_FIRST_CHANCE, d->sig, d->info, d->uc, sys_clock_ns(CLOCK_MONOTONIC));
                claim_release();
        }
        sys_sigprocmask(SIG_SETMASK, &before, NULL);
}

void handler_exit_called(void)
{
        if (dispatch_any() && !state.disabled)
                report_origin_of_exit();
}

int handler_request(const char *reason)
{
        static char copy[256];
        struct crash *c = &state.crash;
        struct arch_registers regs;
        uint64_t before;
        size_t at = 0;
        int err = -EBUSY;

        if (state.disabled)
                return -EPERM;
        arch_capture(&regs);
        block_signals(&before);
        if (claim_take(patience())) {
                begin_crash(WIRE_KIND_REQUEST, sys_clock_ns(CLOCK_MONOTONIC));
                c->regs = regs;
                c->sigmask = before;
                sigsafe_cat(copy, sizeof(copy), &at, reason ? reason : "");
                c->reason = copy;
                make_report();
                err = c->raw_err;
                claim_release();
        }
        sys_sigprocmask(SIG_SETMASK, &before, NULL);
        return err;
}

void handler_set_enabled(bool on)
{
        state.disabled = !on;
}

void handler_set_filter(int (*filter)(int sig))
{
        state.filter = filter;
}

void handler_set_after_report(int (*done)(const char *raw_path))
{
        state.after_report = done;
}
