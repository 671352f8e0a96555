/* SPDX-License-Identifier: MIT */
/* preload/dispatch.h: which handlers of the application are running for signals we watch, in which threads.
 *
 * Signal context: async-signal-safe, no thread-local storage. A handler left by siglongjmp() leaves its record
 * behind, in stack memory that others use by then: so a record only counts when the stack really leads through it.
 */
#ifndef CRASHPRE_PRELOAD_DISPATCH_H
#define CRASHPRE_PRELOAD_DISPATCH_H

#include "unwind/core/wire.h"

#include <signal.h>
#include <stdbool.h>
#include <ucontext.h>

/* Lives in the frame that calls the handler. */
struct dispatch {
        int pid, tid, sig;
        siginfo_t *info; /* of the signal the handler was called for */
        ucontext_t *uc;
};

/* Takes a slot for `d`; give the result (which may be NULL) to dispatch_end() when the handler has returned. */
struct dispatch **dispatch_begin(struct dispatch *d);
void dispatch_end(struct dispatch **slot, const struct dispatch *d);

/* May there be any? Cheap. */
bool dispatch_any(void);

/* The innermost handler that the frames of this thread lead through, copied to *out. Needs probe_begin() and
 * memmap_read(). */
bool dispatch_on_stack(const struct wire_frame *frame, uint32_t count, struct dispatch *out);

#endif
