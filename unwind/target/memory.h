/* SPDX-License-Identifier: MIT */
/* unwind/target/memory.h: a cache of the pages of another address space.
 *
 * An unwinder reads thousands of words that stand on few pages, and each fetch is a system call: so pages are kept,
 * neighbours are fetched ahead where a walk goes on upward (a deep recursion), and many pages can be asked for in one
 * call (the stacks of all threads). Pages found unreadable are remembered as such. What was copied once stays
 * readable after the process has gone on or died. Single-threaded; not async-signal-safe.
 */
#ifndef CRASHPRE_UNWIND_MEMORY_H
#define CRASHPRE_UNWIND_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MEMORY_PAGE 4096u

struct memory_page {
        uint64_t addr;
        uint8_t *data; /* MEMORY_PAGE bytes to fill; set to NULL by the source: cannot be read */
};

/* Fills the pages, which ascend by address within a run of neighbours. Neighbours often have neighbouring buffers. */
typedef void memory_fetch(void *ctx, struct memory_page *pages, size_t n);

struct memory; /* opaque */

struct memory_counts {
        uint64_t fetches, pages;
};

/* New; NULL without memory. memory_free(NULL) is fine. */
struct memory *memory_new(memory_fetch *fetch, void *ctx);
void memory_free(struct memory *m);

/* Copies up to `len` bytes at `addr`; a short count at the first unreadable page (0 where that is the first). Never
 * fails otherwise. */
size_t memory_read(struct memory *m, uint64_t addr, void *buf, size_t len);

/* Fetches the pages that the ranges touch and that are not there yet, all in one call to the source. */
struct memory_range {
        uint64_t addr;
        size_t len;
};
void memory_prefetch(struct memory *m, const struct memory_range *ranges, size_t n);

struct memory_counts memory_counts(const struct memory *m);

#endif
