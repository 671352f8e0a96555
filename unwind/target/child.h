/* SPDX-License-Identifier: MIT */
/* unwind/target/child.h: starts a child that shares nothing, as fork(2), for a process with one thread. */
#ifndef CRASHPRE_UNWIND_CHILD_H
#define CRASHPRE_UNWIND_CHILD_H

#include <sys/types.h>

/* Returns like fork(2), by one system call: the child of fork(3) makes others with all signals blocked (glibc since 2.41), and where a seccomp
 * filter of the crashed program answers those by SIGSYS, it is killed. Calls no functions of pthread_atfork(3). */
pid_t child_fork(void);

#endif
