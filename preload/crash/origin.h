/* SPDX-License-Identifier: MIT */
/* preload/crash/origin.h: determines the origin of a signal from the stack.
 *
 * Signal context: async-signal-safe, no thread-local storage. Runs on the crash stack (crashstack.h); the number of
 * frames is limited.
 */
#ifndef CRASHPRE_PRELOAD_ORIGIN_H
#define CRASHPRE_PRELOAD_ORIGIN_H

#include "preload/base/arch.h"
#include "preload/signal/dispatch.h"

/* Copies to *out the signal of the innermost handler of the application in the stack trace from `regs`. Requires the
 * claim. Returns false if there is none, or if the stack cannot be read. */
bool origin_handler(const struct arch_registers *regs, struct dispatch *out);

/* Whether the interrupted code was called by a handler of the application. Takes the claim for the time of the call; false if
 * another thread holds it. */
bool origin_is_handler(const ucontext_t *uc);

/* Sets the address of libc's abort(); the symbol `abort` refers to the function that this library exports. Called at
 * load time. */
void origin_set_abort(uint64_t addr);

/* Whether the signal was raised by abort(); the process then dies although its handler returns (abort(3)). Takes the
 * claim for the time of the call; also false if another thread holds it. */
bool origin_is_abort(const siginfo_t *info, const ucontext_t *uc);

/* The same from the stack alone. Requires the claim. */
bool origin_was_abort(const ucontext_t *uc);

#endif
