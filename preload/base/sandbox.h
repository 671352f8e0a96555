/* SPDX-License-Identifier: MIT */
/* preload/base/sandbox.h: whether the application has restricted its system calls by a seccomp filter of its own
 * (seccomp(2)). From then on this library makes none before a crash but those that the application asked for: the filter may
 * end the process for any other.
 *
 * Async-signal-safe.
 */
#ifndef CRASHPRE_PRELOAD_SANDBOX_H
#define CRASHPRE_PRELOAD_SANDBOX_H

#include <stdbool.h>

/* Called when the application installs a filter. Not undone, as the filter cannot be removed. */
void sandbox_enter(void);

bool sandbox_entered(void);

#endif
