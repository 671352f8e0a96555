/* SPDX-License-Identifier: MIT */
/* preload/program/threads.h: threads that libc makes past pthread_create(). */
#ifndef CRASHPRE_PRELOAD_THREADS_H
#define CRASHPRE_PRELOAD_THREADS_H

/* Called at the start of such a thread: gives it an alternate stack until it ends, and keeps the hardware signals open
 * in the kernel that it has blocked from the start (mask.h). Keeps errno. Not async-signal-safe. */
void threads_adopt(void);

#endif
