/* SPDX-License-Identifier: MIT */
#include "preload/crash/deliver.h"
#include "preload/base/arch.h"
#include "preload/base/syscalls.h"
#include "preload/crash/occasion.h"
#include "preload/crash/origin.h"
#include "preload/signal/dispatch.h"
#include "preload/signal/mask.h"
#include "unwind/core/terms/signames.h"

/* bytes left of an alternate stack: with less, a handler of the application is called directly, without a record */
#define LEAST_STACK 1024

/* Dequeues one pending signal `sig`, which must be blocked. */
static bool take_pending(int sig, siginfo_t *info)
{
        const uint64_t one = SIGNAL_BIT(sig);
        const struct timespec now = { 0, 0 };

        return sys_4(SYS_rt_sigtimedwait, (long)&one, (long)info, (long)&now, KERNEL_SIGSET_SIZE) == sig;
}

/* Not inlined: its locals must not take stack space during the handler, whose alternate stack may be just large enough
 * for the handler. */
static __attribute__((noinline)) void after_handler(int sig, siginfo_t *info, ucontext_t *uc)
{
        struct action now = actions_get(sig);
        siginfo_t raised;

        /* The handler reset the action and raised the signal: without this library the process would have died of it on
         * return from the handler. */
        if (now.handler == (void *)SIG_DFL && take_pending(sig, &raised))
                occasion_raised_again(sig, info, uc, &raised);
        else if (sig == SIGABRT && origin_is_abort(info, uc))
                occasion_fatal(sig, info, uc);
}

/* Calls the handler with the mask that the kernel would have set, and with the application's mask of the interrupted
 * code in the context. */
static void call_handler(const struct action *a, int sig, siginfo_t *info, ucontext_t *uc)
{
        struct dispatch d = { sys_getpid(), sys_gettid(), sig, info, uc };
        struct mask_visit visit;
        uint64_t held = mask_visit(&visit, sig, a, mask_of_context(uc));
        struct dispatch_slot *slot = dispatch_begin(&d, held);

        mask_enter(&visit, sig, a, slot != NULL);
        mask_put_in_context(uc, visit.outer_believed);
        if (a->flags & SA_RESETHAND)
                actions_reset(sig);
        ((void (*)(int, siginfo_t *, void *))a->handler)(sig, info, uc);
        dispatch_end(slot, &d);
        mask_put_in_context(uc, mask_of_context(uc) == visit.outer_believed ? visit.outer_kernel
                                                                            : mask_to_kernel(mask_of_context(uc)));
}

/* Runs on the stack that the kernel would have used for the handler. */
static void run_handler(int sig, siginfo_t *info, ucontext_t *uc, void *unused)
{
        struct action a = actions_get(sig);

        (void)unused;
        if (a.handler == (void *)SIG_DFL) {
                occasion_fatal(sig, info, uc);
                return;
        }
        if (a.handler == (void *)SIG_IGN)
                return;
        call_handler(&a, sig, info, uc);
        after_handler(sig, info, uc);
}

static bool within(const stack_t *ss, uint64_t addr)
{
        return !(ss->ss_flags & SS_DISABLE) && addr - (uint64_t)ss->ss_sp < ss->ss_size;
}

/* Uses the stack that the kernel would have used: the interrupted stack, unless the handler has SA_ONSTACK. With
 * SA_ONSTACK the handler runs on the alternate stack even if that is this library's and the application set none: some
 * programs query the kernel by a bare system call instead of sigaltstack() and rely on the result (Go's runtime, in
 * threads that it did not create). */
void deliver(const struct action *a, int sig, siginfo_t *info, ucontext_t *uc)
{
        const char here = 0;
        bool switched_stack = within(&uc->uc_stack, (uint64_t)uc) && !within(&uc->uc_stack, arch_context_sp(uc));

        if (switched_stack && !(a->flags & SA_ONSTACK)) {
                if (!arch_deliver_on_interrupted_stack(sig, info, uc, run_handler, NULL))
                        occasion_fatal(sig, info, uc); /* no space: the kernel would have killed the process */
                return;
        }
        if (within(&uc->uc_stack, (uint64_t)&here) && (uint64_t)&here - (uint64_t)uc->uc_stack.ss_sp < LEAST_STACK)
                ((void (*)(int, siginfo_t *, void *))a->handler)(sig, info, uc);
        else
                run_handler(sig, info, uc, NULL);
}
