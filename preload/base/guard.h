/* SPDX-License-Identifier: MIT */
/* preload/base/guard.h: execution of steps of the crash path that may fault.
 *
 * Signal context: async-signal-safe. Used by one thread at a time, the one that claimed the crash. Guarded steps may be
 * nested.
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

/* Runs fn(arg). Returns false if it faulted: fn was abandoned at that instruction and *fault describes the fault. */
bool guard_run(void (*fn)(void *), void *arg, struct guard_fault *fault);

/* Called by the handler for a fault inside the crash path: continues in the innermost guard_run(), which returns false.
 * Returns only if no guard_run() is active. */
void guard_fault(int sig, const siginfo_t *info, uint64_t pc);

#endif
