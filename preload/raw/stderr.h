/* SPDX-License-Identifier: MIT */
/* preload/raw/stderr.h: report text on descriptor 2: whether it may be written there, and how.
 *
 * Signal context: async-signal-safe.
 */
#ifndef CRASHPRE_PRELOAD_STDERR_H
#define CRASHPRE_PRELOAD_STDERR_H

#include "preload/base/sigsafe.h"
#include "preload/raw/crash.h"

/* Whether report text may be written to descriptor 2, whatever CRASHPRE_STDERR is. It must still be the file that it
 * was at load (device and inode; a terminal also under another name), or a regular file in append mode: a database, a
 * connection or a serial line that was opened as descriptor 2 is not a log. A socket must be a unix socket. Under
 * `crashpre run` it must be the file that `run` has as stderr: what a test captures is the test's. */
bool stderr_is_log(void);

/* Sets c->stderr_ok: report text is to be written to descriptor 2. */
void stderr_check(struct crash *c);

/* Begins output to descriptor 2, which waits a limited time for a reader, and is dropped where that is a file of a file server; where the terminal does no output processing,
 * lines end in CR LF. */
void stderr_begin(struct sigsafe_out *o);

/* Prints what the helper would have printed, as far as it is known: the signal, why there is no summary (`what`, then
 * `number` and `detail` as output_put_outcome()), and the path of the raw report. */
void stderr_print_outcome(struct sigsafe_out *o, const struct crash *c, const char *what, const char *detail,
                          int number);

#endif
