/* SPDX-License-Identifier: MIT */
/* report/finish.h: from what was gathered to a complete report; the same for the live helper and for a report read from a file.
 *
 * The order: finish_stacks(), then (examine.h) examine(), then finish_report(). Not thread-safe, not async-signal-safe.
 */
#ifndef CRASHPRE_REPORT_FINISH_H
#define CRASHPRE_REPORT_FINISH_H

#include "report/fault/examine.h"
#include "report/model/model.h"
#include "report/raw/read.h"
#include "unwind/core/terms/wire.h"
#include "unwind/symbols/symbols.h"
#include "unwind/target/target.h"

/* Fills threads, frames and modules, the stack of the exception's throw and the context of the crashing thread. `symbols`: NULL for
 * no names. `raw`: what the raw report says of the context. 0, or -errno of the look-up of names (all else is there then). */
int finish_stacks(struct report *report, struct target *t, struct symbols *symbols, const struct wire_crash *crash,
                  const struct raw_report *raw);

/* Message, exception, signal, fault, signature and summary. `seen`: NULL where the code at the crash was not examined. Completes
 * `crash` by what names of frames reveal (message.h). */
void finish_report(struct report *report, struct target *t, struct wire_crash *crash, const struct examination *seen);

#endif
