/* SPDX-License-Identifier: MIT */
/* preload/signal/death.h: the end that the process would have had without us.
 *
 * Signal context: async-signal-safe.
 */
#ifndef CRASHPRE_PRELOAD_DEATH_H
#define CRASHPRE_PRELOAD_DEATH_H

#include "preload/base/syscalls.h"

#include <stdbool.h>

/* Does returning from the handler raise the same fault again? */
bool death_repeats(int sig, const siginfo_t *info, const ucontext_t *uc);

/* Prepares the process so that the return from the handler (rt_sigreturn to `uc`) kills it by `sig`, with the
 * registers and the siginfo of the crash: by letting the fault happen again, or, where it would not, by queueing the
 * original signal. Does not return for PID 1 of a namespace, whom default actions do not kill: exits with 128 + sig. */
void death_prepare(int sig, const siginfo_t *info, ucontext_t *uc);

/* The same where the process was to die of a signal already raised: `info` is queued whether or not the instruction
 * would fault again. */
void death_queue(int sig, const siginfo_t *info, ucontext_t *uc);

/* The crash path itself is broken beyond repair: dies of `sig` at once. */
_Noreturn void death_now(int sig);

#endif
