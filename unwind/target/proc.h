/* SPDX-License-Identifier: MIT */
/* unwind/target/proc.h: by which number the /proc that is mounted here knows a process.
 *
 * Mostly its pid. After unshare(CLONE_NEWPID) without a mount, though, /proc goes on to show the outer pid namespace:
 * /proc/1 is there, and is somebody else. Not async-signal-safe.
 */
#ifndef CRASHPRE_UNWIND_PROC_H
#define CRASHPRE_UNWIND_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Do the numbers in /proc mean the same as in our system calls? False too where there is no /proc. */
bool proc_is_ours(void);

/* The number of `pid` in /proc: `pid` itself where /proc is ours. Elsewhere found if it is an ancestor of ours, as
 * the dying process is of its helper; else 0: nothing in /proc can be taken for it. */
pid_t proc_number(pid_t pid);

/* What our system calls name the thread that stands as /proc/PROC/task/TASK; 0 if that cannot be told. */
pid_t proc_own_tid(pid_t proc, pid_t task);

/* The letter of proc(5) for the state of a thread; 'X' for one that is gone. */
char proc_task_state(pid_t proc, pid_t task);

/* A thread whose /proc/NUMBER files and memory are those of the process: `proc` itself, unless its main thread ended by
 * pthread_exit(3) and others live on: maps, exe, environ and the like of that number are then empty or refused, and
 * process_vm_readv(2) finds nothing behind it. `proc` too where nothing can be found out. */
pid_t proc_living(pid_t proc);

/* The first number after `name` ("TracerPid:") in /proc/ID/status, where ID may be "self" or "12/task/13". -1 where it
 * is not there. The other: a mask in hexadecimal digits ("CapEff:"), 0 where it is not there. */
long proc_status(const char *id, const char *name);
uint64_t proc_status_mask(const char *id, const char *name);

#endif
