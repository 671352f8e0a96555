/* SPDX-License-Identifier: MIT */
/* report/gather/source.h: source lines around the frames of a thread. Not async-signal-safe.
 *
 * A file is shown only if it can be the source of the program: a regular file under the target's root, at the
 * absolute path in the debugging information, not modified after the module's own file. Missing files are ignored;
 * newer files are reported in one diagnostic per module.
 */
#ifndef CRASHPRE_REPORT_SOURCE_H
#define CRASHPRE_REPORT_SOURCE_H

#include "report/model/model.h"
#include "unwind/target/target.h"

/* Longer lines are truncated and end in "...". */
#define SOURCE_LINE_MAX 240

/* Limit of all lines of one report; the innermost frames are filled first. */
#define SOURCE_TOTAL_MAX ((size_t)128 * 1024)

/* Larger files are not hand-written source, or would take too long. */
#define SOURCE_FILE_MAX ((size_t)32 * 1024 * 1024)

/* Adds to the frames of `thread` up to `around` lines before and after their own line. Stops at `deadline_ns`
 * (CLOCK_MONOTONIC, 0: none). */
void source_fill(struct report *report, const struct target *t, struct report_thread *thread, size_t around,
                 uint64_t deadline_ns);

#endif
