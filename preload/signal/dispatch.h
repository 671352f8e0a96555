/* SPDX-License-Identifier: MIT */
/* preload/signal/dispatch.h: records which handlers of the application are running for watched signals, in which
 * threads.
 *
 * Signal context: async-signal-safe, no thread-local storage. A handler left by siglongjmp() does not release its
 * record, so a record only counts as that of a running handler if the stack trace passes through its frame. A slot is
 * reused when a later call on the same stack has overwritten its record's frame, or when its thread has ended.
 */
#ifndef CRASHPRE_PRELOAD_DISPATCH_H
#define CRASHPRE_PRELOAD_DISPATCH_H

#include "unwind/core/terms/wire.h"

#include <signal.h>
#include <stdbool.h>
#include <ucontext.h>

/* Stored in the frame that calls the handler. */
struct dispatch {
        int pid, tid, sig;
        siginfo_t *info; /* of the signal the handler was called for */
        ucontext_t *uc;
};

struct dispatch_slot;

/* Allocates a slot for `d`; pass the result (NULL if too many handlers run at once) to dispatch_end() after the handler
 * has returned. `held`: see dispatch_held(). */
struct dispatch_slot *dispatch_begin(struct dispatch *d, uint64_t held);
void dispatch_end(struct dispatch_slot *slot, const struct dispatch *d);

/* Whether there may be any record. Cheap. */
bool dispatch_any(void);

/* Get and set the hardware signals that the application has blocked in this thread's innermost handler (mask.h). Return
 * false if no handler of the thread is running. The set remains valid after a handler is left by longjmp(), as the mask
 * does. In a vfork child dispatch_held() returns the parent's set and dispatch_hold() changes nothing. */
bool dispatch_held(uint64_t *held);
bool dispatch_hold(uint64_t held);

/* After fork(3): assigns the records of thread `old_tid` of process `old_pid` to this thread and releases all
 * others. */
void dispatch_inherit(int old_pid, int old_tid);

/* Copies to *out the record of the innermost handler in the stack trace of this thread. Returns false if there is none.
 * Requires probe_begin() and memmap_read(). */
bool dispatch_on_stack(const struct wire_frame *frame, uint32_t count, struct dispatch *out);

#endif
