/* SPDX-License-Identifier: MIT */
/* unwind/target/memory.h: a page cache for another address space.
 *
 * An unwinder reads thousands of words on few pages, and each fetch is a system call: so pages are kept, neighbours
 * are fetched ahead if a walk continues upwards (deep recursion), and many pages can be requested in one call (the
 * stacks of all threads). Unreadable pages are recorded as such. Copied pages remain readable after the process has
 * continued or died. Single-threaded; not async-signal-safe.
 */
#ifndef CRASHPRE_UNWIND_MEMORY_H
#define CRASHPRE_UNWIND_MEMORY_H

#include "unwind/core/cfi/arch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MEMORY_PAGE ARCH_PAGE_MIN

struct memory_page {
        uint64_t addr;
        uint8_t *data; /* MEMORY_PAGE bytes to fill; the source sets it to NULL if the page cannot be read */
};

/* Fills the pages. Neighbouring pages are in ascending order of address, and often have neighbouring buffers. */
typedef void memory_fetch(void *ctx, struct memory_page *pages, size_t n);

struct memory; /* opaque */

struct memory_counts {
        uint64_t fetches, pages;
};

/* Returns a new cache, NULL if out of memory. memory_free() accepts NULL. `ctx` is passed to `fetch`. */
struct memory *memory_new(memory_fetch *fetch, void *ctx);
void memory_free(struct memory *m);

/* Copies up to `len` bytes at `addr` and returns how many; the count is short at the first unreadable page (0 if that
 * is the first). There are no other errors. */
size_t memory_read(struct memory *m, uint64_t addr, void *buf, size_t len);

/* Fetches the pages of the ranges that are not cached yet, in one call of the source. */
struct memory_range {
        uint64_t addr;
        size_t len;
};
void memory_prefetch(struct memory *m, const struct memory_range *ranges, size_t n);

/* Returns how many fetches were made and how many pages they read. */
struct memory_counts memory_counts(const struct memory *m);

#endif
