/* SPDX-License-Identifier: MIT */
/* preload/crash/origin.h: what the stack tells of where a signal comes from.
 *
 * Signal context: async-signal-safe, no thread-local storage. On the crash stack (crashstack.h), bounded in frames.
 */
#ifndef CRASHPRE_PRELOAD_ORIGIN_H
#define CRASHPRE_PRELOAD_ORIGIN_H

#include "preload/base/x86_64.h"
#include "preload/signal/dispatch.h"

/* The application's innermost handler that the stack at `regs` leads through, copied to *out. Needs the claim. false:
 * none, or the stack cannot be read. */
bool origin_handler(const struct arch_registers *regs, struct dispatch *out);

/* Where libc's abort() is: `abort` names the one that we export. Called at load. */
void origin_set_abort(uint64_t addr);

/* Was the signal raised by abort()? Then a handler that returns does not save the process (abort(3)). Takes the claim;
 * false also where another thread has it. */
bool origin_is_abort(const siginfo_t *info, const ucontext_t *uc);

#endif
