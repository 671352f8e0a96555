/* SPDX-License-Identifier: MIT */
/* preload/raw/output.h: the destination of the raw report: the first directory to which it can be written, else
 * descriptor 2.
 *
 * Signal context: async-signal-safe.
 */
#ifndef CRASHPRE_PRELOAD_OUTPUT_H
#define CRASHPRE_PRELOAD_OUTPUT_H

#include "preload/base/sigsafe.h"
#include "preload/raw/crash.h"

#include <limits.h>

/* Called before any file is opened: ensures that, in a dying process, the thread has a free descriptor that no other
 * thread closes, and may write files up to its hard limits. Does nothing in a process that continues. */
void output_prepare(const struct crash *c);

/* Number of directories to try. */
enum { OUTPUT_DIRECTORIES = 3 };

/* Opens directory number `i` (creates it, if missing) and creates the raw report in it: sets c->dir, dir_fd and
 * raw_fd. Returns 0, or -errno with both closed; -ENOENT if there is no such candidate. */
int output_open(struct crash *c, unsigned i);

/* Begins and ends output to the raw report just opened. output_end() returns 0 or -errno of the first error; it waits, with a limit,
 * until a courier (courier.h) has written everything. */
void output_begin(struct crash *c, struct sigsafe_out *o);
int output_end(struct crash *c, struct sigsafe_out *o);

/* Removes the file just created, because it could not be written. */
void output_discard(struct crash *c);

void output_close(struct crash *c);

/* Closes the files and restores the limit on file size that output_prepare() raised, which applies to a core dump. */
void output_finish(struct crash *c);

/* A write may raise SIGPIPE (a pipe without a reader) or SIGXFSZ (a file at its size limit) for the writer. Both are
 * blocked during the report; a program that continues must not receive them when it unblocks them.
 * output_forget_signals() dequeues those that were not pending when output_pending_signals() returned `before`. */
uint64_t output_pending_signals(void);
void output_forget_signals(uint64_t before);

enum { OUTPUT_NO_NUMBER = INT_MIN };

/* Reports that the helper failed: appends a "helper: " line to the finished raw report and, if report text may be
 * written to descriptor 2, prints the failure and the path of the raw report there. `detail` may be NULL. */
void output_append_outcome(struct crash *c, const char *what, const char *detail, int number);

/* Writes `what`; then `number`, or of -errno its text as strerror(3) has it, unless it is OUTPUT_NO_NUMBER; then ": " and `detail` unless
 * it is NULL. */
void output_put_outcome(struct sigsafe_out *o, const char *what, const char *detail, int number);

#endif
