/* SPDX-License-Identifier: MIT */
/* preload/base/crashstack.h: the stack that reports are made on. The alternate stack a handler starts on may be the
 * application's, and just large enough for its own handlers.
 *
 * Signal context: async-signal-safe, no thread-local storage. There is one: for the thread with the claim (claim.h),
 * which does not nest the calls.
 */
#ifndef CRASHPRE_PRELOAD_CRASHSTACK_H
#define CRASHPRE_PRELOAD_CRASHSTACK_H

#include <stdbool.h>
#include <stdint.h>

/* Calls fn(arg) there, with a further stack as the alternate one meanwhile: steps of it may fault under guard_run()
 * (guard.h). */
void crashstack_call(void (*fn)(void *), void *arg);

/* The same under a guard. false: fn was abandoned by a fault. */
bool crashstack_try(void (*fn)(void *), void *arg);

/* Where it is, for those who look at the process from outside: its lowest address and its size in bytes. */
uint64_t crashstack_base(void);
uint64_t crashstack_size(void);

#endif
