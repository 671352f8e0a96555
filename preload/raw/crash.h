/* SPDX-License-Identifier: MIT */
/* preload/raw/crash.h: the one crash (or request) this process is reporting, handed from step to step.
 *
 * There is one, static, owned by the thread that claimed it (crash/report.c); nothing here needs a lock.
 */
#ifndef CRASHPRE_PRELOAD_CRASH_H
#define CRASHPRE_PRELOAD_CRASH_H

#include "unwind/core/terms/wire.h"

#include <signal.h>
#include <stdbool.h>
#include <ucontext.h>

struct crash {
        struct wire_crash wire; /* what is known of it, as the helper gets it; filled step by step */
        int signal;             /* 0 for a request */
        ucontext_t *uc;         /* the interrupted context; NULL for a request */
        /* of the fault that wire.siginfo describes: uc, or that of an outer frame whose handler raised this signal again */
        const ucontext_t *fault_uc;
        bool stderr_ok;     /* report text may go to descriptor 2 */
        int dir_fd, raw_fd; /* -1: none */
        int raw_err;        /* why there is no raw file, or 0 */
};

/* An empty record of one of the three kinds, of this process and thread, now. `fault_ns`: CLOCK_MONOTONIC of the signal, 0
 * where there is no clock. `settings_note`: lines to begin the notes with. Async-signal-safe. */
void crash_begin(struct crash *c, enum wire_kind kind, uint64_t fault_ns, const char *settings_note);

/* Sets the context of the fault that wire.siginfo describes, and with it its registers, trap number and error code. Async-signal-safe. */
void crash_set_fault(struct crash *c, const ucontext_t *uc);

/* Adds one line to wire.note. Trusted text; cut when full. `err`: a positive errno, 0 none. Async-signal-safe. */
void crash_note(struct crash *c, const char *what, const char *detail, int err);

#endif
