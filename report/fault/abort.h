/* SPDX-License-Identifier: MIT */
/* report/fault/abort.h: determines the cause of an abort. */
#ifndef CRASHPRE_REPORT_FAULT_ABORT_H
#define CRASHPRE_REPORT_FAULT_ABORT_H

#include "report/model/model.h"
#include "unwind/core/terms/fault_class.h"

/* Classifies by report->cause.message, then by the names of the crashing thread's frames. FAULT_UNKNOWN: no specific
 * cause. */
enum fault_class fault_abort_class(const struct report *report);

#endif
