/* SPDX-License-Identifier: MIT */
/* preload/base/lines.h: reads a file of /proc line by line. Async-signal-safe. */
#ifndef CRASHPRE_PRELOAD_LINES_H
#define CRASHPRE_PRELOAD_LINES_H

#include "preload/base/syscalls.h"

#include <errno.h>
#include <stdbool.h>

/* Calls fn(ctx, line, length), without the newline, for each line of `path` until it returns false. A line longer than the buffer is
 * skipped. Returns true if the end of the file was reached. */
static inline bool lines_each(const char *path, char *buf, size_t size,
                              bool (*fn)(void *ctx, const char *line, size_t len), void *ctx)
{
        int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
        size_t have = 0;
        bool more = fd >= 0;
        ssize_t n = -1;

        while (more && ((n = sys_read(fd, buf + have, size - have)) > 0 || n == -EINTR)) {
                size_t end = have + (size_t)(n > 0 ? n : 0), start = 0;

                for (size_t i = have; more && i < end; i++) {
                        if (buf[i] != '\n')
                                continue;
                        more = fn(ctx, buf + start, i - start);
                        start = i + 1;
                }
                have = end - start < size ? end - start : 0;
                __builtin_memmove(buf, buf + start, have);
        }
        if (fd >= 0)
                sys_close(fd);
        return more && n == 0;
}

#endif
