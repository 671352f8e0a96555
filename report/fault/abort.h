/* SPDX-License-Identifier: MIT */
/* report/fault/abort.h: what an abort was about. */
#ifndef CRASHPRE_REPORT_FAULT_ABORT_H
#define CRASHPRE_REPORT_FAULT_ABORT_H

#include "report/model/model.h"
#include "unwind/core/terms/fault_class.h"

/* By report->cause.message, then by the names of the crashing thread's frames. FAULT_UNKNOWN: an abort like any other. */
enum fault_class fault_abort_class(const struct report *report);

#endif
