/* SPDX-License-Identifier: MIT */
#include "preload/crash/deliver.h"
#include "preload/base/syscalls.h"
#include "preload/base/x86_64.h"
#include "preload/crash/occasion.h"
#include "preload/crash/origin.h"
#include "preload/signal/dispatch.h"
#include "preload/signal/mask.h"
#include "unwind/core/terms/signames.h"

/* bytes left of an alternate stack: with less, a handler of the application is called without any ceremony */
#define LITTLE_ROOM 1024

/* Takes one pending signal `sig`, which must be blocked, off the queue. */
static bool take_pending(int sig, siginfo_t *info)
{
        const uint64_t one = SIGNAL_BIT(sig);
        const struct timespec now = { 0, 0 };

        return sys_4(SYS_rt_sigtimedwait, (long)&one, (long)info, (long)&now, KERNEL_SIGSET_SIZE) == sig;
}

/* Not inlined: its locals shall not lie under the handler, whose alternate stack may be just large enough for that. */
static __attribute__((noinline)) void after_handler(int sig, siginfo_t *info, ucontext_t *uc)
{
        struct action now = actions_get(sig);
        siginfo_t raised;

        /* It reset the action and raised the signal, which would have killed the process as soon as the handler
         * returned. */
        if (now.handler == (void *)SIG_DFL && take_pending(sig, &raised))
                occasion_raised_again(sig, info, uc, &raised);
        else if (sig == SIGABRT && origin_is_abort(info, uc))
                occasion_fatal(sig, info, uc);
}

/* With the mask that the kernel would have given the handler, and with that of the interrupted code in the context. */
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

/* On the stack that the kernel would have given the handler. */
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

/* Where the kernel would have: on the interrupted stack, unless the handler has SA_ONSTACK. Then it stays on the
 * alternate stack even where that is ours and the application set none: some ask the kernel what is there, past
 * sigaltstack(), and rely on it (Go's runtime, in threads that it did not make). */
void deliver(const struct action *a, int sig, siginfo_t *info, ucontext_t *uc)
{
        const char here = 0;
        bool stood_elsewhere = within(&uc->uc_stack, (uint64_t)uc) && !within(&uc->uc_stack, arch_context_sp(uc));

        if (stood_elsewhere && !(a->flags & SA_ONSTACK)) {
                if (!arch_deliver_on_interrupted_stack(sig, info, uc, run_handler, NULL))
                        occasion_fatal(sig, info, uc); /* no room there: the kernel would have killed the process */
                return;
        }
        if (within(&uc->uc_stack, (uint64_t)&here) && (uint64_t)&here - (uint64_t)uc->uc_stack.ss_sp < LITTLE_ROOM)
                ((void (*)(int, siginfo_t *, void *))a->handler)(sig, info, uc);
        else
                run_handler(sig, info, uc, NULL);
}
