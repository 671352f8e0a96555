/* SPDX-License-Identifier: MIT */
/* preload/base/memmap.h: the memory map of the crashing process, read from /proc.
 *
 * Signal context: async-signal-safe. Static storage, one user at a time: the thread that claimed the crash. A process may have
 * more mappings than the table has room for (vm.max_map_count is 65530 or a million): the rest of the table is then reserved for
 * executable mappings and those of the same files next to them, and memmap_find() reads the file again for others. For the modules
 * see modmap.h.
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
        const char *path;    /* not NUL-terminated; "" for none, or if the store of names is full */
        uint64_t dev, inode; /* dev: major << 32 | minor; 0: none */
        bool deleted;
};

struct memmap {
        const struct memmap_range *range; /* sorted by address, as the kernel prints them */
        size_t range_count;
        const char *text; /* the file as read, whole lines, at most RAW_MAPS_CAP bytes */
        size_t text_len;
        size_t lines_omitted;  /* beyond text */
        size_t ranges_omitted; /* not in the table */
        int error;             /* 0, or -errno of opening or reading the file */
};

/* Reads the map again. The result is valid until the next call. Most callers use modmap_read(), which also reads the
 * modules. */
const struct memmap *memmap_read(void);

/* The map read last; empty before the first memmap_read(). */
const struct memmap *memmap_last(void);

/* Returns the memory of the map read last to the kernel: the process may be at the limit of its memory cgroup, and its helper needs
 * some. memmap_last() is empty then. */
void memmap_release(void);

/* The range that contains `addr`, or NULL. If it is not in the table: valid until a few further calls. */
const struct memmap_range *memmap_find(const struct memmap *m, uint64_t addr);

/* Inserts a range from another source into the map read last, sorted by address; its path must remain valid as long as
 * the map. */
void memmap_insert(const struct memmap_range *r);

/* Whether both are mappings of the same file, under the same name. */
bool memmap_same_file(const struct memmap_range *a, const struct memmap_range *b);

/* Whether the file of range `r` has an executable mapping there or a few ranges further up or down. */
bool memmap_has_code(const struct memmap *m, const struct memmap_range *r);

/* Returns a copy of `n` bytes, valid as long as the map read last; NULL if no space is left. */
const char *memmap_keep_name(const char *s, size_t n);

#endif
