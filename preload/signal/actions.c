/* SPDX-License-Identifier: MIT */
#include "preload/signal/actions.h"
#include "preload/base/startup.h"
#include "preload/signal/mask.h"
#include "unwind/core/terms/signames.h"

#include <errno.h>

#define MAX_SIGNAL 64
#define READ_TRIES 1000 /* a writer holds the table for nanoseconds; one that died must not block a crash report */

/* Flags that keep their meaning when this library's handler replaces the application's. Not SA_RESETHAND, which the
 * handler emulates, nor SA_ONSTACK and SA_SIGINFO, which this library's handler always has. */
#define FORWARDED_FLAGS ((unsigned long)(SA_RESTART | SA_NODEFER | SA_NOCLDSTOP | SA_NOCLDWAIT))

/* What the kernel keeps of an action (kernel/signal.c: do_sigaction), so that the application reads back the same:
 * unknown flags are dropped, and SIGKILL and SIGSTOP cannot be blocked. glibc itself sets SA_RESTORER, and the
 * application sees it. */
#define KEPT_FLAGS 0xdc000807ul
#define UNBLOCKABLE (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))

STARTUP_DATA static struct {
        uint64_t watched;
        void (*entry)(int, siginfo_t *, ucontext_t *);
        int owner;
        uint64_t lock;     /* pid << 32 | tid of the writer; a holder of another pid is stale, from before fork() */
        uint32_t sequence; /* odd during a write */
        struct action virtual[MAX_SIGNAL];
} table = { 0 };

void actions_set_owner(int pid)
{
        table.owner = pid;
}

bool actions_watched(int sig)
{
        return sig >= 1 && sig <= MAX_SIGNAL && table.watched & SIGNAL_BIT(sig);
}

/* A vfork child runs in its parent's memory: an action that it sets for itself must not change the parent's entry in
 * the table. */
static bool borrows_memory(void)
{
        return table.owner != sys_getpid();
}

