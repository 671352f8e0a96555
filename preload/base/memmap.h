/* SPDX-License-Identifier: MIT */
/* preload/base/memmap.h: the dying process's own memory map, as /proc shows it.
 *
 * Signal context: async-signal-safe. Static storage, one user at a time: the thread that claimed the crash. Beyond the limits the
 * map is truncated and what is missing is counted. The modules in it: modmap.h.
 */
#ifndef CRASHPRE_PRELOAD_MEMMAP_H
#define CRASHPRE_PRELOAD_MEMMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memmap_range {
        uint64_t start, end, offset;
        uint32_t perms; /* MAPS_* */
        uint32_t path_len;
        const char *path; /* not NUL-terminated; "" for none */
        uint64_t inode;
        bool deleted;
};

struct memmap {
        const struct memmap_range *range; /* sorted by address, as the kernel prints them */
        size_t range_count;
        const char *text; /* the file as read, whole lines, at most RAW_MAPS_CAP bytes */
        size_t text_len;
        size_t lines_omitted;  /* beyond text */
        size_t ranges_omitted; /* beyond the table */
        int error;             /* 0, or -errno of opening or reading the file */
};

/* Reads the map anew. The result is valid until the next call. Callers use modmap_read(), which reads the modules with it. */
const struct memmap *memmap_read(void);

/* The map read last; empty before the first time. */
const struct memmap *memmap_last(void);

/* The range that holds `addr`, or NULL. */
const struct memmap_range *memmap_find(const struct memmap *m, uint64_t addr);

/* Adds a range that is known from elsewhere to the map read last, in its order; its path must outlive the map. */
void memmap_insert(const struct memmap_range *r);

/* A copy of `n` bytes that lives as long as the map read last; "" where there is no room left. */
const char *memmap_keep_name(const char *s, size_t n);

#endif
