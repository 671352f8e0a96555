/* SPDX-License-Identifier: MIT */
/* preload/crash/handler.h: the entry of every watched signal.
 *
 * Signal context: async-signal-safe, no thread-local storage.
 */
#ifndef CRASHPRE_PRELOAD_HANDLER_H
#define CRASHPRE_PRELOAD_HANDLER_H

#include <signal.h>
#include <ucontext.h>

/* The handler that the kernel has for every watched signal. Gathers facts, decides (arrival.h) and acts: enters the
 * application's handler, or returns, unless the process dies at once. */
void handler_entry(int sig, siginfo_t *info, ucontext_t *uc);

#endif
