/* SPDX-License-Identifier: MIT */
/* report/gather/source.h: lines of source around the frames of a thread.
 *
 * A file is shown only where it can be what the program was made from: a regular file under the target's root, by the
 * absolute name that the debugging information has, not changed after the module's own file. What is not there is
 * passed over in silence, what is newer is told in one diagnostic a module.
 */
#ifndef CRASHPRE_REPORT_SOURCE_H
#define CRASHPRE_REPORT_SOURCE_H

#include "report/model/model.h"
#include "unwind/target/target.h"

/* Longer lines are cut and end in "...". */
#define SOURCE_LINE_MAX 240

/* What all lines of one report may take; the innermost frames come first. */
#define SOURCE_TOTAL_MAX ((size_t)128 * 1024)

/* Larger files are no source that somebody wrote, or would take too long. */
#define SOURCE_FILE_MAX ((size_t)32 * 1024 * 1024)

/* Gives the frames of `thread` up to `around` lines on each side of their own. Stops at `deadline_ns`
 * (CLOCK_MONOTONIC, 0: none). */
void source_fill(struct report *report, const struct target *t, struct report_thread *thread, size_t around,
                 uint64_t deadline_ns);

#endif
