/* SPDX-License-Identifier: MIT */
/* report/gather/death.h: what the death of a process will be like. Not async-signal-safe. */
#ifndef CRASHPRE_REPORT_DEATH_H
#define CRASHPRE_REPORT_DEATH_H

#include <stdbool.h>
#include <sys/types.h>

/* Whether a core of the process may be written when it dies by a signal (core(5)); also true if that cannot be found out. A
 * limit of 0 does not matter where the core goes to a program. */
bool death_may_dump_core(pid_t pid);

/* Whether a thread of the process may have a seccomp filter; also true if that cannot be found out. */
bool death_may_meet_filter(pid_t pid);

#endif
