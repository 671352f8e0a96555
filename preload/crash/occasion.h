/* SPDX-License-Identifier: MIT */
/* preload/crash/occasion.h: when a report is made, and that one fault makes one report only.
 *
 * Signal context: async-signal-safe, no thread-local storage. A thread that finds another one's report under way waits
 * for it, not longer than that may take.
 */
#ifndef CRASHPRE_PRELOAD_OCCASION_H
#define CRASHPRE_PRELOAD_OCCASION_H

#include <signal.h>
#include <stdbool.h>
#include <ucontext.h>

/* A signal the process dies of: reports it, and prepares the death that follows from returning to `uc`. It goes on
 * where crashpre_set_after_report()'s function wants it to, and it can. */
void occasion_fatal(int sig, siginfo_t *info, ucontext_t *uc);

/* A handler of the application returned, and then the process dies of `raised`, which that handler sent itself after it
 * had reset the action: the report is of what the handler was called for. */
void occasion_raised_again(int sig, siginfo_t *info, ucontext_t *uc, const siginfo_t *raised);

/* A signal that a handler of the application may recover from: reported, the first few times, under
 * CRASHPRE_CHAIN=first. */
void occasion_first_chance(int sig, siginfo_t *info, ucontext_t *uc);

/* _exit() or exit() was called: if by a handler of the application that a watched signal started, that signal is
 * reported now, since the process ends of it. */
void occasion_exit(void);

/* crashpre_report(): the program goes on. `reason` must be readable, or NULL. 0 or -errno. Blocks all signals meanwhile. */
int occasion_request(const char *reason);

/* This thread is about to end the process, or to start a program: if another one is dying of a signal, waits (bounded)
 * for that to be what the process ends of. Without us it would have been dead by now. */
void occasion_wait_for_death(void);

#endif
