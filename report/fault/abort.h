/* SPDX-License-Identifier: MIT */
/* report/fault/abort.h: what an abort was about. */
#ifndef CRASHPRE_REPORT_FAULT_ABORT_H
#define CRASHPRE_REPORT_FAULT_ABORT_H

#include "report/model/model.h"

/* By report->cause.message, then by the names of the crashing thread's frames: "assertion", "heap-corruption", ... as
 * in report->fault.class. NULL: an abort like any other. */
const char *fault_abort_class(const struct report *report);

#endif
