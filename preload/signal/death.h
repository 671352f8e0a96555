/* SPDX-License-Identifier: MIT */
/* preload/signal/death.h: ends the process as it would have ended without this library.
 *
 * Signal context: async-signal-safe.
 */
#ifndef CRASHPRE_PRELOAD_DEATH_H
#define CRASHPRE_PRELOAD_DEATH_H

#include "preload/base/syscalls.h"

#include <stdbool.h>

/* Whether the same fault is raised again on return from the handler. */
bool death_repeats(int sig, const siginfo_t *info, const ucontext_t *uc);

/* Prepares the process so that the return from the handler (rt_sigreturn to `uc`) kills it by `sig`, with the registers
 * and the siginfo of the crash: either the instruction faults again or, where it would not, the original signal is
 * queued. In process 1 of a namespace, which the kernel does not let die of a signal that was sent (kernel/signal.c:
 * get_signal(), SIGNAL_UNKILLABLE), the instruction is executed again instead, or, if that is not what raised the signal, the
 * program continues, as it would have: abort() then executes hlt. */
void death_prepare(int sig, const siginfo_t *info, ucontext_t *uc);

/* Dies of `sig` at once, when the crash path itself cannot continue. */
_Noreturn void death_now(int sig);

#endif
