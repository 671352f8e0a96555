/* SPDX-License-Identifier: MIT */
/* report/fault/explain.h: why a program died, for somebody who has not seen many crashes. */
#ifndef CRASHPRE_REPORT_FAULT_EXPLAIN_H
#define CRASHPRE_REPORT_FAULT_EXPLAIN_H

#include "report/fault/examine.h"

/* A sentence or two from the report's pool, by report->fault.class, which must be there, and all else that is known.
 * NULL: nothing to say that the class does not. `t` and `seen` may be NULL. */
const char *fault_explain(struct report *report, const struct crash_facts *facts, const struct target *t,
                          const struct examination *seen);

/* The same for what was no fault of an instruction: aborts, sent signals, system calls. NULL: not one of them. */
const char *fault_explain_abort(struct report *report, const struct crash_facts *facts);

#endif
