/* SPDX-License-Identifier: MIT */
/* report/gather/memory.h: the bytes that registers point to. Not async-signal-safe. */
#ifndef CRASHPRE_REPORT_GATHER_MEMORY_H
#define CRASHPRE_REPORT_GATHER_MEMORY_H

#include "report/gather/privacy.h"

/* The highest address whose bytes memory_fill() adds; 0: none. */
uint64_t memory_highest(const struct target *t);

/* Adds the bytes of the innermost stack frames, and those around the address in each other register of the crashing thread, to
 * report->memory. Those that `privacy` withholds are listed with the reason. */
void memory_fill(struct report *report, struct target *t, const struct privacy *privacy);

#endif
