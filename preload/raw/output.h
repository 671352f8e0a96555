/* SPDX-License-Identifier: MIT */
/* preload/raw/output.h: where the raw report goes: the first directory that takes it, else descriptor 2.
 *
 * Signal context: async-signal-safe.
 */
#ifndef CRASHPRE_PRELOAD_OUTPUT_H
#define CRASHPRE_PRELOAD_OUTPUT_H

#include "preload/raw/crash.h"

/* May report text go to descriptor 2? A terminal, pipe, socket or append-mode file, or still the file it was at load: a
 * database that was opened as descriptor 2 is not a log. */
bool output_stderr_ok(void);

/* Before anything is opened: makes sure that a thread about to die with its process has a descriptor left that no
 * other thread closes, and may write files as far as its hard limits allow. Does nothing to a process that goes on. */
void output_prepare(const struct crash *c);

/* How many directories there are to try. */
enum { OUTPUT_DIRECTORIES = 3 };

/* Opens directory number `i` (making it, 0700, where missing) and creates the raw report in it: c->dir, dir_fd and
 * raw_fd. 0 or -errno with both closed; -ENOENT where there is no such candidate. */
int output_open(struct crash *c, unsigned i);

/* Removes the file just created, because it could not be filled. */
void output_discard(struct crash *c);

void output_close(struct crash *c);

/* The end of it all: closes, and puts back the limit on files that output_prepare() lifted: a core dump keeps to it. */
void output_finish(struct crash *c);

/* What writing may send to the writer itself: SIGPIPE for a pipe without a reader, SIGXFSZ for a file at its limit. Both
 * are blocked meanwhile; a program that goes on must not find them when it unblocks. output_forget_signals() takes
 * those off the queue that were not pending when `before` was asked for. */
uint64_t output_pending_signals(void);
void output_forget_signals(uint64_t before);

enum { OUTPUT_NO_NUMBER = -1 };

/* The helper did not do its work: appends a "helper: " line to the finished raw report and, where report text may go
 * there, tells descriptor 2 what happened and where the raw report is. `detail` may be NULL. */
void output_append_outcome(struct crash *c, const char *what, const char *detail, int number);

#endif
