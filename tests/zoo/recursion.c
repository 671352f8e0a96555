/* SPDX-License-Identifier: MIT */
/* tests/zoo/recursion.c: calls that never end.
 *
 *   recursion word [depth]: without a depth until the stack is full; with one, a null write that deep
 */
#include <stdlib.h>
#include <string.h>

#define ENTRY __attribute__((noinline))
#define INLINED __attribute__((always_inline)) static inline

static volatile int sink;
static long depth = -1;

static void deeper(void)
{
        if (depth >= 0 && depth-- == 0)
                *(volatile int *volatile)NULL = 1; /* CRASH: deep */
}

/* ---- three that call each other; frames of different sizes, so that the stack ends in any of them ---- */

static void first(int n);

ENTRY static void third(int n)
{
        volatile char frame[512];

        frame[0] = (char)n;
        deeper();
        first(n + 1);
        sink = frame[0];
}

ENTRY static void second(int n)
{
        third(n + 1);
        sink = n;
}

ENTRY static void first(int n)
{
        volatile char frame[64];

        frame[0] = (char)n;
        second(n + 1);
        sink = frame[0];
}

/* ---- inlined into one another ---- */

static void outer(int n);

INLINED void inner(int n)
{
        volatile char frame[64];

        frame[0] = (char)n;
        deeper();
        outer(n + 1); /* LINE: inner */
        sink = frame[0];
}

ENTRY static void outer(int n)
{
        inner(n + 1); /* LINE: outer */
        sink = n;
}

/* ---- a walk without a cycle ---- */

static void walk(unsigned n);

ENTRY static void left(unsigned n)
{
        walk(n * 1103515245 + 12345);
        sink = (int)n;
}

ENTRY static void right(unsigned n)
{
        walk(n * 1664525 + 1013904223);
        sink = (int)n;
}

ENTRY static void walk(unsigned n)
{
        deeper();
        if (n >> 30 & 1)
                left(n);
        else
                right(n);
        sink = (int)n;
}

/* ---- through libc ---- */

static void sort(void);

static int compare(const void *a, const void *b)
{
        deeper();
        sort();
        return *(const int *)a - *(const int *)b;
}

ENTRY static void sort(void)
{
        int v[] = { 2, 1 };

        qsort(v, 2, sizeof(*v), compare);
        sink = v[0];
}

int main(int argc, char **argv)
{
        if (argc > 2)
                depth = atol(argv[2]);
        if (argc < 2)
                return 2;
        if (!strcmp(argv[1], "first"))
                first(1);
        else if (!strcmp(argv[1], "second"))
                second(1);
        else if (!strcmp(argv[1], "inlined"))
                outer(1);
        else if (!strcmp(argv[1], "walk"))
                walk((unsigned)depth);
        else if (!strcmp(argv[1], "sort"))
                sort();
        return 0;
}
