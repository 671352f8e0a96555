/* SPDX-License-Identifier: MIT */
#include "preload/crash/handler.h"
#include "preload/base/guard.h"
#include "preload/base/syscalls.h"
#include "preload/base/trial.h"
#include "preload/base/x86_64.h"
#include "preload/crash/deliver.h"
#include "preload/crash/occasion.h"
#include "preload/crash/origin.h"
#include "preload/crash/report.h"
#include "preload/helper/intermediate.h"
#include "preload/signal/claim.h"
#include "preload/signal/death.h"
#include "preload/signal/dispatch.h"
#include "preload/signal/mask.h"
#include "unwind/core/terms/signames.h"

#include <errno.h>

/* A function whose locals shall not lie under a handler of the application: an alternate stack may be just large
 * enough for that. */
#define APART __attribute__((noinline))
#define NEAR_STACK 65536 /* below a stack: the frame that does not fit in any more */

#ifndef TRAP_PERF
#define TRAP_PERF 6 /* asm-generic/siginfo.h; not yet in glibc 2.36 */
#endif

/* Does the application believe to have blocked it (mask.h)? */
static bool blocked_unknown_to_kernel(int sig, const ucontext_t *uc)
{
        uint64_t kernel = mask_of_context(uc);

        return mask_believed(kernel) & ~kernel & SIGNAL_BIT(sig);
}

/* A handler has filled its alternate stack. The kernel puts the next signal frame at the top of that same stack, since
 * SP is not on it any more (kernel/signal.c: sas_ss_flags()); so this must end here, or it never will. A record of the
 * handler would tell it as well. */
static APART bool handler_filled_its_stack(const ucontext_t *uc)
{
        uint64_t below = (uint64_t)uc->uc_stack.ss_sp - arch_context_sp(uc), held;

        return !(uc->uc_stack.ss_flags & SS_DISABLE) && below - 1 < NEAR_STACK &&
               mask_in_handler(mask_of_context(uc)) && !dispatch_held(&held);
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
        uint64_t one = SIGNAL_BIT(sig);
        int pid = sys_getpid(), tid = sys_gettid();
        long err;

        sys_sigprocmask(SIG_BLOCK, &one, NULL);
        mask_put_in_context(uc, mask_of_context(uc) | one);
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
        if (intermediate_stands_on(arch_context_sp(uc))) {
                if (!refuse_own_call(sig, info, uc))
                        intermediate_end_by(sig);
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
                death_now(crashreport_signal() ? crashreport_signal() : sig);
        }
        if (ours) /* no report is being made, so no guard expects it: there is no room on the stack for us */
                death_now(sig);
        a = actions_get(sig);
        blocked = blocked_unknown_to_kernel(sig, uc);
        if (blocked && was_sent(sig, info)) {
                put_back(sig, info, uc);
                return;
        }
        if ((sig == SIGSEGV && !was_sent(sig, info) && handler_filled_its_stack(uc)) || blocked)
                a.handler = (void *)SIG_DFL; /* kernel/signal.c: force_sig_info_to_task() */
        if (a.handler == (void *)SIG_IGN && info->si_code <= 0 && !(sig == SIGABRT && origin_is_abort(info, uc)))
                return;
        if (a.handler == (void *)SIG_DFL || a.handler == (void *)SIG_IGN) {
                occasion_fatal(sig, info, uc);
                return;
        }
        occasion_first_chance(sig, info, uc);
        deliver(&a, sig, info, uc);
}
