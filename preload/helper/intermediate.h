/* SPDX-License-Identifier: MIT */
/* preload/helper/intermediate.h: the process between the crashed process and its helper: a child that shares only the
 * memory, not visible to wait() (exit signal 0), which starts the helper and waits for it. execve would reset the exit
 * signal of a child to SIGCHLD (fs/exec.c: de_thread, begin_new_exec), so the helper is a child of the intermediate and
 * not of the crashed process.
 *
 * Signal context: async-signal-safe, no thread-local storage; the caller must have blocked all signals that can be
 * blocked. Every wait is bounded. One user at a time: the thread that holds the claim (claim.h).
 */
#ifndef CRASHPRE_PRELOAD_INTERMEDIATE_H
#define CRASHPRE_PRELOAD_INTERMEDIATE_H

#include "preload/base/childpid.h"
#include "unwind/core/terms/wire.h"

#include <stdbool.h>
#include <stdint.h>

/* State written by the intermediate, and by the helper before its execve, to the shared memory. */
struct intermediate_state {
        struct childpid helper;  /* set before HELLO; as seen in its own pid namespace */
        volatile int exec_error; /* 0, or errno: of clone while `helper` is not set, else of execve */
        volatile int ended;      /* the helper's wait status is in `status` */
        volatile int status;
        volatile bool overdue;   /* it was killed after its deadline */
        volatile bool replaced;  /* not executed: its path leads to another file than at load time */
        volatile bool elsewhere; /* children of this process are in another pid namespace (unshare(2), CLONE_NEWPID) */
};

const struct intermediate_state *intermediate_state(void);

/* Waits for an earlier intermediate that still uses the stack that the next one needs, because intermediate_collect()
 * timed out while it hung in a system call, or because it belongs to a vfork child that crashed in the shared memory.
 * `pid`: the caller's process. Returns false if it has not exited. */
bool intermediate_free(int pid);

/* Starts the helper (facts/home.h). `traced`: the intermediate traces it, so that a system call for which a seccomp filter raises SIGSYS
 * fails with ENOSYS where it would kill the helper, which cannot have a handler before its first instruction. `fd`: the files for its descriptors 0 to WIRE_FD_DIR, -1: none (/dev/null below 3).
 * `deadline_ns` (CLOCK_MONOTONIC; 0: there is no clock): when the caller stops waiting; the helper is killed some time
 * later. Returns 0 or -errno. */
int intermediate_start(const int fd[WIRE_FD_DIR + 1], int pid, uint64_t deadline_ns, bool traced);

/* Whether the intermediate has exited and no longer uses the shared memory. */
bool intermediate_gone(void);

/* Kills the helper if it is still running. */
void intermediate_kill_helper(void);

/* Waits until the intermediate has exited, which it does after its helper, and reaps it. Waits at most COLLECT_NS: it
 * can hang only in an execve that hangs. */
void intermediate_collect(void);

/* Whether `sp`, of an interrupted context, is on the stack of the intermediate, or of the helper before its execve.
 * Both run with this library's handlers. */
bool intermediate_stands_on(uint64_t sp);

/* Ends such a process after a fault of signal `sig`, without affecting the crashed process. */
_Noreturn void intermediate_end_by(int sig);

#endif
