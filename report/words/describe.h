/* SPDX-License-Identifier: MIT */
/* report/words/describe.h: phrases used in both text and JSON. All are from the report's pool and not yet safe for a
 * terminal (utf8.h). Not async-signal-safe. */
#ifndef CRASHPRE_REPORT_DESCRIBE_H
#define CRASHPRE_REPORT_DESCRIBE_H

#include "report/model/model.h"

/* Returns the base name of the program, "process" if it is unknown. */
const char *describe_program(struct report *report);

/* Returns the cause: "SIGSEGV (null-dereference: write to 0x0)", "SIGABRT (uncaught-exception: std::runtime_error)",
 * "a request (reason)". */
const char *describe_cause(struct report *report);

/* Returns "app[4242] died of SIGSEGV (null-dereference: write to 0x0) in thread worker-1 [4243]"; "got" instead of
 * "died of" if the program may survive. */
const char *describe_headline(struct report *report);

/* Sets cause.summary; call it when all else is known: "null-dereference: write to 0x4 in shop::Shelf::put at
 * inlined.cc:23", "assertion failed: n > 0, in pop at stack.c:42", "std::out_of_range: index 7, thrown in get at
 * x.cc:10". */
void describe_summary(struct report *report);

/* Returns the summary without the location: "null-dereference: write to 0x4", "assertion failed: n > 0". */
const char *describe_what(struct report *report);

/* Returns the location in the program's own code: "in pop at stack.c:42", "in strlen, called from count at text.c:7".
 * NULL if it is unknown. */
const char *describe_where(struct report *report);

/* Describes fault.recursion: "f calling itself 870 times", "f and g calling each other 435 times"; NULL without one. */
const char *describe_recursion(struct report *report);

/* Returns what AddressSanitizer found ("heap-use-after-free"), from the reason of a report that its end of the program requested; NULL:
 * it is no such report. */
const char *describe_finding(struct report *report);

/* Extracts the expression of the failed assertion from the message ("n > 0"); NULL if there is none. */
const char *describe_assertion(struct report *report);

/* "SIGSEGV", "SIGRTMIN+3", from the report's pool; NULL: no such signal. */
const char *describe_signal(struct report *report, int signal);

/* Returns "data table+0x8" for a pc in a variable, NULL for any other frame. */
const char *describe_data(struct report *report, const struct report_frame *frame);

/* Returns "libx.so+0x1139", or the address if no module is known. */
const char *describe_place(struct report *report, const struct report_frame *frame);

/* Returns "store.c:42"; NULL if the line is not known. */
const char *describe_line(struct report *report, const struct report_frame *frame);

/* Returns the value of frame.text: "function at store.c:42", without a line "function+0x10 in libx.so" (no +0x0),
 * without a name the place; "<signal handler called>". */
const char *describe_frame(struct report *report, const struct report_frame *frame);

/* Demangles the name of a C++ type, which lacks the "_ZTI" of a symbol; returns it unchanged if it is not mangled. */
const char *describe_type(struct pool *pool, const char *mangled);

#endif
