/* SPDX-License-Identifier: MIT */
#include "preload/signal/dispatch.h"
#include "preload/base/modmap.h"
#include "preload/base/probe.h"
#include "preload/base/startup.h"
#include "preload/base/syscalls.h"

#include <errno.h>

#define SLOTS 64                   /* handlers running at once, in all threads */
#define ONE_STACK (1024 * 1024ull) /* addresses closer than this are assumed to be on one stack */

/* `d` is compared, but not dereferenced except by dispatch_on_stack(), through probe_read(). */
struct dispatch_slot {
        uint64_t owner; /* pid << 32 | tid; 0: free */
        uint64_t serial;
        uint64_t held;
        struct dispatch *d;
};

static struct {
        struct dispatch_slot slot[SLOTS];
        uint64_t serial;
} running;

STARTUP_DATA static unsigned running_count = 0; /* read at every exit */

static uint64_t id_of(int pid, int tid)
{
        return (uint64_t)pid << 32 | (uint32_t)tid;
}

static uint64_t owner_of(const struct dispatch_slot *slot)
{
        return __atomic_load_n(&slot->owner, __ATOMIC_ACQUIRE);
}

static bool take(struct dispatch_slot *slot, uint64_t from, uint64_t self)
{
        return __atomic_compare_exchange_n(&slot->owner, &from, self, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* Stacks grow down: a live record of this thread has a higher address than the new one. */
static bool overtaken(const struct dispatch_slot *slot, const void *d)
{
        return (uint64_t)d - (uint64_t)slot->d < ONE_STACK;
}

static bool is_gone(uint64_t owner)
{
        int pid = (int)(owner >> 32);

        return pid != sys_getpid() || sys_3(SYS_tgkill, pid, (int)(uint32_t)owner, 0) == -ESRCH;
}

static void release(struct dispatch_slot *slot)
{
        __atomic_store_n(&slot->owner, 0, __ATOMIC_RELEASE);
        __atomic_sub_fetch(&running_count, 1, __ATOMIC_ACQ_REL);
}

static struct dispatch_slot *find_free(uint64_t self)
{
        for (unsigned i = 0; i < SLOTS; i++)
                if (take(&running.slot[i], 0, self)) {
                        __atomic_add_fetch(&running_count, 1, __ATOMIC_ACQ_REL);
                        return &running.slot[i];
                }
        return NULL;
}

/* Takes a slot that a handler left by siglongjmp() has not released: the oldest of this thread, or one of a thread that
 * has ended. */
static struct dispatch_slot *reclaim(uint64_t self)
{
        struct dispatch_slot *oldest = NULL;

        for (unsigned i = 0; i < SLOTS; i++) {
                struct dispatch_slot *slot = &running.slot[i];
                uint64_t owner = owner_of(slot);

                if (owner == self) {
                        if (!oldest || slot->serial < oldest->serial)
                                oldest = slot;
                } else if (owner && is_gone(owner) && take(slot, owner, self)) {
                        return slot;
                }
        }
        return oldest;
}

static struct dispatch_slot *find_overtaken(uint64_t self, const struct dispatch *d)
{
        struct dispatch_slot *found = NULL;

        if (!dispatch_any())
                return NULL;
        for (unsigned i = 0; i < SLOTS; i++) {
                struct dispatch_slot *slot = &running.slot[i];

                if (owner_of(slot) != self || !overtaken(slot, d))
                        continue;
                if (found)
                        release(slot);
                else
                        found = slot;
        }
        return found;
}

struct dispatch_slot *dispatch_begin(struct dispatch *d, uint64_t held)
{
        uint64_t self = id_of(d->pid, d->tid);
        struct dispatch_slot *slot = find_overtaken(self, d);

        if (!slot)
                slot = find_free(self);
        if (!slot)
                slot = reclaim(self);
        if (!slot)
                return NULL;
        slot->held = held;
        slot->serial = __atomic_add_fetch(&running.serial, 1, __ATOMIC_RELAXED);
        __atomic_store_n(&slot->d, d, __ATOMIC_RELEASE);
        return slot;
}

void dispatch_end(struct dispatch_slot *slot, const struct dispatch *d)
{
        if (!slot || owner_of(slot) != id_of(d->pid, d->tid) || __atomic_load_n(&slot->d, __ATOMIC_ACQUIRE) != d)
                return;
        release(slot);
}

bool dispatch_any(void)
{
        return __atomic_load_n(&running_count, __ATOMIC_ACQUIRE) != 0;
}

/* The newest record of `owner` whose frame is still active; the newest of all if none is. */
static struct dispatch_slot *innermost(uint64_t owner, const void *here)
{
        struct dispatch_slot *newest = NULL, *standing = NULL;

        for (unsigned i = 0; i < SLOTS; i++) {
                struct dispatch_slot *slot = &running.slot[i];

                if (owner_of(slot) != owner)
                        continue;
                if (!newest || slot->serial > newest->serial)
                        newest = slot;
                if (!overtaken(slot, here) && (!standing || slot->serial > standing->serial))
                        standing = slot;
        }
        return standing ? standing : newest;
}

/* In a vfork child: the record of another process at a slightly higher address of the same stack. */
static struct dispatch_slot *of_parent(int pid, const void *here)
{
        for (unsigned i = 0; i < SLOTS; i++) {
                struct dispatch_slot *slot = &running.slot[i];
                uint64_t owner = owner_of(slot);

                if (owner && owner >> 32 != (uint64_t)pid && (uint64_t)slot->d - (uint64_t)here < ONE_STACK)
                        return innermost(owner, here);
        }
        return NULL;
}

bool dispatch_held(uint64_t *held)
{
        const void *here = __builtin_frame_address(0);
        int pid = sys_getpid();
        const struct dispatch_slot *slot = innermost(id_of(pid, sys_gettid()), here);

        if (!slot)
                slot = of_parent(pid, here);
        if (slot)
                *held = slot->held;
        return slot != NULL;
}

bool dispatch_hold(uint64_t held)
{
        struct dispatch_slot *slot = innermost(id_of(sys_getpid(), sys_gettid()), __builtin_frame_address(0));

        if (slot)
                slot->held = held;
        return slot != NULL;
}

void dispatch_inherit(int old_pid, int old_tid)
{
        uint64_t old = id_of(old_pid, old_tid), self = id_of(sys_getpid(), sys_gettid());

        for (unsigned i = 0; dispatch_any() && i < SLOTS; i++) {
                uint64_t owner = owner_of(&running.slot[i]);

                if (owner == old)
                        take(&running.slot[i], old, self);
                else if (owner)
                        release(&running.slot[i]);
        }
}

/* The record must lie in a frame of this library: between the SP of that frame and the SP of its caller. */
static bool lies_in_frame(const struct dispatch *d, const struct wire_frame *frame)
{
        return (uint64_t)d >= frame[0].sp && (uint64_t)d < frame[1].sp &&
               modmap_find(frame[0].pc) == modmap_find((uint64_t)lies_in_frame);
}

/* A child forked in a handler has the masks of that handler, but the signal was delivered to its parent. */
static bool is_mine(const struct dispatch *d, struct dispatch *copy)
{
        return !probe_read(NULL, (uint64_t)d, copy, sizeof(*copy)) && copy->tid == sys_gettid() &&
               copy->pid == sys_getpid();
}

bool dispatch_on_stack(const struct wire_frame *frame, uint32_t count, struct dispatch *out)
{
        for (uint32_t k = 0; k + 1 < count; k++)
                for (unsigned i = 0; i < SLOTS; i++) {
                        const struct dispatch *d = __atomic_load_n(&running.slot[i].d, __ATOMIC_ACQUIRE);

                        if (owner_of(&running.slot[i]) && lies_in_frame(d, &frame[k]) && is_mine(d, out))
                                return true;
                }
        return false;
}
