/* SPDX-License-Identifier: MIT */
/* report/helper/guard.h: supervision of the helper by itself: a deadline, a handler for its own crash, and an outcome
 * line in the raw report.
 *
 * The crashing process waits for the helper before it dies, so each failure ends in _exit(), after which the kernel
 * releases all traced threads. The functions are for the main thread; none is async-signal-safe.
 */
#ifndef CRASHPRE_REPORT_GUARD_H
#define CRASHPRE_REPORT_GUARD_H

#include <stdint.h>
#include <sys/types.h>

/* Lets system calls for which an inherited seccomp filter raises SIGSYS fail with ENOSYS. Called first. */
void guard_refused_calls(void);

/* Resets signal actions and mask to those of a new process, with SIGPIPE and SIGXFSZ ignored; afterwards a crash or the
 * deadline ends the helper and is recorded in the raw report (WIRE_FD_RAW). `seconds`: the deadline until
 * guard_deadline() is called. */
void guard_begin(long seconds);

/* Sets the current stage, a word for the line that reports a failure. NULL: failures are no longer reported. Must be a
 * literal. */
void guard_stage(const char *stage);

/* Sets the deadline, in CLOCK_MONOTONIC. */
void guard_deadline(uint64_t ns);

/* Called before a stage that may crash, hang or exhaust memory because of files of unknown origin: forks a spare
 * process with the data gathered so far. Returns NULL in the helper itself, also if fork(2) fails. Returns in the spare
 * only when the helper has failed (it died, or `soft_ns` has passed), with a description of the failure ("crashed", "took too
 * long"); the spare then completes the report, until `hard_ns`. The helper, if it is still running, waits for that and
 * exits; if it was killed, the spare's stderr is /dev/null, and the spare begins when the process `dying` (0: none) has ended, or
 * a second later. */
const char *guard_spare(uint64_t soft_ns, uint64_t hard_ns, pid_t dying);

/* Ends a spare that has completed the report. Kills a helper that hangs, since it still stops the threads of the
 * crashing process. */
_Noreturn void guard_spare_leave(void);

/* Called after the stage: ends the spare and sets the deadline to `hard_ns` again. */
void guard_spare_dismiss(uint64_t hard_ns);

/* Waits for the end of a dismissed spare, so that it neither keeps pipes open nor becomes a zombie of another
 * process. */
void guard_spare_collect(void);

/* Appends "helper: <text>" to the raw report, if there is one. Control characters become '?'. */
void guard_outcome(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* guard_outcome("failed <stage>: <text>"), then _exit(1). */
_Noreturn void guard_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
