/* SPDX-License-Identifier: MIT */
/* preload/helper/intermediate.h: the process between the crashed one and its helper: a child that shares the memory and nothing
 * else, invisible to wait() (exit signal 0), which execs the helper and waits for it. execve would reset the exit signal
 * of a child to SIGCHLD (fs/exec.c: de_thread, begin_new_exec), so the helper is its child and not ours.
 *
 * Signal context: async-signal-safe, no thread-local storage; all signals that can be must be blocked by the caller.
 * Every wait is bounded. One at a time, by the thread with the claim (claim.h).
 */
#ifndef CRASHPRE_PRELOAD_INTERMEDIATE_H
#define CRASHPRE_PRELOAD_INTERMEDIATE_H

#include "unwind/core/terms/wire.h"

#include <stdbool.h>
#include <stdint.h>

/* What the intermediate and the helper before its execve tell us, through our memory. */
struct intermediate_word {
        volatile int helper_pid; /* before it can be heard of otherwise; in its own pid namespace */
        volatile int exec_error; /* 0, or errno: of clone while helper_pid is 0, else of execve */
        volatile int ended;      /* the helper's wait status is in `status` */
        volatile int status;
        volatile bool overdue;   /* it was killed, long after its deadline */
        volatile bool elsewhere; /* our children live in another pid namespace (unshare(2), CLONE_NEWPID) */
};

const struct intermediate_word *intermediate_word(void);

/* Waits for an earlier one that still stands on the stack that the next one needs: because intermediate_collect() gave
 * it up in a system call that hangs, or because it is that of a vfork child which crashed in our memory just now. `pid`:
 * the caller's process. false: it has not gone. */
bool intermediate_free(int pid);

/* Starts the helper `path`. `fd`: what becomes its descriptors 0 to WIRE_FD_DIR, -1: none (/dev/null below 3).
 * `deadline_ns` (CLOCK_MONOTONIC; 0: there is no clock): when the caller stops waiting; some time later the helper is
 * killed. 0 or -errno. */
int intermediate_start(const char *path, const int fd[WIRE_FD_DIR + 1], int pid, uint64_t deadline_ns);

/* Has it left our memory? */
bool intermediate_gone(void);

/* Kills the helper that still runs. */
void intermediate_kill_helper(void);

/* Waits until the intermediate has gone, as it does when its helper has, and takes it off the list of children. Not
 * longer than COLLECT_NS: it can hang only in an execve that hangs. */
void intermediate_collect(void);

/* Is this the stack of the intermediate, or of the helper before its execve? They have our handlers. `sp`: of an
 * interrupted context. */
bool intermediate_stands_on(uint64_t sp);

/* For such a process: a fault of signal `sig` is its end, and nobody else's. */
_Noreturn void intermediate_end_by(int sig);

#endif
