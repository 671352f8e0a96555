/* SPDX-License-Identifier: MIT */
/* report/gather/throw_site.h: the stack of an exception's throw, symbolized together with the threads. Not
 * async-signal-safe. */
#ifndef CRASHPRE_REPORT_THROW_SITE_H
#define CRASHPRE_REPORT_THROW_SITE_H

#include "report/model/model.h"
#include "unwind/target/target.h"

/* Appends a thread with these return addresses to the threads of `t`; does nothing if n is 0. */
void throw_site_add(struct target *t, const uint64_t *pc, size_t n);

/* Call after stacks_fill(): moves that thread from `t` and `report` to report->cause.exception.thrown_at. `n` as for
 * throw_site_add(). */
void throw_site_take(struct report *report, struct target *t, size_t n);

#endif
