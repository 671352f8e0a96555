/* SPDX-License-Identifier: MIT */
/* report/finish.h: completes a report from the gathered data; used by the helper and for a raw report read from a file.
 *
 * Call order: finish_stacks(), examine() (examine.h), finish_report(). Not thread-safe, not async-signal-safe.
 */
#ifndef CRASHPRE_REPORT_FINISH_H
#define CRASHPRE_REPORT_FINISH_H

#include "report/fault/examine.h"
#include "report/model/model.h"
#include "report/raw/read.h"
#include "unwind/core/terms/wire.h"
#include "unwind/symbols/symbols.h"
#include "unwind/target/target.h"

/* Fills threads, frames and modules, the stack of the exception's throw and the context of the crashing thread.
 * `symbols`: NULL for no names. `raw`: provides the context. Returns 0, or -errno of the look-up of names (everything
 * else is filled then). */
int finish_stacks(struct report *report, struct target *t, struct symbols *symbols, const struct wire_crash *crash,
                  const struct raw_report *raw);

/* Fills message, exception, signal, fault, signature and summary. `seen`: NULL if the code at the crash was not
 * examined. Completes `crash` with data derived from the names of frames (message.h). */
void finish_report(struct report *report, struct target *t, struct wire_crash *crash, const struct examination *seen);

#endif
