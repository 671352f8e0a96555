/* SPDX-License-Identifier: MIT */
/* report/words/own.h: which frames are the program's own, and which belong to the machinery below and above it. One table
 * for the signature, the summary and the text. */
#ifndef CRASHPRE_REPORT_OWN_H
#define CRASHPRE_REPORT_OWN_H

#include "report/model/model.h"

/* False for frames of libc, the loader, the C++, Rust and sanitizer run-times and of libcrashpre.so, for what a
 * standard library's headers put into the program, for the functions that end a program (abort, g_log, ...), for
 * signal frames, and for what lies in no module. */
bool own_frame(struct report *report, const struct report_frame *frame);

/* The same for each frame of a thread; new (from the pool). By what calls it, C's main() of a Rust program is not its own;
 * nor is an interpreter, where the report has the stack of its script. */
const bool *own_frames(struct report *report, const struct report_thread *thread);

/* The innermost frame of threads[0] that is of an interpreter whose script's stack the report has: what the script called
 * lies before it. frame_count: there is none. */
size_t own_script_begin(const struct report *report);

/* Index of the script's innermost frame that is not of its language's own library; 0 where all are. */
size_t own_script_frame(const struct report *report);

/* The innermost own frame; NULL if there is none. */
const struct report_frame *own_first(struct report *report, const struct report_frame *frames, size_t n);

/* Where in threads[0] to begin to look: at the throw of an exception that ended the program, since a terminate handler
 * of the program's own stands before it; behind the place that a wild jump led to. */
size_t own_begin(struct report *report);

/* Is the function passed over by its name, wherever it stands: abort, __cxa_throw, ...? */
bool own_is_passed_over(struct report *report, const struct report_frame *frame);

/* Is it a frame of libcrashpre.so? */
bool own_is_crashpre(const struct report *report, const struct report_frame *frame);

/* Is it a function of C++'s or Rust's standard library? */
bool own_is_standard(struct report *report, const struct report_frame *frame);

#endif
