/* SPDX-License-Identifier: MIT */
/* preload/signal/dispatch.h: which handlers of the application are running for signals we watch, in which threads.
 *
 * Signal context: async-signal-safe, no thread-local storage. A handler left by siglongjmp() leaves its record
 * behind: so a record only counts as one of a running handler when the stack really leads through it. What is
 * overtaken by a later call on the same stack, or belongs to a thread that has ended, is used again.
 */
#ifndef CRASHPRE_PRELOAD_DISPATCH_H
#define CRASHPRE_PRELOAD_DISPATCH_H

#include "unwind/core/terms/wire.h"

#include <signal.h>
#include <stdbool.h>
#include <ucontext.h>

/* Lives in the frame that calls the handler. */
struct dispatch {
        int pid, tid, sig;
        siginfo_t *info; /* of the signal the handler was called for */
        ucontext_t *uc;
};

struct dispatch_slot;

/* Takes a slot for `d`; give the result (NULL where too many handlers run at once) to dispatch_end() when the handler
 * has returned. `held`: see dispatch_held(). */
struct dispatch_slot *dispatch_begin(struct dispatch *d, uint64_t held);
void dispatch_end(struct dispatch_slot *slot, const struct dispatch *d);

/* May there be any? Cheap. */
bool dispatch_any(void);

/* The hardware signals that this thread believes to be blocked in its innermost handler (mask.h), and their change.
 * false: no handler of it runs. What is held outlives a handler left by longjmp(), as the mask does. A vfork child is
 * told what its parent holds, and changes nothing. */
bool dispatch_held(uint64_t *held);
bool dispatch_hold(uint64_t held);

/* fork(3) gave the records of thread `old_tid` of process `old_pid` to this one: they are this thread's now. */
void dispatch_inherit(int old_pid, int old_tid);

/* The innermost handler that the frames of this thread lead through, copied to *out. Needs probe_begin() and
 * memmap_read(). */
bool dispatch_on_stack(const struct wire_frame *frame, uint32_t count, struct dispatch *out);

#endif
