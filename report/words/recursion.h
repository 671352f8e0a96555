/* SPDX-License-Identifier: MIT */
/* report/words/recursion.h: repeated calls on a stack. Not async-signal-safe. */
#ifndef CRASHPRE_REPORT_RECURSION_H
#define CRASHPRE_REPORT_RECURSION_H

#include "report/model/model.h"

/* Frames [first, end) of a thread repeat the same `period` calls: f g f g f. Frames among them that were omitted from
 * the report are assumed to continue the cycle. */
struct recursion {
        size_t first, end, period;
        uint64_t calls; /* number of calls, including omitted ones */
        uint64_t count; /* repetitions: calls / period */
};

/* Finds the first repetition at or after frame `from`, of at least three times. Returns false if there is none. */
bool recursion_find(const struct report_thread *thread, size_t from, struct recursion *out);

/* Finds the longest repetition of a thread. Returns false if there is none. */
bool recursion_longest(const struct report_thread *thread, struct recursion *out);

/* Fills fault.recursion of a stack overflow if calls repeat for most of the stack. The list of functions starts with
 * the same one wherever in the cycle the overflow happened. */
void recursion_fill(struct report *report);

/* Returns the plain names of the program's own functions in fault.recursion, without duplicates; of all functions if
 * none is its own. From the pool, *n of them; 0 if there is no recursion. */
const char **recursion_own_names(struct report *report, size_t *n);

#endif
