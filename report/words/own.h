/* SPDX-License-Identifier: MIT */
/* report/words/own.h: distinguishes the program's own frames from those of run-time libraries. Used by the signature,
 * the summary and the text. Not async-signal-safe. */
#ifndef CRASHPRE_REPORT_OWN_H
#define CRASHPRE_REPORT_OWN_H

#include "report/model/model.h"

/* Returns false for frames of libc, the loader, the C++, Rust and sanitizer run-times and libcrashpre.so, for
 * functions from headers of a standard library, for functions that end a program (abort, g_log, ...), for signal
 * frames, and for addresses in no module. */
bool own_frame(struct report *report, const struct report_frame *frame);

/* Returns own_frame() for each frame of a thread; new (from the pool). It also considers callers: C's main() of a
 * Rust program is not its own; nor is an interpreter if the report contains its script's stack. */
const bool *own_frames(struct report *report, const struct report_thread *thread);

/* Returns the index in threads[0] of the innermost frame of an interpreter whose script's stack is in the report;
 * frames called by the script precede it. frame_count: there is none. */
size_t own_script_begin(const struct report *report);

/* Returns the index of the script's innermost frame that is not in its language's library; 0 if all are. */
size_t own_script_frame(const struct report *report);

/* Returns the innermost own frame; NULL if there is none. */
const struct report_frame *own_first(struct report *report, const struct report_frame *frames, size_t n);

/* Removes the innermost frames that are crashpre's own: a report on request begins at the caller. Not if frames are missing there. */
void own_begin_at_caller(struct report *report, struct report_thread *thread);

/* Returns the index in threads[0] of the frame in which the fault happened: not 0 if a handler, called for it, ended the program. */
size_t own_fault(const struct report *report);

/* Returns the index in threads[0] at which a search starts: at the throw of an exception that ended the program,
 * since a terminate handler of the program precedes it; at the fault whose handler ended the program; after the target of a wild
 * jump. */
size_t own_begin(struct report *report);

/* True if the function is skipped because of its name, in any module: abort, __cxa_throw, ... */
bool own_is_skipped(struct report *report, const struct report_frame *frame);

/* True for a frame of libcrashpre.so. */
bool own_is_crashpre(const struct report *report, const struct report_frame *frame);

/* True for a function of C++'s or Rust's standard library. */
bool own_is_standard(struct report *report, const struct report_frame *frame);

#endif
