/* SPDX-License-Identifier: MIT */
/* preload/helper/spawn.h: starts the helper, waits for it (bounded) and reaps it.
 *
 * Signal context: async-signal-safe; the caller must have blocked all signals that can be blocked. Every wait ends at
 * c->wire.deadline_ns.
 */
#ifndef CRASHPRE_PRELOAD_SPAWN_H
#define CRASHPRE_PRELOAD_SPAWN_H

#include "preload/raw/crash.h"

/* Starts the helper, sends it c->wire ("go") and waits: for a fatal crash until the report is complete (the other
 * threads are then still stopped), otherwise until the helper has ended and was reaped. Errors are appended to the raw
 * report. `may_go_on`: the program may continue after a fatal crash (crashpre_set_after_report()). */
void spawn_helper(struct crash *c, bool may_go_on);

/* Whether INT, TERM, HUP or QUIT is pending. Ctrl-C ends every wait of a crashing process. */
bool spawn_wait_is_over(void);

#endif
