/* SPDX-License-Identifier: MIT */
#include "unwind/core/image/guards.h"
#include "unwind/core/image/maps.h"

#define BATCH 64u

/* A guard is some pages, rarely megabytes; a stack is megabytes, rarely a gigabyte. */
#define GUARD_PAGES 16384u
#define STACK_PAGES 262144u

/* Bits that differ from page to page: written since, mapped by one process only, write-protected by userfaultfd(2). */
#define VOLATILE_BITS (7ull << 55)

bool guards_may_be_at(uint32_t perms, uint64_t address)
{
        return perms & (MAPS_READ | MAPS_WRITE) && !(address >> 63);
}

/* Where the pages that are like `entry`, or unlike it, end: upward from `page` on, at most at `limit` or after `most` pages. */
static uint64_t run_end(const struct guard_source *s, uint64_t page, uint64_t limit, size_t most, uint64_t entry,
                        bool like)
{
        uint64_t entries[BATCH];

        for (size_t done = 0; done < most && page < limit; done += BATCH) {
                uint64_t left = (limit - page) / s->page_size;
                size_t n = s->read(s->ctx, page, entries, left < BATCH ? (size_t)left : BATCH);

                for (size_t i = 0; i < n; i++, page += s->page_size)
                        if (((entries[i] & ~VOLATILE_BITS) == entry) != like)
                                return page;
                if (!n)
                        return page;
        }
        return page < limit ? page : limit;
}

/* The lowest page of those like `entry`, downward from `page`, which is one. */
static uint64_t run_start(const struct guard_source *s, uint64_t page, uint64_t start, uint64_t entry)
{
        uint64_t below;

        for (size_t done = 0; done < GUARD_PAGES && page - start >= s->page_size; done++) {
                if (s->read(s->ctx, page - s->page_size, &below, 1) != 1 || (below & ~VOLATILE_BITS) != entry)
                        return page;
                page -= s->page_size;
        }
        return page;
}

enum guard_state guards_find(const struct guard_source *s, uint64_t start, uint64_t end, uint64_t address,
                             struct guard_region *out)
{
        uint64_t page = address & ~(s->page_size - 1), entry;

        if (s->read(s->ctx, page, &entry, 1) != 1)
                return GUARD_UNKNOWN;
        entry &= ~VOLATILE_BITS;
        if (entry & PAGEMAP_PRESENT || !(entry & (PAGEMAP_GUARD | PAGEMAP_SWAPPED)))
                return GUARD_NONE;
        out->start = run_start(s, page, start, entry);
        out->end = run_end(s, page, end, GUARD_PAGES, entry, true);
        out->entry = entry;
        return GUARD_FOUND;
}

uint64_t guards_next(const struct guard_source *s, const struct guard_region *region, uint64_t end)
{
        return run_end(s, region->end, end, STACK_PAGES, region->entry, false);
}
