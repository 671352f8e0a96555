/* SPDX-License-Identifier: MIT */
#include "preload/signal/death.h"
#include "preload/signal/actions.h"
#include "unwind/core/terms/signames.h"

/* Only faults that the processor raises before the instruction takes effect are raised again (kernel:
 * arch/x86/kernel/traps.c, arch/x86/mm/fault.c). For int3 and single steps the context is after the instruction, for
 * SIGSYS after the system call; a signal sent by a process is not tied to an instruction (si_code <= 0,
 * sigaction(2)). */
bool death_repeats(int sig, const siginfo_t *info, const ucontext_t *uc)
{
        if (info->si_code <= 0)
                return false;
        switch (sig) {
        case SIGSEGV:
                return info->si_code != SI_KERNEL || arch_context_is_protection_fault(uc);
        case SIGBUS:
                return info->si_code == BUS_ADRALN || info->si_code == BUS_ADRERR;
        case SIGFPE:
        case SIGILL:
                return info->si_code != SI_KERNEL;
        default:
                return false;
        }
}

/* rt_tgsigqueueinfo(2) lets a process send itself any si_code. The signal is blocked until rt_sigreturn restores
 * uc_sigmask. */
static bool queue_original(int sig, const siginfo_t *info)
{
        uint64_t one = SIGNAL_BIT(sig);

        sys_sigprocmask(SIG_BLOCK, &one, NULL);
        return sys_4(SYS_rt_tgsigqueueinfo, sys_getpid(), sys_gettid(), sig, (long)info) == 0 ||
               sys_3(SYS_tgkill, sys_getpid(), sys_gettid(), sig) == 0 || sys_kill_self(sig) == 0;
}

/* Process 1 of a namespace does not die of a signal that is sent, but abort() goes on to an instruction that faults. */
static void let_go(void)
{
        for (int sig = 1; sig < 32; sig++)
                if (HARDWARE_SIGNALS & SIGNAL_BIT(sig))
                        actions_kernel_default(sig);
}

void death_prepare(int sig, const siginfo_t *info, ucontext_t *uc)
{
        uint64_t mask = ~(SIGNAL_BIT(sig));
        bool queue = !death_repeats(sig, info, uc);

        if (queue && sys_getpid() == 1) {
                if (!arch_context_execute_again(sig, info, uc)) {
                        let_go();
                        return;
                }
                queue = false;
        }
        if (actions_kernel_default(sig) < 0) { /* a seccomp filter */
                if (queue && !arch_context_execute_again(sig, info, uc))
                        sys_exit_group(128 + sig);
                queue = false;
                /* The kernel resets the action to the default if a fault occurs while its signal is blocked
                 * (kernel/signal.c: force_sig_info_to_task). */
                mask = ~0ull;
        }
        /* Otherwise the process would die of a pending SIGALRM or SIGPIPE that is delivered first. */
        __builtin_memcpy(&uc->uc_sigmask, &mask, sizeof(mask));
        if (queue && !queue_original(sig, info))
                death_now(sig);
}

_Noreturn void death_now(int sig)
{
        uint64_t mask = ~(SIGNAL_BIT(sig));

        actions_kernel_default(sig);
        sys_sigprocmask(SIG_SETMASK, &mask, NULL);
        sys_3(SYS_tgkill, sys_getpid(), sys_gettid(), sig);
        sys_kill_self(sig);
        sys_exit_group(128 + sig);
}
