/* SPDX-License-Identifier: MIT */
/* preload/facts/exe.h: the program's file. Async-signal-safe. */
#ifndef CRASHPRE_PRELOAD_EXE_H
#define CRASHPRE_PRELOAD_EXE_H

#include "preload/base/syscalls.h"
#include "preload/facts/settings.h"
#include "unwind/core/terms/str.h"

/* Copies the path, without the mark of a deleted file, NUL-terminated. Returns its length, 0 if /proc is not available. To the kernel,
 * a program started by the loader ("ld.so ./app") is the loader. */
static inline size_t exe_path(char *path, size_t size)
{
        size_t at = 0;
        ssize_t n;

        if (*settings.program) {
                str_cat(path, size, &at, settings.program);
                return at;
        }
        n = sys_readlink("/proc/thread-self/exe", path, size - 1);
        at = n > 0 ? str_without_deleted(path, (size_t)n) : 0;
        path[at] = 0;
        return at;
}

#endif
