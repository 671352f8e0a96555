/* SPDX-License-Identifier: MIT */
/* report/relay.h: recognizes processes that pass on the signal that their child died of.
 *
 * timeout(1), strace(1), unshare(1) and others wait for a child and then send themselves the signal that it died of, so
 * that their parent sees the same end. Such a process has not crashed. Not async-signal-safe.
 */
#ifndef CRASHPRE_REPORT_RELAY_H
#define CRASHPRE_REPORT_RELAY_H

#include "report/model/model.h"

/* Sets cause.relayed and changes fault.explanation if the process sent itself its signal and directory `dir_fd`
 * contains the report of a child, or of another descendant, that died of the same signal shortly before. Call it on a
 * complete report (finish_report()) that has an id. A report that cannot be read is no evidence: the mark is set only
 * if the crash is in another report. */
void relay_mark(struct report *report, int dir_fd);

#endif
