/* SPDX-License-Identifier: MIT */
/* preload/raw/crash.h: the one crash (or request) this process is reporting, handed from step to step.
 *
 * There is one, static, owned by the thread that claimed it (crash/report.c); nothing here needs a lock.
 */
#ifndef CRASHPRE_PRELOAD_CRASH_H
#define CRASHPRE_PRELOAD_CRASH_H

#include "unwind/core/cfi/cfi.h"
#include "unwind/core/terms/wire.h"

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <ucontext.h>

struct crash {
        enum wire_kind kind;
        int signal;     /* 0 for a request */
        siginfo_t info; /* a copy */
        ucontext_t *uc; /* the interrupted context; NULL for a request */
        /* of the fault that `info` tells of: uc, or that of an outer frame whose handler raised this signal again */
        const ucontext_t *fault_uc;
        struct arch_registers regs; /* at the crash */
        uint64_t sigmask;           /* blocked at the crash */
        int pid, tid;
        int64_t time_sec, time_nsec;            /* CLOCK_REALTIME */
        uint64_t fault_ns, raw_ns, deadline_ns; /* CLOCK_MONOTONIC; 0: a seccomp filter keeps the clock from us */
        const char *reason;                     /* of a request; a copy of ours */
        bool stderr_ok;                         /* report text may go to descriptor 2 */
        int dir_fd, raw_fd;                     /* -1: none */
        int raw_err;                            /* why there is no raw file, or 0 */
        char id[256];                           /* base name of the files */
        char dir[PATH_MAX];                     /* "" : no directory */
        uint32_t frame_count;
        enum cfi_end frame_end;
        struct wire_frame frame[WIRE_MAX_FRAMES];
        bool terminate; /* it dies of std::terminate */
        bool uncaught;  /* called for an exception */
        /* An exception that the crash has to do with; not `certain`: one that a catch clause holds as the process
         * aborts. */
        bool exception_certain;
        uint32_t throw_count;
        uint64_t throw_pc[WIRE_THROW_FRAMES]; /* where it was thrown, if that was recorded */
        struct exception_chain exception;
        char message[WIRE_MESSAGE_MAX]; /* what the program said as it gave up; "" nothing */
        char note[512];                 /* lines for the report's diagnostics */
};

/* Adds one line to crash->note. Trusted text; cut when full. Async-signal-safe. */
void crash_note(struct crash *c, const char *what, const char *detail, int err);

#endif
