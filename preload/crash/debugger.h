/* SPDX-License-Identifier: MIT */
/* preload/crash/debugger.h: CRASHPRE_WAIT_DEBUGGER: a crashed process waits for a debugger.
 *
 * Signal context: async-signal-safe; the caller must have blocked all signals that can be blocked. The wait ends after
 * settings.wait_debugger_s seconds at the latest, and at once when INT, TERM, HUP or QUIT is pending.
 */
#ifndef CRASHPRE_PRELOAD_DEBUGGER_H
#define CRASHPRE_PRELOAD_DEBUGGER_H

/* Allows any process of the same user to trace this one, prints a notice where a summary goes to stderr, and waits
 * until the calling thread has a tracer. When the debugger continues the thread, the thread repeats its fault, so that
 * the debugger sees the crash as if it had been attached before. Returns at once if the setting is 0 or the thread is
 * already traced. */
void debugger_wait(void);

#endif
