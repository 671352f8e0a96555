/* SPDX-License-Identifier: MIT */
/* preload/raw/crash.h: the crash (or request) that this process is reporting, passed from step to step.
 *
 * There is one, static, owned by the thread that claimed the crash (crash/report.c); no lock is needed.
 */
#ifndef CRASHPRE_PRELOAD_CRASH_H
#define CRASHPRE_PRELOAD_CRASH_H

#include "unwind/core/terms/fault_class.h"
#include "unwind/core/terms/wire.h"

#include <signal.h>
#include <stdbool.h>
#include <ucontext.h>

struct crash {
        struct wire_crash wire; /* the data sent to the helper; filled step by step */
        int signal;             /* that the process dies of; 0 for a request */
        ucontext_t *uc;         /* the interrupted context; NULL for a request */
        enum fault_class class; /* as far as the raw report has it */
        bool stderr_ok;         /* report text is to be written to descriptor 2 (stderr.h) */
        int dir_fd, raw_fd;     /* -1: none; with a courier (courier.h) raw_fd is its pipe, and dir_fd -1 */
        uint64_t sent;          /* bytes written to raw_fd */
        int raw_err;            /* -errno of the last attempt to write a raw file, or 0 */
};

/* Initializes a record of one of the three kinds with this process, this thread and the current time. `fault_ns`:
 * CLOCK_MONOTONIC of the signal, 0 if there is no clock. `settings_note`: the first lines of the notes.
 * Async-signal-safe. */
void crash_begin(struct crash *c, enum wire_kind kind, uint64_t fault_ns, const char *settings_note);

/* Sets the context of the fault that wire.siginfo describes, and the registers, trap number and error code from it.
 * Async-signal-safe. */
void crash_set_fault(struct crash *c, const ucontext_t *uc);

/* Appends one line to wire.note. Trusted text; truncated if the buffer is full. `err`: a positive errno, 0 none.
 * Async-signal-safe. */
void crash_note(struct crash *c, const char *what, const char *detail, int err);

#endif
