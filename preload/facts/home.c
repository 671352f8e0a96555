/* SPDX-License-Identifier: MIT */
#include "preload/facts/home.h"
#include "preload/base/keep.h"
#include "preload/base/next.h"
#include "preload/base/startup.h"
#include "preload/facts/settings.h"
#include "unwind/core/terms/str.h"

#include <limits.h>

#define HELPER_FROM_LIBRARY "../libexec/crashpre/crashpre-helper"

SEALED_DATA struct home home = { .helper = "" };

/* Stores the helper's path relative to the directory of `library` if that file exists. No large buffers: this runs at each program
 * start, and a page fault of the stack takes longer than the system call. */
static bool find_beside(const char *library)
{
        size_t dir = str_len(library);
        const char *path;

        while (dir && library[dir - 1] != '/')
                dir--;
        path = dir ? keep_joined(library, dir, HELPER_FROM_LIBRARY) : NULL;
        if (!path)
                return false;
        home.helper = *path == '/' ? path : settings_absolute(path);
        return fileid_read(AT_FDCWD, home.helper, &home.helper_file) == 0;
}

/* The resolved path of this library, which may be loaded by a symbolic link. */
static __attribute__((noinline)) bool find_resolved(const char *library)
{
        char path[PATH_MAX];
        int fd = sys_openat(AT_FDCWD, library, O_PATH | O_CLOEXEC, 0);
        char link[32] = "/proc/self/fd/";
        size_t at = str_len(link);
        ssize_t n;

        if (fd < 0)
                return false;
        str_cat_dec(link, sizeof(link), &at, (uint64_t)fd, 1);
        n = sys_readlink(link, path, sizeof(path) - 1);
        sys_close(fd);
        path[n > 0 ? n : 0] = 0;
        return n > 0 && find_beside(path);
}

void home_load(void)
{
        const char *library = next_own_path();

        fileid_read(AT_FDCWD, "/", &home.root);
        if (*settings.helper) {
                home.helper = settings.helper;
                fileid_read(AT_FDCWD, home.helper, &home.helper_file);
        } else if (!find_beside(library)) {
                find_resolved(library);
        }
}
