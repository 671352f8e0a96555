/* SPDX-License-Identifier: MIT */
/* preload/interpose.h: what the files with interposed functions share. */
#ifndef CRASHPRE_PRELOAD_INTERPOSE_H
#define CRASHPRE_PRELOAD_INTERPOSE_H

#include <stdbool.h>

#define EXPORT __attribute__((visibility("default")))

/* Is the library at work in this process (loaded, enabled)? Where not, interposed functions do what libc's do. */
bool interpose_active(void);

#endif