static void lock_table(uint64_t *saved_mask)
{
        uint64_t all = ~(uint64_t)0, pid = (uint64_t)sys_getpid(), self = pid << 32 | (uint64_t)sys_gettid(), holder;

        sys_sigprocmask(SIG_SETMASK, &all, saved_mask);
        for (;;) {
                holder = 0;
                if (__atomic_compare_exchange_n(&table.lock, &holder, self, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
                        break;
                if (holder >> 32 != pid && __atomic_compare_exchange_n(&table.lock, &holder, self, false,
                                                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
                        table.sequence &= ~1u;
                        break;
                }
                sys_0(SYS_sched_yield);
        }
}

static void unlock_table(const uint64_t *saved_mask)
{
        __atomic_store_n(&table.lock, 0, __ATOMIC_RELEASE);
        sys_sigprocmask(SIG_SETMASK, saved_mask, NULL);
}

struct action actions_get(int sig)
{
        struct action a;
        uint32_t before, after;

        for (int i = 0; i < READ_TRIES; i++) {
                before = __atomic_load_n(&table.sequence, __ATOMIC_ACQUIRE);
                a = table.virtual[sig - 1];
                __atomic_thread_fence(__ATOMIC_ACQUIRE);
                after = __atomic_load_n(&table.sequence, __ATOMIC_RELAXED);
                if (before == after && !(before & 1))
                        return a;
        }
        return table.virtual[sig - 1];
}

static void put_virtual(int sig, const struct action *act)
{
        __atomic_add_fetch(&table.sequence, 1, __ATOMIC_ACQ_REL);
        table.virtual[sig - 1] = *act;
        __atomic_add_fetch(&table.sequence, 1, __ATOMIC_ACQ_REL);
}

static int set_kernel(int sig, const struct action *act, struct action *old)
{
        struct kernel_sigaction k = { 0 }, was = { 0 };
        int err;

        if (act)
                k = (struct kernel_sigaction){ act->handler, act->flags | SA_RESTORER, arch_restorer, act->mask };
        err = sys_sigaction(sig, act ? &k : NULL, old ? &was : NULL);
        if (!err && old)
                *old = (struct action){ was.handler, was.flags, was.mask };
        return err;
}

/* Sets the kernel action that makes the process behave as if `act` were installed. */
static int set_stand_in(int sig, const struct action *act, struct action *old)
{
        struct action k = { (void *)table.entry, SA_SIGINFO | SA_ONSTACK, act->mask };

        if (act->handler == (void *)SIG_IGN && !(DEADLY_THOUGH_IGNORED & SIGNAL_BIT(sig)))
                return set_kernel(sig, act, old);
        if (act->handler == (void *)SIG_DFL || act->handler == (void *)SIG_IGN) {
                k.flags |= SA_NODEFER | SA_RESTART;
                k.mask = ~HARDWARE_SIGNALS;
        } else {
                k.flags |= act->flags & FORWARDED_FLAGS;
                mask_for_stand_in(sig, &k);
        }
        return set_kernel(sig, &k, old);
}

/* In a vfork child: its kernel actions are its own; an action with this library's handler represents the parent's entry
 * in the table. */
static int set_borrowed(int sig, const struct action *act, struct action *old)
{
        struct action was;
        int err = set_kernel(sig, act, &was);

        if (!err && old)
                *old = was.handler == (void *)table.entry ? actions_get(sig) : was;
        return err;
}

/* The application's handler is installed as it is; only its mask is translated, so that a fault in a handler that
 * blocks everything is reported too. */
static int set_unwatched(int sig, const struct action *act, struct action *old)
{
        struct action k;
        int err;

        if (act) {
                k = *act;
                k.mask = mask_to_kernel(act->mask);
        }
        err = set_kernel(sig, act ? &k : NULL, old);
        if (!err && old)
                old->mask = mask_from_kernel(old->mask);
        return err;
}

int actions_set(int sig, const struct action *act, struct action *old)
{
        uint64_t saved_mask;
        struct action was;
        int err = 0;

        if (!actions_watched(sig))
                return set_unwatched(sig, act, old);
        if (borrows_memory())
                return set_borrowed(sig, act, old);
        lock_table(&saved_mask);
        was = table.virtual[sig - 1];
        if (act) {
                struct action kept = { act->handler, (act->flags & KEPT_FLAGS) | SA_RESTORER,
                                       act->mask & ~UNBLOCKABLE };

                put_virtual(sig, &kept);
                err = set_stand_in(sig, &kept, NULL);
                if (err)
                        put_virtual(sig, &was);
        }
        unlock_table(&saved_mask);
        if (!err && old)
                *old = was;
        return err;
}

void actions_reset(int sig)
{
        struct action a = actions_get(sig);

        a.handler = (void *)SIG_DFL; /* flags and mask are kept, as in kernel/signal.c: get_signal() */
        actions_set(sig, &a, NULL);
}

static uint64_t ignored_here(void)
{
        uint64_t found = 0;

        for (int sig = 1; table.watched >> (sig - 1) && sig < MAX_SIGNAL; sig++)
                if (table.watched & DEADLY_THOUGH_IGNORED & SIGNAL_BIT(sig) &&
                    table.virtual[sig - 1].handler == (void *)SIG_IGN)
                        found |= SIGNAL_BIT(sig);
        return found;
}

void actions_ignore_in_kernel(void)
{
        const struct action ignore = { (void *)SIG_IGN, 0, 0 };
        uint64_t saved_mask, ignored = ignored_here();
        bool lock = ignored && !borrows_memory(); /* a vfork child's kernel actions are its own */

        if (lock)
                lock_table(&saved_mask);
        for (int sig = 1; ignored >> (sig - 1) && sig < MAX_SIGNAL; sig++)
                if (ignored & SIGNAL_BIT(sig) && table.virtual[sig - 1].handler == (void *)SIG_IGN)
                        set_kernel(sig, &ignore, NULL);
        if (lock)
                unlock_table(&saved_mask);
}

int actions_kernel_default(int sig)
{
        struct action dfl = { (void *)SIG_DFL, 0, 0 };

        return set_kernel(sig, &dfl, NULL);
}

void actions_ignore_killers(void)
{
        /* Not fatal by default (signal(7)), not changeable, or to be kept. */
        const uint64_t others = SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGCONT) | SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) |
                                SIGNAL_BIT(SIGTTOU) | SIGNAL_BIT(SIGURG) | SIGNAL_BIT(SIGWINCH) | UNBLOCKABLE |
                                SIGNAL_BIT(SIGINT) | SIGNAL_BIT(SIGTERM) | SIGNAL_BIT(SIGHUP) | SIGNAL_BIT(SIGQUIT);
        const struct action ignore = { (void *)SIG_IGN, 0, 0 };

        for (int sig = 1; sig <= MAX_SIGNAL; sig++) {
                struct action now = ignore;

                if ((others | table.watched | HARDWARE_SIGNALS) & SIGNAL_BIT(sig) || set_kernel(sig, NULL, &now) < 0)
                        continue;
                if (now.handler == (void *)SIG_DFL)
                        set_kernel(sig, &ignore, NULL);
        }
}

uint64_t actions_install(uint64_t watched, void (*entry)(int, siginfo_t *, ucontext_t *))
{
        const struct action dfl = { (void *)SIG_DFL, 0, 0 };

        table.entry = entry;
        for (int sig = 1; sig <= MAX_SIGNAL; sig++) {
                struct action *a = &table.virtual[sig - 1], was;

                if (!(watched & SIGNAL_BIT(sig)) || set_stand_in(sig, &dfl, &was) < 0)
                        continue;
                *a = was;
                table.watched |= SIGNAL_BIT(sig);
                if (was.handler != (void *)SIG_DFL) /* ignored by the parent process before exec(3) */
                        set_stand_in(sig, a, NULL);
        }
        return table.watched;
}

void actions_uninstall(void)
{
        uint64_t watched = table.watched;

        table.watched = 0;
        for (int sig = 1; sig <= MAX_SIGNAL; sig++)
                if (watched & SIGNAL_BIT(sig))
                        set_kernel(sig, &table.virtual[sig - 1], NULL);
}
