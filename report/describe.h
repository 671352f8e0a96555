/* SPDX-License-Identifier: MIT */
/* report/describe.h: the phrases that text, JSON and pages share. All from the report's pool; not yet safe for a
 * terminal (utf8.h). */
#ifndef CRASHPRE_REPORT_DESCRIBE_H
#define CRASHPRE_REPORT_DESCRIBE_H

#include "report/model.h"

/* Base name of the program, "process" where it is unknown. */
const char *describe_program(struct report *report);

/* "SIGSEGV (null-dereference: write to 0x0)", "SIGABRT (uncaught-exception: std::runtime_error)", "a request
 * (reason)". */
const char *describe_cause(struct report *report);

/* "app[4242] died of SIGSEGV (null-dereference: write to 0x0) in thread worker-1 [4243]"; "got" where it may live
 * on. */
const char *describe_headline(struct report *report);

/* Sets cause.summary: the cause and, for faults of the program's own code, the function. */
void describe_summary(struct report *report);

/* "libx.so+0x1139", or the bare address where no module is known. */
const char *describe_place(struct report *report, const struct report_frame *frame);

/* "function+0x10 in libx.so" (no +0x0), "<signal handler called>", or the place: what frame.text holds. */
const char *describe_frame(struct report *report, const struct report_frame *frame);

/* Part of a path after its last slash. Borrowed from `path`; NULL gives NULL. */
const char *describe_base_name(const char *path);

#endif
