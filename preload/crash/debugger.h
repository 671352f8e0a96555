/* SPDX-License-Identifier: MIT */
/* preload/crash/debugger.h: CRASHPRE_WAIT_DEBUGGER: a dying process waits for somebody to look at it.
 *
 * Signal context: async-signal-safe; all signals that can be must be blocked by the caller. The wait ends after
 * settings.wait_debugger_s seconds at the latest, and at once when INT, TERM, HUP or QUIT is pending.
 */
#ifndef CRASHPRE_PRELOAD_DEBUGGER_H
#define CRASHPRE_PRELOAD_DEBUGGER_H

#include <stdbool.h>

/* Lets any process of the same user trace this one, says so on stderr where `may_print`, and waits until the calling
 * thread has a tracer. Continued by it, the thread goes on to repeat its fault: then the debugger sees the crash as if
 * it had been there from the beginning. Returns at once where nothing is to be waited for. */
void debugger_wait(bool may_print);

#endif
