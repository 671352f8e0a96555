/* SPDX-License-Identifier: MIT */
/* preload/base/crashstack.h: the stack on which reports are written. The alternate stack on which a handler starts may
 * be the application's, and just large enough for the application's handlers.
 *
 * Signal context: async-signal-safe, no thread-local storage. There is one such stack, for the thread that holds the
 * claim (claim.h); calls must not be nested.
 */
#ifndef CRASHPRE_PRELOAD_CRASHSTACK_H
#define CRASHPRE_PRELOAD_CRASHSTACK_H

#include <stdbool.h>
#include <stdint.h>

/* Calls fn(arg) on this stack, with another alternate stack installed during the call, so that steps of fn may fault
 * under guard_run() (guard.h). */
void crashstack_call(void (*fn)(void *), void *arg);

/* Like crashstack_call(), under a guard. Returns false if fn was abandoned because of a fault. */
bool crashstack_try(void (*fn)(void *), void *arg);

/* Lowest address and size in bytes of the stack, for the helper, which reads it from another process. */
uint64_t crashstack_base(void);
uint64_t crashstack_size(void);

#endif
