/* SPDX-License-Identifier: MIT */
/* preload/crash/deliver.h: a watched signal is given to the application's own handler, as the kernel would have.
 *
 * Signal context: async-signal-safe, no thread-local storage.
 */
#ifndef CRASHPRE_PRELOAD_DELIVER_H
#define CRASHPRE_PRELOAD_DELIVER_H

#include "preload/signal/actions.h"

#include <signal.h>
#include <ucontext.h>

/* Calls the handler of `a` with the stack, the mask and the flags it asked for. If the process is to die of what it did
 * (it reset the action and raised the signal again; it returned to abort()), that is reported and prepared. */
void deliver(const struct action *a, int sig, siginfo_t *info, ucontext_t *uc);

#endif
