/* SPDX-License-Identifier: MIT */
/* report/words/describe.h: the phrases that text and JSON share. All from the report's pool; not yet safe for a
 * terminal (utf8.h). */
#ifndef CRASHPRE_REPORT_DESCRIBE_H
#define CRASHPRE_REPORT_DESCRIBE_H

#include "report/model/model.h"

/* Base name of the program, "process" where it is unknown. */
const char *describe_program(struct report *report);

/* "SIGSEGV (null-dereference: write to 0x0)", "SIGABRT (uncaught-exception: std::runtime_error)", "a request
 * (reason)". */
const char *describe_cause(struct report *report);

/* "app[4242] died of SIGSEGV (null-dereference: write to 0x0) in thread worker-1 [4243]"; "got" where it may live
 * on. */
const char *describe_headline(struct report *report);

/* Sets cause.summary, once all else is known: "null-dereference: write to 0x4 in shop::Shelf::put at inlined.cc:23",
 * "assertion failed: n > 0, in pop at stack.c:42", "std::out_of_range: index 7, thrown in get at x.cc:10". */
void describe_summary(struct report *report);

/* The summary without the place: "null-dereference: write to 0x4", "assertion failed: n > 0". */
const char *describe_what(struct report *report);

/* "in pop at stack.c:42", "in strlen, called from count at text.c:7": where the program's own code was. NULL where
 * nothing of that is known. */
const char *describe_where(struct report *report);

/* Of fault.recursion: "f calling itself 870 times", "f and g calling each other 435 times"; NULL without one. */
const char *describe_recursion(struct report *report);

/* Expression of the assertion that failed, out of the message ("n > 0"); NULL if it was none. */
const char *describe_assertion(struct report *report);

/* "libx.so+0x1139", or the bare address where no module is known. */
const char *describe_place(struct report *report, const struct report_frame *frame);

/* "store.c:42"; NULL where the line is not known. */
const char *describe_line(struct report *report, const struct report_frame *frame);

/* What frame.text holds: "function at store.c:42", without a line "function+0x10 in libx.so" (no +0x0), without a
 * name the place; "<signal handler called>". */
const char *describe_frame(struct report *report, const struct report_frame *frame);

/* A C++ type's name from its mangled one, which lacks the "_ZTI" of a symbol; as it is if it is none. */
const char *describe_type(struct pool *pool, const char *mangled);

#endif
