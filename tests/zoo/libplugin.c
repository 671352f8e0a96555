/* SPDX-License-Identifier: MIT */
/* tests/zoo/libplugin.c: a library whose constructor never returns, so that the loading thread holds the loader's
 * lock. */
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void park(void)
{
        const char *fd = getenv("ZOO_PARK_FD");

        if (!fd)
                return;
        if (write(atoi(fd), "p", 1) == 1)
                for (;;)
                        pause();
}
