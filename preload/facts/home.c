/* SPDX-License-Identifier: MIT */
#include "preload/facts/home.h"
#include "preload/base/next.h"
#include "preload/base/startup.h"
#include "preload/facts/settings.h"
#include "unwind/core/terms/str.h"

#include <limits.h>

#define HELPER_FROM_LIBRARY "../libexec/crashpre/crashpre-helper"

SEALED_DATA struct home home = { .helper = "" };

/* Stores the helper's path relative to the directory of `library` if that file exists. */
static bool find_beside(const char *library)
{
        char path[PATH_MAX];
        size_t dir = str_len(library);

        while (dir && library[dir - 1] != '/')
                dir--;
        if (!dir || dir + sizeof(HELPER_FROM_LIBRARY) > sizeof(path))
                return false;
        __builtin_memcpy(path, library, dir);
        path[dir] = 0;
        str_cat(path, sizeof(path), &dir, HELPER_FROM_LIBRARY);
        home.helper = settings_absolute(path);
        return fileid_read(AT_FDCWD, home.helper, &home.helper_file) == 0;
}

/* The resolved path of this library, which may be loaded by a symbolic link. */
static bool resolve(const char *library, char path[static PATH_MAX])
{
        int fd = sys_openat(AT_FDCWD, library, O_PATH | O_CLOEXEC, 0);
        char link[32] = "/proc/self/fd/";
        size_t at = str_len(link);
        ssize_t n;

        if (fd < 0)
                return false;
        str_cat_dec(link, sizeof(link), &at, (uint64_t)fd, 1);
        n = sys_readlink(link, path, PATH_MAX - 1);
        sys_close(fd);
        path[n > 0 ? n : 0] = 0;
        return n > 0;
}

void home_load(void)
{
        const char *library = next_own_path();
        char path[PATH_MAX];

        fileid_read(AT_FDCWD, "/", &home.root);
        if (*settings.helper) {
                home.helper = settings.helper;
                fileid_read(AT_FDCWD, home.helper, &home.helper_file);
        } else if (!find_beside(library) && resolve(library, path)) {
                find_beside(path);
        }
}
