/* SPDX-License-Identifier: MIT */
#include "preload/crash/deliver.h"
#include "preload/base/arch.h"
#include "preload/base/sandbox.h"
#include "preload/base/startup.h"
#include "preload/base/syscalls.h"
#include "preload/crash/origin.h"
#include "preload/signal/dispatch.h"
#include "preload/signal/mask.h"
#include "unwind/core/terms/signames.h"

SEALED_DATA static size_t own_stack_size = 0;

void deliver_init(size_t size)
{
        own_stack_size = size;
}

#define LEAST_STACK 1024 /* bytes left of an alternate stack: with less, a handler is entered without a record */
/* Keeps a function's locals off the stack of the common path, which may be a small alternate stack of the application. */
#define APART __attribute__((noinline))

static bool within(const stack_t *ss, uint64_t addr)
{
        return !(ss->ss_flags & SS_DISABLE) && addr - (uint64_t)ss->ss_sp < ss->ss_size;
}

/* ---- the end of a handler of SIGABRT ---- */

static bool abort_announced;

static APART void announce_end_of_abort(ucontext_t *uc)
{
        const uint64_t one = SIGNAL_BIT(SIGSTKFLT);
        siginfo_t mark = { .si_signo = SIGSTKFLT, .si_code = SI_QUEUE };

        mark.si_pid = sys_getpid();
        mark.si_value.sival_ptr = &abort_announced;
        abort_announced = true;
        sys_sigprocmask(SIG_BLOCK, &one, NULL);
        mask_put_in_context(uc, mask_of_context(uc) & ~one);
        sys_4(SYS_rt_tgsigqueueinfo, mark.si_pid, sys_gettid(), SIGSTKFLT, (long)&mark);
}

bool deliver_is_end_of_abort(int sig, const siginfo_t *info, const ucontext_t *uc, struct dispatch *abort)
{
        if (sig != SIGSTKFLT || info->si_code != SI_QUEUE || info->si_value.sival_ptr != &abort_announced ||
            info->si_pid != sys_getpid())
                return false;
        abort_announced = false;
        if (!dispatch_returned(SIGABRT, arch_context_pc(uc), arch_context_sp(uc), abort))
                abort->sig = 0;
        return true;
}

void deliver_forget_abort(void)
{
        const uint64_t one = SIGNAL_BIT(SIGSTKFLT);
        const struct timespec now = { 0, 0 };

        if (!abort_announced)
                return;
        abort_announced = false;
        sys_4(SYS_rt_sigtimedwait, (long)&one, 0, (long)&now, KERNEL_SIGSET_SIZE);
}

/* ---- all handlers ---- */

/* Whether the kernel used a stack of this library, where the application has none (altstack.h). */
static bool is_own_stack(const ucontext_t *uc)
{
        return own_stack_size && uc->uc_stack.ss_size == own_stack_size;
}

/* What the kernel stores for a thread that has no alternate stack; rt_sigreturn(2) then leaves the thread's as it is, whatever it
 * is by then (kernel/signal.c: __save_altstack(), restore_altstack()). */
static void hide_own_stack(ucontext_t *uc)
{
        if (is_own_stack(uc))
                __builtin_memset(&uc->uc_stack, 0, sizeof(uc->uc_stack));
}

/* Enters the handler on the interrupted stack, or returns. */
static APART void enter_on_interrupted_stack(const struct action *a, int sig, const siginfo_t *info,
                                             const ucontext_t *uc, const struct dispatch_mask *mask)
{
        ucontext_t *moved = arch_move_to_interrupted_stack(info, uc);

        if (!moved)
                return;
        hide_own_stack(moved);
        dispatch_begin(sig, info, moved, mask);
        if (a->flags & SA_RESETHAND)
                actions_reset(sig);
        arch_enter_handler(a->handler, sig, moved);
}

/* The stack that the kernel would have used is the interrupted one, unless the handler has SA_ONSTACK. With
 * SA_ONSTACK the handler runs on the alternate stack even if that is this library's and the application set none: some
 * programs query the kernel by a bare system call instead of sigaltstack() and rely on the result (Go's runtime, in
 * threads that it did not create). */
void *deliver(const struct action *a, int sig, siginfo_t *info, ucontext_t *uc)
{
        const char here = 0;
        struct dispatch_mask mask;

        if (within(&uc->uc_stack, (uint64_t)&here) && (uint64_t)&here - (uint64_t)uc->uc_stack.ss_sp < LEAST_STACK)
                return a->handler;
        if (sig == SIGABRT && !sandbox_entered() && origin_is_abort(info, uc))
                announce_end_of_abort(uc);
        mask = mask_in_new_handler(sig, a, mask_of_context(uc), arch_context_sp(uc));
        if (!(a->flags & SA_ONSTACK) && within(&uc->uc_stack, (uint64_t)uc) &&
            !within(&uc->uc_stack, arch_context_sp(uc))) {
                enter_on_interrupted_stack(a, sig, info, uc, &mask);
                return NULL;
        }
        dispatch_begin(sig, info, uc, &mask);
        hide_own_stack(uc);
        if (a->flags & SA_RESETHAND)
                actions_reset(sig);
        return a->handler;
}
