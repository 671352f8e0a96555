/* SPDX-License-Identifier: MIT */
/* preload/base/trial.h: calls functions of the program that may fault, before a crash.
 *
 * guard.h serves the thread that claimed a crash; this module serves ordinary code that runs just before a crash
 * (terminate.c).
 */
#ifndef CRASHPRE_PRELOAD_TRIAL_H
#define CRASHPRE_PRELOAD_TRIAL_H

#include <stdbool.h>

/* Runs fn(arg). Returns false if fn was abandoned, or if it was not called because another thread is inside
 * trial_run(). Not async-signal-safe; must not be nested. */
bool trial_run(void (*fn)(void *), void *arg);

/* The same for a function of the library, whose system calls fail where a seccomp filter answers them by SIGSYS. */
bool trial_run_own(void (*fn)(void *), void *arg);

/* Whether this thread is inside trial_run_own(). Async-signal-safe. */
bool trial_is_own(void);

/* Whether this thread is inside trial_run(). Async-signal-safe. */
bool trial_is_mine(void);

/* Makes this thread's trial_run() return false; does not return. Called by the function under trial, or by the handler
 * of a signal that it raised. Async-signal-safe. */
_Noreturn void trial_abandon(void);

#endif
