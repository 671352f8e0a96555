/* SPDX-License-Identifier: MIT */
/* preload/crash/occasion.h: decides when a report is written; each fault is reported once.
 *
 * Signal context: async-signal-safe, no thread-local storage. A thread that finds another thread's report in progress
 * waits for its end, at most as long as a report may take.
 */
#ifndef CRASHPRE_PRELOAD_OCCASION_H
#define CRASHPRE_PRELOAD_OCCASION_H

#include <signal.h>
#include <stdbool.h>
#include <ucontext.h>

/* A fatal signal: reports it and prepares the process to die of it on return to `uc`. The process continues if
 * crashpre_set_after_report()'s function requests that and it is possible. */
void occasion_fatal(int sig, siginfo_t *info, ucontext_t *uc);

/* A signal that a handler of the application may recover from: reported, the first few times, under
 * CRASHPRE_CHAIN=first. */
void occasion_first_chance(int sig, siginfo_t *info, ucontext_t *uc);

/* _exit() or exit() was called: if the caller is a handler of the application that was called for a watched signal,
 * reports that signal, since it ends the process. */
void occasion_exit(void);

/* crashpre_report(): writes a report; the program continues. `reason` must be readable, or NULL. Returns 0 or -errno.
 * Blocks all signals during the report. */
int occasion_request(const char *reason);

/* Called by a thread that is about to end the process, or to start a program: if another thread is dying of a signal,
 * waits (bounded) so that the process dies of that signal. Without this library it would be dead already. */
void occasion_wait_for_death(void);

#endif
