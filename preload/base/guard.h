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

/* Runs a function of the program, which may do anything: like guard_run(), and it is also abandoned after `seconds` (it waits for
 * a lock that the crash has left locked), and when it ends the process. `signals`: those for which this library's handler is
 * installed; without a hardware signal among them there is no limit. Returns false if fn was abandoned, or not called because an earlier one did not come back: it may hold locks, or
 * exit(3) is half done. Not to be nested. */
#define GUARD_FOREIGN_S 2
bool guard_run_foreign(void (*fn)(void *), void *arg, uint64_t signals, unsigned seconds);

/* Called when the process is about to exit: abandons the function that guard_run_foreign() runs in this thread; returns if there is
 * none. */
void guard_leave_foreign(void);

/* Called by the handler for a signal that was sent: abandons that function if its time is up; returns otherwise. */
void guard_time_is_up(const siginfo_t *info);

/* Called by the handler for a fault inside the crash path: continues in the innermost guard_run(), which returns false.
 * Returns only if no guard_run() is active. */
void guard_fault(int sig, const siginfo_t *info, uint64_t pc);

#endif
