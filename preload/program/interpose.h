/* SPDX-License-Identifier: MIT */
/* preload/program/interpose.h: what the files with interposed functions share. */
#ifndef CRASHPRE_PRELOAD_INTERPOSE_H
#define CRASHPRE_PRELOAD_INTERPOSE_H

#include <stdbool.h>

#define EXPORT __attribute__((visibility("default")))

/* Is the library at work in this process (loaded, enabled)? Where not, interposed functions do what libc's do. */
bool interpose_active(void);

/* Ends that, for good: the program's own actions and the caller's own mask are the kernel's from here on. */
void interpose_step_aside(void);

/* The next definition of `name` after ours, by dlsym(3) the first time; NULL where libc has none. `cache` is the
 * caller's, static: a lost race costs a second look-up, nothing else. */
void *next_definition(const char *name, void **cache);

#endif
