/* SPDX-License-Identifier: MIT */
/* preload/program/signals.c: sigaction() and its relatives, and sigaltstack(), as the application calls them.
 *
 * All of them call actions_set(), which implements the kernel's semantics; their differences (flags, masks, return
 * values) are libc's and follow glibc's manual, "Basic Signal Handling" and "BSD Signal Handling", and signal(2),
 * sysv_signal(3), sigset(3), siginterrupt(3). Signal context: async-signal-safe, as signal-safety(7) requires of
 * sigaction(), signal() and sigset().
 */
#include "preload/base/libc.h"
#include "preload/program/altstack.h"
#include "preload/program/interpose.h"
#include "preload/signal/actions.h"
#include "preload/signal/mask.h"
#include "unwind/core/terms/signames.h"

#include <errno.h>
#include <string.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1 << 31) /* linux/signal.h */
#endif

#define ALIAS(name) __attribute__((alias(name), nothrow, leaf)) /* as libc's headers declare the originals */

typedef void handler_fn(int);

handler_fn *bsd_signal(int sig, handler_fn *handler);
handler_fn *sysv_signal(int sig, handler_fn *handler);
handler_fn *__sysv_signal(int sig, handler_fn *handler);
int __sigaction(int sig, const struct sigaction *act, struct sigaction *old);

/* siginterrupt(3): signals for which signal() does not set SA_RESTART. */
static uint64_t interrupting;

/* The C library reserves these two (nptl: SIGCANCEL, SIGSETXID) and rejects them. */
static bool reserved_by_libc(int sig)
{
        return sig == 32 || sig == 33;
}

static int set(int sig, const struct action *act, struct action *old)
{
        int err = sig < 1 || sig > 64 || reserved_by_libc(sig) ? -EINVAL : actions_set(sig, act, old);

        if (err) {
                set_errno(-err);
                return -1;
        }
        return 0;
}

EXPORT int sigaction(int sig, const struct sigaction *restrict act, struct sigaction *restrict old)
{
        struct action in, out;

        if (act) {
                in.handler = (void *)act->sa_handler;
                in.flags = (unsigned)act->sa_flags;
                memcpy(&in.mask, &act->sa_mask, sizeof(in.mask));
        }
        if (set(sig, act ? &in : NULL, old ? &out : NULL) < 0)
                return -1;
        if (old) {
                old->sa_handler = (handler_fn *)out.handler;
                old->sa_flags = (int)out.flags;
                memset(&old->sa_mask, 0, sizeof(old->sa_mask));
                memcpy(&old->sa_mask, &out.mask, sizeof(out.mask));
                old->sa_restorer = out.flags & SA_RESTORER ? arch_restorer : NULL;
        }
        return 0;
}

EXPORT ALIAS("sigaction") int __sigaction(int sig, const struct sigaction *act, struct sigaction *old);

static handler_fn *set_handler(int sig, handler_fn *handler, unsigned long flags, uint64_t mask)
{
        struct action in = { (void *)handler, flags, mask }, out;

        if (handler == SIG_ERR) {
                set_errno(EINVAL);
                return SIG_ERR;
        }
        return set(sig, &in, &out) < 0 ? SIG_ERR : (handler_fn *)out.handler;
}

static uint64_t bit(int sig)
{
        return sig >= 1 && sig <= 64 && !reserved_by_libc(sig) ? SIGNAL_BIT(sig) : 0;
}

EXPORT handler_fn *signal(int sig, handler_fn *handler)
{
        return set_handler(sig, handler, interrupting & bit(sig) ? 0 : SA_RESTART, bit(sig));
}

EXPORT ALIAS("signal") handler_fn *bsd_signal(int sig, handler_fn *handler);
EXPORT ALIAS("signal") handler_fn *ssignal(int sig, handler_fn *handler);

EXPORT handler_fn *__sysv_signal(int sig, handler_fn *handler)
{
        return set_handler(sig, handler, SA_RESETHAND | SA_NODEFER, 0);
}

EXPORT ALIAS("__sysv_signal") handler_fn *sysv_signal(int sig, handler_fn *handler);

EXPORT int siginterrupt(int sig, int flag)
{
        struct action a;

        if (set(sig, NULL, &a) < 0)
                return -1;
        if (flag) {
                interrupting |= bit(sig);
                a.flags &= ~(unsigned long)SA_RESTART;
        } else {
                interrupting &= ~bit(sig);
                a.flags |= SA_RESTART;
        }
        return set(sig, &a, NULL);
}

