/* SPDX-License-Identifier: MIT */
/* preload/base/trial.h: calls of the program's functions that may fault, while the program still lives.
 *
 * guard.h is for a crash that was claimed; this is for what is done in ordinary code just before one (terminate.c).
 */
#ifndef CRASHPRE_PRELOAD_TRIAL_H
#define CRASHPRE_PRELOAD_TRIAL_H

#include <stdbool.h>

/* Runs fn(arg). false: it was abandoned where it stood; or another thread is trying something, and it was not called
 * at all. Ordinary code; not within itself. */
bool trial_run(void (*fn)(void *), void *arg);

/* Is this thread within trial_run()? Async-signal-safe. */
bool trial_is_mine(void);

/* Ends this thread's trial_run(); does not return. From the function tried, or from the handler of a signal that it
 * raised. */
_Noreturn void trial_abandon(void);

#endif
