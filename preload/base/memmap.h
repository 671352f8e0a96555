/* SPDX-License-Identifier: MIT */
/* preload/base/memmap.h: the dying process's own memory map and modules, as /proc gives them.
 *
 * Signal context: async-signal-safe; ld.so is never asked (its lock may be held). Static storage, one user at a time:
 * the thread that claimed the crash. Beyond the limits the map is truncated, counted, never wrong.
 */
#ifndef CRASHPRE_PRELOAD_MEMMAP_H
#define CRASHPRE_PRELOAD_MEMMAP_H

#include "unwind/core/image/image.h"

#include <stdbool.h>
#include <stddef.h>

struct memmap_range {
        uint64_t start, end, offset;
        uint32_t perms; /* MAPS_* */
        uint32_t path_len;
        const char *path; /* not NUL-terminated; "" for none */
        uint64_t inode;
        bool deleted;
};

struct memmap_module {
        struct image image;
        uint64_t start, end; /* of its mappings */
        const char *path;    /* as in struct memmap_range */
        size_t path_len;
};

struct memmap {
        const struct memmap_range *range; /* sorted by address, as the kernel prints them */
        size_t range_count;
        const struct memmap_module *module; /* sorted by address */
        size_t module_count;
        const char *text; /* the file as read, whole lines, at most RAW_MAPS_CAP bytes */
        size_t text_len;
        size_t lines_omitted;  /* beyond text */
        size_t ranges_omitted; /* beyond the table */
        int error;             /* 0, or -errno of opening or reading the file */
};

/* Reads the map anew; probe_begin() must have been called. The result is valid until the next call. */
const struct memmap *memmap_read(void);

/* The map read last; empty before the first time. */
const struct memmap *memmap_last(void);

/* The range or module that holds `addr`, or NULL. */
const struct memmap_range *memmap_find(const struct memmap *m, uint64_t addr);
const struct memmap_module *memmap_module_of(const struct memmap *m, uint64_t addr);

/* What the CFI engine wants of the world, over the map read last. */
extern const struct cfi_space memmap_space;

#endif
