/* SPDX-License-Identifier: MIT */
/* unwind/core/image/maps.h: one line of /proc/PID/maps (proc(5)).
 *
 *   7f52a1c28000-7f52a1d95000 r-xp 00028000 fe:01 1835     /usr/lib/x86_64-linux-gnu/libc.so.6
 *   start        end          perm offset   dev   inode    path, to the end of the line; "\012" stands for a newline
 *   in it
 *
 * Allocation-free, libc-free, async-signal-safe.
 */
#ifndef CRASHPRE_UNWIND_CORE_MAPS_H
#define CRASHPRE_UNWIND_CORE_MAPS_H

#include <stddef.h>
#include <stdint.h>

enum { MAPS_READ = 1, MAPS_WRITE = 2, MAPS_EXEC = 4, MAPS_SHARED = 8 };

/* Entries of /proc/PID/pagemap (Documentation/admin-guide/mm/pagemap.rst): the page is present, swapped out, or a
 * guard page of madvise(2), which has its own bit since Linux 6.15. Without any of these bits the page has not been
 * written yet. */
#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_SWAPPED (1ull << 62)
#define PAGEMAP_GUARD (1ull << 58)
#define PAGEMAP_TAKEN (PAGEMAP_PRESENT | PAGEMAP_SWAPPED | PAGEMAP_GUARD)

struct maps_line {
        uint64_t start, end, offset, inode;
        uint32_t dev_major, dev_minor;
        uint32_t perms;   /* MAPS_* */
        const char *path; /* points into the line, not NUL-terminated; "" if there is none */
        size_t path_len;  /* without a trailing " (deleted)" */
        int deleted;      /* the line ended in " (deleted)" */
};

/* Parses `line` of `len` bytes, without its newline. Returns 0 or -EBADMSG. */
int maps_parse_line(const char *line, size_t len, struct maps_line *out);

#endif
