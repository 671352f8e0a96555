/* SPDX-License-Identifier: MIT */
#include "preload/crash/handler.h"
#include "preload/base/arch.h"
#include "preload/base/guard.h"
#include "preload/base/syscalls.h"
#include "preload/base/trial.h"
#include "preload/crash/arrival.h"
#include "preload/crash/deliver.h"
#include "preload/crash/occasion.h"
#include "preload/crash/origin.h"
#include "preload/crash/report.h"
#include "preload/facts/settings.h"
#include "preload/helper/intermediate.h"
#include "preload/raw/courier.h"
#include "preload/signal/claim.h"
#include "preload/signal/death.h"
#include "preload/signal/dispatch.h"
#include "preload/signal/mask.h"
#include "unwind/core/terms/signames.h"

#include <errno.h>

/* Keeps a function's locals off the stack below a handler of the application, whose alternate stack may be just large enough for
 * that handler. */
#define APART __attribute__((noinline))
#define NEAR_STACK 65536 /* bytes below a stack: a frame that did not fit into it */

#ifndef TRAP_PERF
#define TRAP_PERF 6 /* asm-generic/siginfo.h; not yet in glibc 2.36 */
#endif

/* True if the application has blocked the signal, and the kernel has not (mask.h). Where the mask does not say whether
 * a handler is running, the stack trace decides. */
static bool is_blocked_by_application(int sig, const ucontext_t *uc)
{
        uint64_t kernel = mask_of_context(uc), sp = arch_context_sp(uc), one = SIGNAL_BIT(sig) & ~kernel, held;

        if (!mask_is_ambiguous(kernel, sp))
                return mask_believed(kernel, sp) & one;
        return dispatch_held_by_standing(sp, &held) && held & one && origin_is_handler(uc);
}

/* A handler has used up its alternate stack. The kernel puts the next signal frame at the top of that same stack, since
 * SP is not on it any more (kernel/signal.c: sas_ss_flags()), so this must end here, or it never will. A record rules it out,
 * unless it is that of a handler on that stack in which the signal is blocked. The stack of a thread may end where the alternate
 * one begins: there, faults are elsewhere than at SP. */
static APART bool is_stack_full(const siginfo_t *info, const ucontext_t *uc)
{
        uint64_t sp = arch_context_sp(uc), below = (uint64_t)uc->uc_stack.ss_sp - sp;

        if (uc->uc_stack.ss_flags & SS_DISABLE || below - 1 >= NEAR_STACK || !mask_in_handler(mask_of_context(uc)))
                return false;
        if ((uint64_t)info->si_addr - sp + NEAR_STACK >= (uint64_t)2 * NEAR_STACK)
                return false;
        return !dispatch_known() || dispatch_last_blocks(uc->uc_stack.ss_sp, SIGSEGV);
}

/* True unless an instruction of this thread raised the signal. Besides what processes send, the kernel itself sends notices of broken
 * memory that was not accessed yet (mm/memory-failure.c) and of performance counters (kernel/signal.c:
 * force_sig_perf()). */
static bool was_sent(int sig, const siginfo_t *info)
{
        return info->si_code <= 0 || (sig == SIGBUS && info->si_code == BUS_MCEERR_AO) ||
               (sig == SIGTRAP && info->si_code == TRAP_PERF);
}

/* Re-queues the signal to the same thread or process and blocks it in the kernel; where all signals are blocked, all of them,
 * since the mask could not be decoded otherwise. A signal of kill(2) can be sent again only by the
 * thread whose id is named (kernel/signal.c: do_rt_sigqueueinfo()), where the id of any thread stands for its process. */
static APART void requeue(int sig, const siginfo_t *info, ucontext_t *uc)
{
        uint64_t mask = mask_from_kernel(mask_of_context(uc)) | SIGNAL_BIT(sig);
        int pid = sys_getpid(), tid = sys_gettid();
        long err;

        sys_sigprocmask(SIG_BLOCK, &mask, NULL);
        mask_put_in_context(uc, mask);
        if (info->si_code == SI_TKILL || info->si_code > 0)
                err = sys_4(SYS_rt_tgsigqueueinfo, pid, tid, sig, (long)info);
        else
                err = sys_3(SYS_rt_sigqueueinfo, tid, sig, (long)info);
        if (err < 0)
                sys_3(SYS_tgkill, pid, tid, sig);
}

/* The crash path's own code (Makefile: CRASH_FLAGS). */
extern const char __start_crashtext[] __attribute__((visibility("hidden")));
extern const char __stop_crashtext[] __attribute__((visibility("hidden")));

static bool in_crash_path(int sig, const siginfo_t *info, const ucontext_t *uc)
{
        uint64_t at = arch_context_pc(uc) - (uint64_t)__start_crashtext;

        return at < (uint64_t)__stop_crashtext - (uint64_t)__start_crashtext && !was_sent(sig, info) && sig != SIGSYS &&
               sig != SIGTRAP;
}

