/* SPDX-License-Identifier: MIT */
/* preload/program/interpose.h: declarations shared by the files with interposed functions. */
#ifndef CRASHPRE_PRELOAD_INTERPOSE_H
#define CRASHPRE_PRELOAD_INTERPOSE_H

#include <stdbool.h>

#define EXPORT __attribute__((visibility("default")))

/* Whether the library is enabled in this process. If not, interposed functions behave like libc's. */
bool interpose_active(void);

/* Permanently disables interposition in this process: sets the application's actions and the calling thread's mask in
 * the kernel. */
void interpose_step_aside(void);

#endif
