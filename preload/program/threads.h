/* SPDX-License-Identifier: MIT */
/* preload/program/threads.h: threads that libc creates without pthread_create(). */
#ifndef CRASHPRE_PRELOAD_THREADS_H
#define CRASHPRE_PRELOAD_THREADS_H

/* Called at the start of such a thread: gives it an alternate stack until it ends, and unblocks in the kernel the
 * hardware signals that it has blocked initially (mask.h). Preserves errno. Not async-signal-safe. */
void threads_adopt(void);

#endif
