/* SPDX-License-Identifier: MIT */
#include "preload/dispatch.h"
#include "preload/memmap.h"
#include "preload/probe.h"
#include "preload/syscalls.h"

#define SLOTS 32 /* handlers running at once, in all threads */

static struct {
        struct dispatch *slot[SLOTS];
        unsigned count;
} running;

struct dispatch **dispatch_begin(struct dispatch *d)
{
        for (unsigned i = 0; i < SLOTS; i++) {
                struct dispatch *none = NULL;

                if (__atomic_compare_exchange_n(&running.slot[i], &none, d, false, __ATOMIC_ACQ_REL,
                                                __ATOMIC_RELAXED)) {
                        __atomic_add_fetch(&running.count, 1, __ATOMIC_ACQ_REL);
                        return &running.slot[i];
                }
        }
        /* Full of what siglongjmp() left behind: begin anew. */
        for (unsigned i = 0; i < SLOTS; i++)
                __atomic_store_n(&running.slot[i], NULL, __ATOMIC_RELEASE);
        __atomic_store_n(&running.count, 0, __ATOMIC_RELEASE);
        return NULL;
}

void dispatch_end(struct dispatch **slot, const struct dispatch *d)
{
        if (!slot || __atomic_load_n(slot, __ATOMIC_ACQUIRE) != d)
                return;
        __atomic_store_n(slot, NULL, __ATOMIC_RELEASE);
        __atomic_sub_fetch(&running.count, 1, __ATOMIC_ACQ_REL);
}

bool dispatch_any(void)
{
        return __atomic_load_n(&running.count, __ATOMIC_ACQUIRE) != 0;
}

/* The record must lie in a frame of ours: between that frame's SP and its caller's. */
static bool lies_in_frame(const struct dispatch *d, const struct wire_frame *frame)
{
        return (uint64_t)d >= frame[0].sp && (uint64_t)d < frame[1].sp &&
               memmap_module_of(memmap_last(), frame[0].pc) == memmap_module_of(memmap_last(), (uint64_t)lies_in_frame);
}

static bool is_mine(const struct dispatch *d, struct dispatch *copy)
{
        return d && !probe_read(NULL, (uint64_t)d, copy, sizeof(*copy)) && copy->tid == sys_gettid() &&
               copy->pid == sys_getpid();
}

bool dispatch_on_stack(const struct wire_frame *frame, uint32_t count, struct dispatch *out)
{
        for (uint32_t k = 0; k + 1 < count; k++)
                for (unsigned i = 0; i < SLOTS; i++) {
                        const struct dispatch *d = __atomic_load_n(&running.slot[i], __ATOMIC_ACQUIRE);

                        if (d && lies_in_frame(d, &frame[k]) && is_mine(d, out))
                                return true;
                }
        return false;
}
