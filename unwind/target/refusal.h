/* SPDX-License-Identifier: MIT */
/* unwind/target/refusal.h: explains why attaching to a process failed, and the remedy. Not async-signal-safe. */
#ifndef CRASHPRE_UNWIND_REFUSAL_H
#define CRASHPRE_UNWIND_REFUSAL_H

#include "unwind/target/target.h"

/* Writes a sentence about `err` (-errno of ptrace(2) or of listing the threads) to `why`: the competing tracer's pid
 * and name, or the rule that forbids it with its remedy. */
void refusal_explain(const struct target *t, int err, char *why, size_t size);

#endif
