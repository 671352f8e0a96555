/* SPDX-License-Identifier: MIT */
/* report/gather/throw_site.h: the stack of an exception's throw, named with those of the threads. */
#ifndef CRASHPRE_REPORT_THROW_SITE_H
#define CRASHPRE_REPORT_THROW_SITE_H

#include "report/model/model.h"
#include "unwind/target/target.h"

/* Adds a thread of these return addresses behind those of `t`; nothing where n is 0. */
void throw_site_add(struct target *t, const uint64_t *pc, size_t n);

/* After stacks_fill(): takes it away from `t` and `report` again, as report->cause.exception.thrown_at. `n` as
 * before. */
void throw_site_take(struct report *report, struct target *t, size_t n);

#endif
