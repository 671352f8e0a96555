/* SPDX-License-Identifier: MIT */
/* unwind/target/proc.h: the number of a process in the /proc that is mounted here.
 *
 * It is usually the process's pid. After unshare(CLONE_NEWPID) without a new mount, however, /proc continues to show
 * the outer pid namespace: /proc/1 exists, but is another process. Not async-signal-safe.
 */
#ifndef CRASHPRE_UNWIND_PROC_H
#define CRASHPRE_UNWIND_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* True if the numbers in /proc have the same meaning as in our system calls. False also if there is no /proc. */
bool proc_is_ours(void);

/* Returns the number of `pid` in /proc: `pid` itself if proc_is_ours(). Otherwise it is found if the process is an
 * ancestor of ours, as the dying process is of its helper; else returns 0: no number in /proc can be attributed to
 * it. */
pid_t proc_number(pid_t pid);

/* Returns the id that our system calls use for the thread /proc/PROC/task/TASK; 0 if it cannot be determined. */
pid_t proc_own_tid(pid_t proc, pid_t task);

/* Returns the state letter (proc(5)) of a thread; 'X' if it no longer exists. */
char proc_task_state(pid_t proc, pid_t task);

/* Whether the kernel added this thread to the process for its own work, as io_uring and vhost do. On older kernels, true also for some
 * threads that execute a virtual machine. */
bool proc_is_kernel_worker(pid_t proc, pid_t task);

/* Returns a thread whose /proc/NUMBER files and memory are those of the process: `proc` itself, unless its main
 * thread ended by pthread_exit(3) and others are alive: maps, exe, environ and similar files of that number are then
 * empty or refused, and process_vm_readv(2) finds no memory. Returns `proc` also if nothing can be determined. */
pid_t proc_living(pid_t proc);

/* Whether process `pid` has the same root directory as this one. Its file system is not asked for anything: it may never answer. */
bool proc_root_is_ours(pid_t pid);

/* proc_status() returns the first number after `name` ("TracerPid:") in /proc/ID/status, where ID may be "self" or
 * "12/task/13"; -1 if there is none. proc_status_mask() returns a mask in hexadecimal digits ("CapEff:"); 0 if there
 * is none. */
long proc_status(const char *id, const char *name);
uint64_t proc_status_mask(const char *id, const char *name);

#endif
