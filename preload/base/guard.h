/* SPDX-License-Identifier: MIT */
/* preload/base/guard.h: steps of the crash path that may fault themselves.
 *
 * Signal context: async-signal-safe. Used by one thread at a time, the one that claimed the crash. Guarded steps may
 * hold guarded steps.
 */
#ifndef CRASHPRE_PRELOAD_GUARD_H
#define CRASHPRE_PRELOAD_GUARD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct guard_fault {
        int signal;
        uint64_t address, pc;
};

/* Runs fn(arg). false: it faulted, was abandoned where it stood, and *fault says how. */
bool guard_run(void (*fn)(void *), void *arg, struct guard_fault *fault);

/* From the handler, for a fault inside the crash path: goes back to the armed guard_run(); returns only when none is
 * armed. */
void guard_fault(int sig, const siginfo_t *info, uint64_t pc);

#endif
