/* SPDX-License-Identifier: MIT */
/* preload/helper/schedule.h: a thread with a real-time policy gets to write its report.
 *
 * Signal context: async-signal-safe; one user at a time, the thread that claimed the crash. Nothing here fails: what the
 * kernel refuses is left as it is.
 */
#ifndef CRASHPRE_PRELOAD_SCHEDULE_H
#define CRASHPRE_PRELOAD_SCHEDULE_H

#include <stdbool.h>

/* Under SCHED_FIFO and SCHED_RR the calling thread goes before its equals; under SCHED_DEADLINE it may make children. In
 * a thread that is `dying` this may take its policy from it. */
void schedule_enter(bool dying);

/* As it was before schedule_enter(). */
void schedule_leave(void);

#endif
