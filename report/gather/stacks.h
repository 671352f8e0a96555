/* SPDX-License-Identifier: MIT */
/* report/gather/stacks.h: converts a target's threads and modules to those of the report. Not async-signal-safe. */
#ifndef CRASHPRE_REPORT_STACKS_H
#define CRASHPRE_REPORT_STACKS_H

#include "report/model/model.h"
#include "unwind/symbols/symbols.h"

/* Exceeds what programs have; limits debugging information that was forged to claim more. */
#define STACKS_INLINED_MAX 16384

/* Copies modules, threads, registers and frames; t->threads[0] is marked as crashed if `crashed`. A frame with
 * inlined calls becomes one report frame per call (beyond STACKS_INLINED_MAX of them in a report: one frame).
 * Addresses are looked up in `symbols`; NULL: no names. Returns 0, or -errno of the look-up (the rest is filled
 * then). */
int stacks_fill(struct report *report, struct target *t, struct symbols *symbols, bool crashed);

#endif
