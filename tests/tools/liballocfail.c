/* SPDX-License-Identifier: MIT */
/* liballocfail.so: a preload in which allocation number $ALLOC_FAIL_AT fails, and with ALLOC_FAIL_ON=1 also every
 * later one. Prints "allocations: N" on stderr at the end if $ALLOC_COUNT is set.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static long count, fail_at;
static int fail_on;

__attribute__((constructor)) static void begin(void)
{
        const char *at = getenv("ALLOC_FAIL_AT");

        fail_at = at ? strtol(at, NULL, 10) : 0;
        fail_on = getenv("ALLOC_FAIL_ON") != NULL;
        count = 0;
}

__attribute__((destructor)) static void end(void)
{
        char text[64];

        if (getenv("ALLOC_COUNT") && write(2, text, (size_t)sprintf(text, "allocations: %ld\n", count)) < 0)
                _exit(1);
}

static int fails(void)
{
        count++;
        if (!fail_at || (fail_on ? count < fail_at : count != fail_at))
                return 0;
        errno = ENOMEM;
        return 1;
}

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);

void *malloc(size_t size)
{
        return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
        return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
        return fails() ? NULL : __libc_realloc(p, size);
}
