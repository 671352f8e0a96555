/* SPDX-License-Identifier: MIT */
#include "preload/helper/schedule.h"
#include "preload/base/syscalls.h"

#include <linux/sched.h> /* not <sched.h>, which lacks SCHED_DEADLINE in strict modes */

#define MAX_PRIORITY 99 /* sched(7) */

/* The kernel's struct sched_attr in its first size (linux/sched/types.h), which libc before 2.41 does not have. */
struct attributes {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
};

static struct attributes before;
static bool changed;

static bool set(const struct attributes *a)
{
        return sys_3(SYS_sched_setattr, 0, (long)a, 0) == 0;
}

/* clone(2) fails with EAGAIN in a thread with SCHED_DEADLINE, unless its children start without that policy
 * (kernel/sched/core.c: sched_fork()). Setting that flag requires a privilege that the thread may have dropped; any
 * thread may lower its own policy. */
static void allow_children(bool dying)
{
        struct attributes a = before;

        a.flags |= SCHED_FLAG_RESET_ON_FORK;
        changed = set(&a);
        if (changed || !dying)
                return;
        a = (struct attributes){ .size = sizeof(a), .policy = SCHED_NORMAL };
        set(&a);
}

/* A thread with SCHED_FIFO that waits for a file or for the helper loses its processor to a thread of the same
 * priority, and runs again only when that one blocks: never, if that one spins until the crashing thread does
 * something. */
static void raise_priority(void)
{
        struct attributes a = before;

        if (a.priority >= MAX_PRIORITY)
                return;
        a.priority++;
        changed = set(&a);
}

void schedule_enter(bool dying)
{
        int policy = (int)sys_1(SYS_sched_getscheduler, 0) & ~SCHED_RESET_ON_FORK;

        changed = false;
        if (policy != SCHED_FIFO && policy != SCHED_RR && policy != SCHED_DEADLINE)
                return;
        if (sys_4(SYS_sched_getattr, 0, (long)&before, sizeof(before), 0) < 0)
                return;
        if (policy == SCHED_DEADLINE)
                allow_children(dying);
        else
                raise_priority();
}

void schedule_leave(void)
{
        if (changed)
                set(&before);
        changed = false;
}
