/* SPDX-License-Identifier: MIT */
#include "preload/signal/mask.h"
#include "preload/base/startup.h"
#include "preload/signal/dispatch.h"
#include "unwind/core/terms/signames.h"

#include <errno.h>

#define MARKER (SIGNAL_BIT(SIGSTKFLT))
#define FILLED \
        (0xfffull << (44 - 1)) /* 44 to 55: programs that use real-time signals take them from both ends of the range */
#define NEVER (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP)) /* kernel/signal.c: sigprocmask() */
#define LIBCS (SIGNAL_BIT(32) | SIGNAL_BIT(33))           /* nptl: SIGCANCEL, SIGSETXID; sigprocmask(3) drops them */

STARTUP_DATA static uint64_t hardware = 0;

static bool filled(uint64_t mask)
{
        return (mask & FILLED) == FILLED;
}

uint64_t mask_to_kernel(uint64_t believed)
{
        if (!hardware || !filled(believed))
                return believed;
        return (believed & (hardware | MARKER)) == (hardware | MARKER) ? believed & ~hardware : believed & ~MARKER;
}

uint64_t mask_from_kernel(uint64_t kernel)
{
        if (!hardware || !filled(kernel))
                return kernel;
        return kernel & MARKER ? kernel | hardware : kernel | MARKER;
}

uint64_t mask_believed(uint64_t kernel)
{
        uint64_t held;

        if (hardware && kernel & MARKER && dispatch_any() && dispatch_held(&held))
                return (kernel & ~MARKER) | held;
        return mask_from_kernel(kernel);
}

bool mask_in_handler(uint64_t kernel)
{
        return hardware && kernel & MARKER;
}

void mask_for_crash_path(uint64_t *before)
{
        const uint64_t mask = ~HARDWARE_SIGNALS;

        sys_sigprocmask(SIG_SETMASK, &mask, before);
}

uint64_t mask_of_context(const ucontext_t *uc)
{
        uint64_t mask;

        __builtin_memcpy(&mask, &uc->uc_sigmask, sizeof(mask));
        return mask;
}

void mask_put_in_context(ucontext_t *uc, uint64_t mask)
{
        __builtin_memcpy(&uc->uc_sigmask, &mask, sizeof(mask));
}

static uint64_t changed(int how, uint64_t mask, uint64_t set)
{
        set &= ~(NEVER | LIBCS);
        return how == SIG_BLOCK ? mask | set : how == SIG_UNBLOCK ? mask & ~set : set;
}

/* In a handler with a record, the application's view of the blocked hardware signals is stored in the record. */
static uint64_t to_kernel_here(uint64_t believed, uint64_t kernel_now)
{
        uint64_t kernel = mask_to_kernel(believed);

        if (!dispatch_any() || !((kernel_now | kernel) & MARKER) || !dispatch_hold(believed & (hardware | MARKER)))
                return kernel;
        return kernel_now & MARKER && believed & hardware ? (believed & ~hardware) | MARKER : kernel;
}

/* Whether one system call makes the change, with *set adapted: true if the change includes none of the signals used for
 * the encoding (mask.h), or all of them. */
static bool in_one_call(int how, uint64_t *set)
{
        const uint64_t parts = hardware | MARKER | FILLED;

        if (how != SIG_SETMASK && !(*set & (parts | LIBCS)))
                return true;
        if (dispatch_any())
                return false;
        *set &= ~LIBCS;
        if (how == SIG_SETMASK)
                *set = mask_to_kernel(*set);
        else if ((*set & parts) != parts)
                return false;
        else if (how == SIG_BLOCK)
                *set &= ~hardware;
        return true;
}

int mask_change(int how, const uint64_t *set, uint64_t *old)
{
        uint64_t kernel, change, was;
        int err;

        if (set)
                change = *set;
        if (!set || how < SIG_BLOCK || how > SIG_SETMASK || in_one_call(how, &change)) {
                err = sys_sigprocmask(how, set ? &change : NULL, old);
                if (!err && old)
                        *old = mask_believed(*old);
                return err;
        }
        sys_sigprocmask(SIG_BLOCK, NULL, &kernel);
        was = mask_believed(kernel);
        change = to_kernel_here(changed(how, was, *set), kernel);
        err = sys_sigprocmask(SIG_SETMASK, &change, old);
        if (!err && old)
                *old = was;
        return err;
}

/* The signals that are blocked in a handler in addition to those of the interrupted code. */
static uint64_t added(int sig, const struct action *act)
{
        return act->mask | (act->flags & SA_NODEFER ? 0 : SIGNAL_BIT(sig));
}

static uint64_t stand_in_mask(int sig, const struct action *act)
{
        uint64_t mask = added(sig, act);

        return mask & hardware ? (mask & ~hardware) | MARKER : mask_to_kernel(mask);
}

void mask_for_stand_in(int sig, struct action *act)
{
        act->mask = stand_in_mask(sig, act);
        act->flags |= SA_NODEFER; /* otherwise the kernel also blocks the signal itself */
}

uint64_t mask_visit(struct mask_visit *v, int sig, const struct action *act, uint64_t outer)
{
        v->outer_kernel = outer;
        v->outer_believed = mask_believed(outer);
        v->inner_believed = v->outer_believed | added(sig, act);
        return v->inner_believed & (hardware | MARKER);
}

void mask_enter(const struct mask_visit *v, int sig, const struct action *act, bool recorded)
{
        uint64_t made = v->outer_kernel | stand_in_mask(sig, act), want = mask_to_kernel(v->inner_believed);

        if (v->inner_believed & hardware)
                want = recorded ? (v->inner_believed & ~hardware) | MARKER : v->inner_believed;
        if (want != made)
                sys_sigprocmask(SIG_SETMASK, &want, NULL);
}

static bool put_on(uint64_t mask, uint64_t was)
{
        if (mask == was)
                return false;
        sys_sigprocmask(SIG_SETMASK, &mask, NULL);
        return true;
}

bool mask_undisguise(uint64_t *was)
{
        if (!hardware)
                return false;
        sys_sigprocmask(SIG_BLOCK, NULL, was);
        return put_on(mask_believed(*was), *was);
}

bool mask_undisguise_for_thread(uint64_t *was)
{
        if (!hardware || !dispatch_any())
                return false;
        sys_sigprocmask(SIG_BLOCK, NULL, was);
        return put_on(mask_to_kernel(mask_believed(*was)), *was);
}

void mask_disguise(const uint64_t *was)
{
        sys_sigprocmask(SIG_SETMASK, was, NULL);
}

void mask_adopt(void)
{
        uint64_t kernel, disguised;

        if (sys_sigprocmask(SIG_BLOCK, NULL, &kernel) || !(kernel & hardware))
                return;
        disguised = mask_to_kernel(kernel);
        sys_sigprocmask(SIG_SETMASK, &disguised, NULL);
}

void mask_leave(void)
{
        hardware = 0;
}

void mask_init(uint64_t watched)
{
        uint64_t inherited;

        hardware = watched;
        sys_sigprocmask(SIG_BLOCK, NULL, &inherited);
        put_on(mask_to_kernel(inherited), inherited);
}
