/* SPDX-License-Identifier: MIT */
/* unwind/stack/unwind.h: the stacks of all threads of a target. */
#ifndef CRASHPRE_UNWIND_UNWIND_H
#define CRASHPRE_UNWIND_UNWIND_H

#include "unwind/target/target.h"

enum unwind_check {
        UNWIND_OWN,         /* the CFI engine, libunwind where that stops early: for reports */
        UNWIND_CROSS_CHECK, /* both walk every thread: for tests */
        UNWIND_OWN_ONLY,    /* one engine alone: for tests and benchmarks */
        UNWIND_LIBUNWIND,
};

/* A sentence for the report's diagnostics. */
typedef void unwind_note(void *ctx, const char *message);

/* Fills frames, frame_count, frames_omitted, omitted_after and end of every thread that has registers, at most
 * `max_frames` kept a thread (half of them innermost, half outermost; 0 means 1).
 *
 * Memory of all stacks is fetched in one call first. The CFI engine goes first; where it stops before an outermost
 * frame, libunwind (own accessors over the same memory, caching on) is tried and its frames are taken if they go
 * further. With UNWIND_CROSS_CHECK libunwind walks every thread as well, and a difference between two walks that both
 * reach the end is told through `note` (ours stands). .debug_frame, and the place of an .eh_frame without header, come
 * from files (t->symbols, if there is one) only for modules in which a frame without other rules stands. No thread is
 * walked beyond 1,000,000 frames or after t->deadline_ns: its end is then CFI_END_MAX_FRAMES. `note` may be NULL. 0 or
 * -ENOMEM. */
int unwind_threads(struct target *t, size_t max_frames, enum unwind_check check, unwind_note *note, void *ctx);

#endif