/* Facts of the signal and of the library. */
static APART void gather_own(struct arrival_facts *f, int sig, const siginfo_t *info, const ucontext_t *uc)
{
        f->on_intermediate_stack =
                intermediate_stands_on(arch_context_sp(uc)) || courier_stands_on(arch_context_sp(uc));
        f->call_refused = sig == SIGSYS && info->si_code == SYS_SECCOMP;
        f->in_trial = info->si_code > 0 && sig != SIGSYS && sig != SIGTRAP && trial_is_mine();
        f->own_call_refused = f->call_refused && trial_is_own();
        f->claim_is_mine = claim_is_mine();
        f->sent_by_process = info->si_code <= 0;
        f->own_abort = sig == SIGABRT && info->si_code == SI_TKILL && info->si_pid == sys_getpid();
        f->was_sent = was_sent(sig, info);
}

/* Facts of the application: its mask, its stack, its action. Not gathered while a report is made, whose own fault may lie there. */
static APART void gather_application(struct arrival_facts *f, int sig, const siginfo_t *info, const ucontext_t *uc,
                                     const struct action *a)
{
        f->is_silent = sig == SIGSTKFLT && !(settings.signals & SIGNAL_BIT(SIGSTKFLT));
        f->is_blocked = is_blocked_by_application(sig, uc);
        f->stack_is_full = sig == SIGSEGV && !f->was_sent && is_stack_full(info, uc);
        f->action = a->handler == (void *)SIG_DFL   ? ARRIVAL_DEFAULT
                    : a->handler == (void *)SIG_IGN ? ARRIVAL_IGNORE
                                                    : ARRIVAL_HANDLER;
        f->is_void = f->was_sent && f->action == ARRIVAL_DEFAULT && sys_getpid() == 1;
}

/* Called by handler_entry; `restorer`: arch.h, ARCH_SIGNAL_ENTRY. */
void *handle(int sig, siginfo_t *info, ucontext_t *uc, uint64_t restorer);
ARCH_SIGNAL_ENTRY(handler_entry, handle);

/* A handler of SIGABRT returned to abort(), which is going to kill the process. */
static APART bool is_end_of_abort(int sig, const siginfo_t *info, ucontext_t *uc)
{
        struct dispatch abort;

        if (!deliver_is_end_of_abort(sig, info, uc, &abort))
                return false;
        if (abort.sig)
                occasion_fatal(abort.sig, &abort.info, uc);
        return true;
}

void *handle(int sig, siginfo_t *info, ucontext_t *uc, uint64_t restorer)
{
        struct arrival_facts f = { .in_crash_path = in_crash_path(sig, info, uc) };
        struct action a = { .handler = NULL };
        void *handler;

        if (f.in_crash_path && arch_abandon_store(uc))
                return NULL;
        f.data_unreadable = f.in_crash_path && !claim_is_readable();
        if (!f.data_unreadable)
                gather_own(&f, sig, info, uc);
        if (!arrival_is_own(&f)) {
                if (is_end_of_abort(sig, info, uc))
                        return NULL;
                a = actions_delivered(sig, restorer);
                gather_application(&f, sig, info, uc, &a);
        }
        switch (arrival_decide(&f)) {
        case ARRIVAL_DIE_NOW:
                death_now(sig);
        case ARRIVAL_FAIL_CALL:
                arch_context_set_result(uc, -ENOSYS);
                return NULL;
        case ARRIVAL_END_INTERMEDIATE:
                if (courier_stands_on(arch_context_sp(uc)))
                        courier_end();
                intermediate_end_by(sig);
        case ARRIVAL_ABANDON_TRIAL:
                trial_abandon();
        case ARRIVAL_GUARDED_FAULT:
                guard_fault(sig, info, arch_context_pc(uc)); /* returns where no guard is set */
                death_now(crashreport_signal() ? crashreport_signal() : sig);
        case ARRIVAL_REQUEUE:
                requeue(sig, info, uc);
                return NULL;
        case ARRIVAL_IGNORED:
                if (sig == SIGABRT && origin_is_abort(info, uc))
                        occasion_fatal(sig, info, uc);
                return NULL;
        case ARRIVAL_SILENT_DEATH:
                death_prepare(sig, info, uc);
                return NULL;
        case ARRIVAL_FATAL:
                occasion_fatal(sig, info, uc);
                return NULL;
        case ARRIVAL_DELIVER:
                occasion_first_chance(sig, info, uc);
                handler = deliver(&a, sig, info, uc);
                if (!handler)
                        occasion_fatal(sig, info, uc);
                return handler;
        case ARRIVAL_RETURN:
                guard_time_is_up(info);
                break;
        }
        return NULL;
}
