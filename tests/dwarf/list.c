/* SPDX-License-Identifier: MIT */
#include "shapes.h"

#include <stdio.h>
#include <stdlib.h>

volatile int sink;

__attribute__((noinline, cold)) static void complain(const char *what, int n)
{
        fprintf(stderr, "%s: %d\n", what, n);
        if (sink == 77)
                abort();
}

static int weigh(const struct node *n, int by)
{
        int w = clamp(n->value * by, -1000, 1000);

        if (__builtin_expect(w == 999, 0)) {
                complain("odd weight", w);
                sink = w;
        }
        return w;
}

int list_sum(const struct node *list, int limit)
{
        int sum = 0;

        for (; list; list = list->next) {
                sum += weigh(list, 3);
                if (__builtin_expect(sum > limit, 0)) {
                        complain("limit", sum);
                        for (int i = 0; i < 3; i++)
                                sink += clamp(sum, i, limit);
                        return -1;
                }
        }
        return sum;
}

int list_filter(struct node *list, int odd)
{
#ifndef __clang__
        int keep(const struct node *n) { return clamp(n->value & 1, 0, 1) == odd; } /* nested: GNU C */
#else
#define keep(n) (clamp((n)->value & 1, 0, 1) == odd)
#endif
        int kept = 0;

        for (struct node *n = list; n; n = n->next)
                if (keep(n))
                        kept += weigh(n, 2);
        return kept;
}
