/* SPDX-License-Identifier: MIT */
#include "report/place/shown.h"

#include <string.h>

const char *shown_path(struct pool *pool, const char *path, const char *cwd)
{
        size_t len = cwd && *cwd == '/' ? strlen(cwd) : 0;

        if (len == 1) /* the root directory */
                len = 0;
        if (!path || !len || strncmp(path, cwd, len) != 0 || path[len] != '/' || !path[len + 1])
                return path;
        path += len + 1;
        return *path == '-' ? pool_printf(pool, "./%s", path) : path;
}
