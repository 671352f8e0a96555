/* SPDX-License-Identifier: MIT */
/* preload/crash/deliver.h: delivers a watched signal to the application's handler, as the kernel would have.
 *
 * Signal context: async-signal-safe, no thread-local storage.
 */
#ifndef CRASHPRE_PRELOAD_DELIVER_H
#define CRASHPRE_PRELOAD_DELIVER_H

#include "preload/signal/actions.h"

#include <signal.h>
#include <ucontext.h>

/* Calls the handler of `a` with the stack, the mask and the flags that `a` specifies. If the process must die
 * afterwards (the handler reset the action and raised the signal again, or it returned to abort()), writes the report
 * and prepares the death. */
void deliver(const struct action *a, int sig, siginfo_t *info, ucontext_t *uc);

#endif
