/* SPDX-License-Identifier: MIT */
/* preload/signal/claim.h: one report at a time: which thread of this process makes it.
 *
 * Keyed by pid: a forked child finds its parent's claim in its memory and ignores it, unless the two share that
 * memory.
 * Signal context: async-signal-safe, no thread-local storage. Every wait is bounded.
 */
#ifndef CRASHPRE_PRELOAD_CLAIM_H
#define CRASHPRE_PRELOAD_CLAIM_H

#include <stdbool.h>
#include <stdint.h>

/* Waits at most `patience_ns` for another thread's report to end. true: this thread's turn. false at once where this
 * very thread is making a report already. */
bool claim_take(uint64_t patience_ns);

/* The same for a thread that is about to die of a signal: a thread that asks for one report after the other does not
 * get between. */
bool claim_take_first(uint64_t patience_ns);

void claim_release(void);

bool claim_is_mine(void);

/* Is the memory of it still there? Asked of the kernel. */
bool claim_is_readable(void);

/* The claimed report is of a signal that kills the process. */
void claim_mark_dying(void);

/* This thread is about to end the process: if another one is dying of a signal, waits at most `patience_ns` for that to
 * be what the process ends of. Without us it would have been dead by now. */
void claim_wait_for_death(uint64_t patience_ns);

#endif
