/* SPDX-License-Identifier: MIT */
/* preload/crash/handler.h: a watched signal has arrived: whose it is.
 *
 * Signal context: async-signal-safe, no thread-local storage.
 */
#ifndef CRASHPRE_PRELOAD_HANDLER_H
#define CRASHPRE_PRELOAD_HANDLER_H

#include <signal.h>
#include <ucontext.h>

/* The handler the kernel knows, for every watched signal: of a fault in the crash path itself, of something that was
 * sent, of the application's handler, or of death. */
void handler_entry(int sig, siginfo_t *info, ucontext_t *uc);

#endif
