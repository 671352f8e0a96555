/* SPDX-License-Identifier: MIT */
/* preload/helper/schedule.h: lets a thread with a real-time policy write its report.
 *
 * Signal context: async-signal-safe; one user at a time, the thread that claimed the crash. Errors are ignored: a
 * policy that the kernel refuses to change remains.
 */
#ifndef CRASHPRE_PRELOAD_SCHEDULE_H
#define CRASHPRE_PRELOAD_SCHEDULE_H

#include <stdbool.h>

/* Under SCHED_FIFO and SCHED_RR raises the calling thread's priority by one; under SCHED_DEADLINE allows it to create
 * children. May reset the policy of a thread that is `dying`. */
void schedule_enter(bool dying);

/* Restores the policy saved by schedule_enter(). */
void schedule_leave(void);

#endif
