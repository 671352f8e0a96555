/* SPDX-License-Identifier: MIT */
/* preload/signal/claim.h: serializes reports: the claim is held by the thread that writes one.
 *
 * Keyed by pid: a forked child ignores its parent's claim, which is copied with the memory, unless the two share that
 * memory. Signal context: async-signal-safe, no thread-local storage. Every wait is bounded.
 */
#ifndef CRASHPRE_PRELOAD_CLAIM_H
#define CRASHPRE_PRELOAD_CLAIM_H

#include <stdbool.h>
#include <stdint.h>

/* Waits at most `patience_ns` for another thread's report to end. Returns true if this thread now holds the claim.
 * Returns false at once if this thread is writing a report already. */
bool claim_take(uint64_t patience_ns);

/* Like claim_take(), with priority, for a thread that is about to die of a signal: a thread that requests reports in a
 * loop cannot delay it. */
bool claim_take_first(uint64_t patience_ns);

void claim_release(void);

bool claim_is_mine(void);

/* Whether the claim's memory is still mapped. Checked with a system call. */
bool claim_is_readable(void);

/* Marks the claimed report as that of a signal that kills the process. */
void claim_mark_dying(void);

/* Called by a thread that is about to end the process: if another thread is dying of a signal, waits at most
 * `patience_ns` so that the process dies of that signal. Without this library it would be dead already. */
void claim_wait_for_death(uint64_t patience_ns);

#endif
