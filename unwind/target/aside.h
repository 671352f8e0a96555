/* SPDX-License-Identifier: MIT */
/* unwind/target/aside.h: runs a step that may never return (a read from a file server that does not answer) in a process of its own,
 * which can be left behind. Not async-signal-safe.
 */
#ifndef CRASHPRE_UNWIND_ASIDE_H
#define CRASHPRE_UNWIND_ASIDE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Fills `buf` and returns how many bytes, or returns -errno. Runs in a child process that has no other descriptor than a pipe. */
typedef ssize_t aside_step(void *ctx, void *buf, size_t size);

/* Calls `step` in a child process and copies its result to `buf`. Waits at most `wait_ns`; then the child is killed, and reaped if it
 * ends within some milliseconds, else by aside_collect(). Returns the step's result, -ETIMEDOUT, or -errno of fork(2) or pipe(2). */
ssize_t aside_run(aside_step *step, void *ctx, void *buf, size_t size, uint64_t wait_ns);

/* Reaps children that were left behind and have ended since. */
void aside_collect(void);

/* Starts a child of this process, which has one thread. Returns like fork(2), by one system call: the child of fork(3) makes others with all
 * signals blocked (glibc since 2.41), and where a seccomp filter of the crashed program answers those by SIGSYS, it is killed. Calls no
 * functions of pthread_atfork(3). */
pid_t aside_fork(void);

#endif
