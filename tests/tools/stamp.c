/* SPDX-License-Identifier: MIT */
/* tests/tools/stamp.c: replaces the helper and writes the time at which its main began (CLOCK_MONOTONIC, nanoseconds)
 * to the file that CRASHPRE_META_stamp names. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(void)
{
        struct timespec now;
        const char *path;
        FILE *f;

        clock_gettime(CLOCK_MONOTONIC, &now);
        path = getenv("CRASHPRE_META_stamp");
        f = path ? fopen(path, "w") : NULL;
        if (!f)
                return 2;
        fprintf(f, "%lld\n", (long long)now.tv_sec * 1000000000 + now.tv_nsec);
        return fclose(f) ? 2 : 0;
}