EXPORT handler_fn *sigset(int sig, handler_fn *handler)
{
        uint64_t one = bit(sig), before = 0;
        struct action in = { (void *)handler, 0, 0 }, out;

        if (!one || handler == SIG_ERR) {
                set_errno(EINVAL);
                return SIG_ERR;
        }
        if (handler == SIG_HOLD) {
                mask_change(SIG_BLOCK, &one, &before);
                if (before & one)
                        return SIG_HOLD;
                return set(sig, NULL, &out) < 0 ? SIG_ERR : (handler_fn *)out.handler;
        }
        if (set(sig, &in, &out) < 0)
                return SIG_ERR;
        mask_change(SIG_UNBLOCK, &one, &before);
        return before & one ? SIG_HOLD : (handler_fn *)out.handler;
}

EXPORT int sigignore(int sig)
{
        struct action ignore = { (void *)SIG_IGN, 0, 0 };

        return set(sig, &ignore, NULL);
}

/* 4.2BSD's function, which glibc provides for old programs that were linked with it (sysdeps/posix/sigvec.c, compat
 * symbol of GLIBC_2.2.5). */
struct sigvec {
        handler_fn *handler;
        int mask, flags;
};
#define SV_ONSTACK 1
#define SV_INTERRUPT 2
#define SV_RESETHAND 4

int sigvec(int sig, const struct sigvec *vec, struct sigvec *old);

EXPORT int sigvec(int sig, const struct sigvec *vec, struct sigvec *old)
{
        struct action in = { NULL, 0, 0 }, out;

        if (vec) {
                in.handler = (void *)vec->handler;
                in.mask = (unsigned)vec->mask;
                in.flags = (vec->flags & SV_ONSTACK ? SA_ONSTACK : 0ul) |
                           (vec->flags & SV_INTERRUPT ? 0ul : SA_RESTART) |
                           (vec->flags & SV_RESETHAND ? SA_RESETHAND : 0ul);
        }
        if (set(sig, vec ? &in : NULL, &out) < 0)
                return -1;
        if (old) {
                old->handler = (handler_fn *)out.handler;
                old->mask = (int)out.mask;
                old->flags = (out.flags & SA_ONSTACK ? SV_ONSTACK : 0) | (out.flags & SA_RESTART ? 0 : SV_INTERRUPT) |
                             (out.flags & SA_RESETHAND ? SV_RESETHAND : 0);
        }
        return 0;
}

/* ---- masks ---- */

static int change_mask(int how, const sigset_t *set, sigset_t *old)
{
        uint64_t mask;

        if (set)
                memcpy(&mask, set, sizeof(mask)); /* an invalid pointer faults in the caller, as with libc's function */
        return -mask_change(how, set ? &mask : NULL, (uint64_t *)(void *)old);
}

EXPORT int pthread_sigmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
        return change_mask(how, set, old);
}

EXPORT int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
        int err = change_mask(how, set, old);

        if (!err)
                return 0;
        set_errno(err);
        return -1;
}

static int change_one(int how, int sig)
{
        uint64_t one = bit(sig);

        if (one)
                return -mask_change(how, &one, NULL);
        set_errno(EINVAL);
        return -1;
}

EXPORT int sighold(int sig)
{
        return change_one(SIG_BLOCK, sig);
}

EXPORT int sigrelse(int sig)
{
        return change_one(SIG_UNBLOCK, sig);
}

/* 4.2BSD's masks are of type int. */
static int change_low(int how, int mask)
{
        uint64_t set = (unsigned)mask, old = 0;

        mask_change(how, &set, &old);
        return (int)old;
}

EXPORT int sigblock(int mask)
{
        return change_low(SIG_BLOCK, mask);
}

EXPORT int sigsetmask(int mask)
{
        return change_low(SIG_SETMASK, mask);
}

EXPORT int siggetmask(void)
{
        return change_low(SIG_BLOCK, 0);
}

/* ---- alternate stacks ---- */

/* The application sees only its own alternate stacks: SS_DISABLE is returned if only this library's is installed, and
 * this library's is installed again when the application disables its own. */
EXPORT int sigaltstack(const stack_t *restrict ss, stack_t *restrict old)
{
        stack_t was, ours, *to = old && old == ss ? &was : old;
        int err = sys_sigaltstack(ss, to); /* the kernel accesses the pointers first: EFAULT for an invalid one */

        if (err) {
                set_errno(-err);
                return -1;
        }
        if (ss && (ss->ss_flags & ~SS_AUTODISARM) != SS_DISABLE)
                actions_altstack_used();
        else if (ss && altstack_mine(&ours))
                sys_sigaltstack(&ours, NULL);
        if (to == &was)
                *old = was;
        if (old && altstack_is_ours(old)) {
                memset(old, 0, sizeof(*old));
                old->ss_flags = SS_DISABLE;
        }
        return 0;
}
