/* SPDX-License-Identifier: MIT */
/* unwind/core/image/guards.h: guard regions inside mappings: madvise(2), MADV_GUARD_INSTALL, since Linux 6.13.
 *
 * glibc 2.42 makes the guard of a thread's stack so. /proc/PID/maps does not show them: their pages have the access rights of the
 * mapping, and an access faults with SEGV_MAPERR. /proc/PID/pagemap (maps.h) shows them by a bit of their own since Linux 6.15, and
 * before as pages that were swapped out.
 *
 * Allocation-free, libc-free, async-signal-safe.
 */
#ifndef CRASHPRE_UNWIND_CORE_GUARDS_H
#define CRASHPRE_UNWIND_CORE_GUARDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum guard_state {
        GUARD_UNKNOWN, /* not asked, or pagemap cannot be read */
        GUARD_NONE, /* the page is an ordinary one now: if the kernel says that it was not mapped, it was mapped since */
        GUARD_FOUND,
};

struct guard_source {
        /* Reads the entries of `n` pages from the one at `page` on. Returns how many. */
        size_t (*read)(void *ctx, uint64_t page, uint64_t *entries, size_t n);
        void *ctx;
        uint64_t page_size;
};

struct guard_region {
        uint64_t start, end;
        uint64_t entry; /* of its pages, in pagemap */
};

/* Whether a mapping with these rights can have a fault with SEGV_MAPERR at `address` only because of a guard region, or because it
 * was mapped after the fault. */
bool guards_may_be_at(uint32_t perms, uint64_t address);

/* Looks for the region at `address`, where an access failed with SEGV_MAPERR, in the mapping from `start` to `end`. */
enum guard_state guards_find(const struct guard_source *s, uint64_t start, uint64_t end, uint64_t address,
                             struct guard_region *out);

/* Where the next region begins above `region`; if there is none near, the end of the mapping. Stacks of several threads can be one
 * mapping. */
uint64_t guards_next(const struct guard_source *s, const struct guard_region *region, uint64_t end);

#endif
