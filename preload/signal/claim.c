/* SPDX-License-Identifier: MIT */
#include "preload/signal/claim.h"
#include "preload/base/startup.h"
#include "preload/base/syscalls.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>

STARTUP_DATA static struct {
        uint64_t holder; /* pid << 32 | tid; 0 none */
        uint64_t first;  /* thread with priority, since it is about to die of a signal; 0 none */
        int turns;       /* futex word of the waiters: counts the events that may end a wait */
        bool dying;
        uint64_t probed; /* written by the kernel only */
} claim = { 0 };

static const struct timespec pause_between_looks = { 0, 1000000 };

static uint64_t self_id(void)
{
        return (uint64_t)sys_getpid() << 32 | (uint32_t)sys_gettid();
}

/* A holder of another process is stale: it is the parent of this forked child, and was copied with its memory. But a
 * vfork(2) child and its parent share the claim, and all that it guards. */
static bool is_free(uint64_t holder, uint64_t self)
{
        uint64_t first = __atomic_load_n(&claim.first, __ATOMIC_ACQUIRE);

        if (first >> 32 == self >> 32 && first != self)
                return false;
        return !holder || (holder >> 32 != self >> 32 && !sys_shares_memory((int)(uint32_t)holder));
}

/* A thousand threads may wait while the report needs the processors: they sleep until they are woken. The timeout
 * handles a holder that died without releasing the claim. */
static void wait_for_turn(int turn)
{
        const struct timespec slice = { 0, 100000000 };
        int err = sys_futex(&claim.turns, FUTEX_WAIT, turn, &slice);

        if (err && err != -EAGAIN && err != -EINTR && err != -ETIMEDOUT) /* a seccomp filter refuses futex(2) */
                sys_2(SYS_nanosleep, (long)&pause_between_looks, 0);
}

static void next_turn(void)
{
        __atomic_add_fetch(&claim.turns, 1, __ATOMIC_ACQ_REL);
        sys_futex(&claim.turns, FUTEX_WAKE, INT_MAX, NULL);
}

bool claim_take_first(uint64_t patience_ns)
{
        uint64_t self = self_id(), first = __atomic_load_n(&claim.first, __ATOMIC_ACQUIRE);
        bool taken;

        while (first >> 32 != self >> 32 &&
               !__atomic_compare_exchange_n(&claim.first, &first, self, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
                ;
        taken = claim_take(patience_ns);
        first = self;
        __atomic_compare_exchange_n(&claim.first, &first, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
        next_turn();
        return taken;
}

bool claim_take(uint64_t patience_ns)
{
        uint64_t self = self_id(), give_up = sys_clock_ns(CLOCK_MONOTONIC) + patience_ns;

        for (;;) {
                int turn = __atomic_load_n(&claim.turns, __ATOMIC_ACQUIRE);
                uint64_t holder = __atomic_load_n(&claim.holder, __ATOMIC_ACQUIRE);

                if (is_free(holder, self)) {
                        if (__atomic_compare_exchange_n(&claim.holder, &holder, self, false, __ATOMIC_ACQ_REL,
                                                        __ATOMIC_ACQUIRE)) {
                                __atomic_store_n(&claim.dying, false, __ATOMIC_RELEASE);
                                return true;
                        }
                        continue;
                }
                /* a report requested by a function that a report calls: it would wait for itself */
                if (holder == self || sys_clock_ns(CLOCK_MONOTONIC) >= give_up)
                        return false;
                wait_for_turn(turn);
        }
}

void claim_release(void)
{
        __atomic_store_n(&claim.dying, false, __ATOMIC_RELEASE);
        __atomic_store_n(&claim.holder, 0, __ATOMIC_RELEASE);
        next_turn();
}

bool claim_is_readable(void)
{
        return sys_sigprocmask(SIG_BLOCK, NULL, &claim.probed) == 0;
}

bool claim_is_mine(void)
{
        uint64_t holder = __atomic_load_n(&claim.holder, __ATOMIC_ACQUIRE);

        return holder && holder == self_id(); /* no system call as long as there is no report */
}

void claim_mark_dying(void)
{
        __atomic_store_n(&claim.dying, true, __ATOMIC_RELEASE);
}

void claim_wait_for_death(uint64_t patience_ns)
{
        uint64_t self, give_up;

        if (!__atomic_load_n(&claim.dying, __ATOMIC_ACQUIRE)) /* as at the end of every program */
                return;
        self = self_id();
        give_up = sys_clock_ns(CLOCK_MONOTONIC) + patience_ns;
        for (;;) {
                uint64_t holder = __atomic_load_n(&claim.holder, __ATOMIC_ACQUIRE);

                if (holder >> 32 != self >> 32 || holder == self || !__atomic_load_n(&claim.dying, __ATOMIC_ACQUIRE) ||
                    sys_clock_ns(CLOCK_MONOTONIC) >= give_up)
                        return;
                sys_2(SYS_nanosleep, (long)&pause_between_looks, 0);
        }
}
