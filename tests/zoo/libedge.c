/* SPDX-License-Identifier: MIT */
/* tests/zoo/libedge.c: a library that crashes in its constructor (ZOO_EDGE=ctor) or destructor (ZOO_EDGE=dtor), or is
 * unloaded during a call. */
#include <stdlib.h>
#include <string.h>

void edge_call(void (*next)(void *), void *arg);

static void crash_if(const char *when)
{
        const char *wanted = getenv("ZOO_EDGE");

        if (wanted && strcmp(wanted, when) == 0)
                *(volatile int *)0 = 1; /* CRASH: edge */
}

__attribute__((constructor)) static void edge_begins(void)
{
        crash_if("ctor");
        __asm__ volatile("" ::: "memory");
}

__attribute__((destructor)) static void edge_ends(void)
{
        crash_if("dtor");
        __asm__ volatile("" ::: "memory");
}

void edge_call(void (*next)(void *), void *arg)
{
        volatile char room[200];

        room[0] = 1;
        next(arg);
        room[1] = room[0];
}
