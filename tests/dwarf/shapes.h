/* SPDX-License-Identifier: MIT */
/* tests/dwarf: a small program with unusual line tables and trees of debugging information. */
#ifndef CRASHPRE_TESTS_DWARF_SHAPES_H
#define CRASHPRE_TESTS_DWARF_SHAPES_H

#ifdef __cplusplus
extern "C" {
#endif

struct node {
        struct node *next;
        int value;
};

int list_sum(const struct node *list, int limit);
int list_filter(struct node *list, int odd);
int assembled(int x);
int assembled_too(int x);
extern volatile int sink;

static inline __attribute__((always_inline)) int clamp(int v, int low, int high)
{
        if (v < low)
                return low;
        return v > high ? high : v;
}

#ifdef __cplusplus
}
#endif

#endif
