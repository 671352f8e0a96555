/* SPDX-License-Identifier: MIT */
/* report/words/recursion.h: calls that repeat on a stack. */
#ifndef CRASHPRE_REPORT_RECURSION_H
#define CRASHPRE_REPORT_RECURSION_H

#include "report/model/model.h"

/* Frames [first, end) of a thread are the same `period` calls again and again: f g f g f. Frames that were left out
 * of the report within them are taken to go on so. */
struct recursion {
        size_t first, end, period;
        uint64_t calls; /* how many calls it is, those left out counted */
        uint64_t count; /* how often the calls repeat: calls / period */
};

/* The first repetition at or behind frame `from`, of three times at least; false if there is none. */
bool recursion_find(const struct report_thread *thread, size_t from, struct recursion *out);

/* The longest of a thread. */
bool recursion_longest(const struct report_thread *thread, struct recursion *out);

/* Fills fault.recursion of a stack overflow whose calls repeat for most of the stack. Wherever in the cycle it
 * happened, the functions begin with the same one. */
void recursion_fill(struct report *report);

/* Plain names of the functions in fault.recursion that are the program's own, each once; of all where none is. From
 * the pool, *n of them; 0 where there is no recursion. */
const char **recursion_own_names(struct report *report, size_t *n);

#endif
