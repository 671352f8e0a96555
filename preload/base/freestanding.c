/* SPDX-License-Identifier: MIT */
/* preload/base/freestanding.c: the four functions that compilers call implicitly (gcc manual, "Standards": a
 * freestanding environment must provide memcpy, memmove, memset and memcmp). Hidden, so that the crash path binds to
 * these and never calls through the PLT libc's functions, which an application may have replaced.
 */
#include "preload/base/arch.h"

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n) __attribute__((visibility("hidden")));
void *memmove(void *to, const void *from, size_t n) __attribute__((visibility("hidden")));
void *memset(void *to, int byte, size_t n) __attribute__((visibility("hidden")));
int memcmp(const void *a, const void *b, size_t n) __attribute__((visibility("hidden")));

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
        arch_copy(to, from, n);
        return to;
}

void *memmove(void *to, const void *from, size_t n)
{
        unsigned char *t = to;
        const unsigned char *f = from;

        if (t <= f || t >= f + n)
                return memcpy(to, from, n);
        while (n--)
                t[n] = f[n];
        return to;
}

void *memset(void *to, int byte, size_t n)
{
        arch_fill(to, byte, n);
        return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
        const unsigned char *x = a, *y = b;

        for (; n; n--, x++, y++)
                if (*x != *y)
                        return *x < *y ? -1 : 1;
        return 0;
}
