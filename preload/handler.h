/* SPDX-License-Identifier: MIT */
/* preload/handler.h: what happens when a watched signal arrives, and reports without a signal.
 *
 * Signal context: everything here is async-signal-safe and uses no thread-local storage.
 */
#ifndef CRASHPRE_PRELOAD_HANDLER_H
#define CRASHPRE_PRELOAD_HANDLER_H

#include <signal.h>
#include <stdbool.h>
#include <ucontext.h>

/* The handler the kernel knows, for every watched signal. */
void handler_entry(int sig, siginfo_t *info, ucontext_t *uc);

/* crashpre_report(): the program goes on. `reason` must be readable. 0 or -errno. Blocks all signals meanwhile. */
int handler_request(const char *reason);

/* _exit() or exit() was called: if by a handler of the application that a watched signal started, that signal is
 * reported now, since the process ends of it. */
void handler_exit_called(void);

/* This thread is about to end the process: if another one is dying of a signal, waits (bounded) for that to be what
 * the process ends of. Without us it would have been dead by now. */
void handler_wait_for_death(void);

/* No report any more (crashpre_set_enabled(0)), or again. */
void handler_set_enabled(bool on);

/* crashpre_set_filter(), crashpre_set_after_report(): the application's, called at crash time; NULL: none. */
void handler_set_filter(int (*wanted)(int sig));
void handler_set_after_report(int (*done)(const char *raw_path));

#endif
