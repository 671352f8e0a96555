/* SPDX-License-Identifier: MIT */
/* report/helper/guard.h: the helper watches itself: a deadline, its own crash, and one line in the raw report about how it
 * went.
 *
 * A process waits for the helper before it may die, so whatever goes wrong in here, the end is _exit(): the kernel
 * then lets go of all traced threads. The functions are for the main thread; what runs in signal handlers is
 * inside.
 */
#ifndef CRASHPRE_REPORT_GUARD_H
#define CRASHPRE_REPORT_GUARD_H

#include <stdint.h>

/* Signal actions and mask as a fresh process has them, SIGPIPE and SIGXFSZ ignored; from here on a crash or the
 * deadline ends the helper and is told in the raw report (WIRE_FD_RAW). `seconds`: the deadline until
 * guard_deadline() says better. */
void guard_begin(long seconds);

/* What the helper is doing: a word for the line that tells of a failure. NULL: nothing worth a line any more. Must
 * be a literal. */
void guard_stage(const char *stage);

/* CLOCK_MONOTONIC. */
void guard_deadline(uint64_t ns);
/* A stage that may crash, hang or eat all memory over files of unknown origin begins: forks a spare with all that is
 * known so far. In the helper itself, and where none can be had: NULL. In the spare, once the helper is in trouble
 * (its own death however it comes, or `soft_ns` over): what the trouble is, words to follow a colon; from there on
 * the spare has the report to make, until `hard_ns`. The helper, if it still can, waits for that and ends; where it
 * was killed, the spare's stderr is /dev/null. */
const char *guard_spare(uint64_t soft_ns, uint64_t hard_ns);

/* The end of a spare that has made the report. A helper that is stuck still holds the threads of the dying process:
 * it is killed. */
_Noreturn void guard_spare_leave(void);

/* The stage is over: the spare is not needed any more, the deadline is `hard_ns` again. */
void guard_spare_dismiss(uint64_t hard_ns);

/* Waits until a dismissed spare is gone: so that it keeps nobody's pipe open, and nobody inherits a dead child. */
void guard_spare_collect(void);

/* Appends "helper: <text>" to the raw report, where there is one. Control characters become '?'. */
void guard_outcome(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* guard_outcome("failed <stage>: <text>"), then _exit(1). */
_Noreturn void guard_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
