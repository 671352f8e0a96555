/* SPDX-License-Identifier: MIT */
/* unwind/target/refusal.h: why a process could not be attached to, and what can be done about it. */
#ifndef CRASHPRE_UNWIND_REFUSAL_H
#define CRASHPRE_UNWIND_REFUSAL_H

#include "unwind/target/target.h"

/* A sentence for people about `err` (-errno of ptrace(2) or of the list of threads): the competing tracer's pid and
 * name, or the rule that forbids it with its remedy. */
void refusal_explain(const struct target *t, int err, char *why, size_t size);

#endif
