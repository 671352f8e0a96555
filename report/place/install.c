/* SPDX-License-Identifier: MIT */
#include "report/place/install.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *install_find(struct pool *pool, const char *place, const char **tried)
{
        char exe[PATH_MAX], real[PATH_MAX];
        ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
        char *slash;

        *tried = "/proc/self/exe";
        if (n < 0)
                return NULL;
        exe[n] = 0;
        slash = strrchr(exe, '/');
        if (!slash) {
                errno = ENOENT;
                return NULL;
        }
        *slash = 0;
        *tried = pool_printf(pool, "%s/../%s", exe, place);
        if (!realpath(*tried, real) || access(real, R_OK))
                return NULL;
        return pool_strdup(pool, real);
}
