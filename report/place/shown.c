/* SPDX-License-Identifier: MIT */
#include "report/place/shown.h"

#include "report/place/install.h"

#include <string.h>
#include <unistd.h>

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

const char *shown_command(struct pool *pool, const char *search, const char *place)
{
        char *copy = pool_strdup(pool, search), *dir;
        const char *tried, *own;

        while (copy && (dir = strsep(&copy, ":")))
                if (*dir == '/' && !access(pool_printf(pool, "%s/crashpre", dir), X_OK))
                        return "crashpre";
        own = install_find(pool, place, &tried);
        return own ? own : "crashpre";
}
