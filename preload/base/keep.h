/* SPDX-License-Identifier: MIT */
/* preload/base/keep.h: strings copied at load for the time of a crash: programs overwrite their environment (setproctitle)
 * and change directory.
 *
 * Static memory, filled at load by one thread, read-only afterwards. Async-signal-safe.
 */
#ifndef CRASHPRE_PRELOAD_KEEP_H
#define CRASHPRE_PRELOAD_KEEP_H

#include <stddef.h>

/* A copy of `n` bytes, NUL-terminated, for ever; NULL where there is no room left. */
const char *keep_string(const char *s, size_t n);

/* Keeps "NAME=value" for the helper's environment. */
void keep_for_helper(const char *entry, size_t n);

/* The environment kept for the helper, as execve(2) wants it: at most `room` pointers, the last one NULL. */
void keep_helper_environment(char **envp, size_t room);

#endif
