/* SPDX-License-Identifier: MIT */
/* report/gather/stacks.h: from a target's threads and modules to those of the report. */
#ifndef CRASHPRE_REPORT_STACKS_H
#define CRASHPRE_REPORT_STACKS_H

#include "report/model/model.h"
#include "unwind/symbols/symbols.h"

/* More than programs have; debugging information that was made to claim more does not get it. */
#define STACKS_INLINED_MAX 16384

/* Copies modules, threads, registers and frames; t->threads[0] is marked as crashed if `crashed`. A frame that has
 * calls inlined into it becomes one frame a call (beyond STACKS_INLINED_MAX of them in a report: one frame).
 * Addresses are looked up in `symbols`; NULL: no names. 0, or -errno of the look-up (all else is there then). */
int stacks_fill(struct report *report, struct target *t, struct symbols *symbols, bool crashed);

#endif
