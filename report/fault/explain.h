/* SPDX-License-Identifier: MIT */
/* report/fault/explain.h: explains a crash to readers with little experience with crashes. */
#ifndef CRASHPRE_REPORT_FAULT_EXPLAIN_H
#define CRASHPRE_REPORT_FAULT_EXPLAIN_H

#include "report/fault/examine.h"

/* Returns one or two sentences from the report's pool, based on report->fault.class, which must be set, and all other
 * known data. NULL: nothing to add to the class. `t` and `seen` may be NULL. */
const char *fault_explain(struct report *report, const struct crash_facts *facts, const struct target *t,
                          const struct examination *seen);

/* Like fault_explain(), for crashes that are not faults of an instruction: aborts, sent signals, system calls. NULL:
 * not one of them. */
const char *fault_explain_abort(struct report *report, const struct crash_facts *facts);

#endif
