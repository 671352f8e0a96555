/* SPDX-License-Identifier: MIT */
/* preload/helper/spawn.h: the helper's start, the bounded wait for it, and its collection.
 *
 * Signal context: async-signal-safe; all signals that can be must be blocked by the caller. Every wait ends at
 * c->wire.deadline_ns.
 */
#ifndef CRASHPRE_PRELOAD_SPAWN_H
#define CRASHPRE_PRELOAD_SPAWN_H

#include "preload/raw/crash.h"

/* Starts the helper, sends it c->wire ("go") and waits: for a fatal crash until the report is in place (the other
 * threads are then still held), otherwise until the helper has ended and is collected. What went wrong is appended to
 * the raw report. */
void spawn_helper(struct crash *c);

/* Is INT, TERM, HUP or QUIT pending? Ctrl-C ends every wait of a dying process. */
bool spawn_wait_is_over(void);

#endif
