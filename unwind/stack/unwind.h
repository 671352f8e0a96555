/* SPDX-License-Identifier: MIT */
/* unwind/stack/unwind.h: unwinds the stacks of all threads of a target. Not async-signal-safe. */
#ifndef CRASHPRE_UNWIND_UNWIND_H
#define CRASHPRE_UNWIND_UNWIND_H

#include "unwind/target/target.h"

enum unwind_check {
        UNWIND_OWN,         /* the CFI engine; libunwind if that stops early: for reports */
        UNWIND_CROSS_CHECK, /* both engines on every thread: for tests */
        UNWIND_OWN_ONLY,    /* one engine only: for tests and benchmarks */
        UNWIND_LIBUNWIND,
};

/* Receives a message for the report's diagnostics; `message` is borrowed. */
typedef void unwind_note(void *ctx, const char *message);

/* Fills frames, frame_count, frames_omitted, omitted_after and end of every thread that has registers; at most
 * `max_frames` are kept per thread (half of them innermost, half outermost; 0 means 1).
 *
 * Memory of all stacks is first fetched in one call. The CFI engine is used first; if it stops before an outermost
 * frame, libunwind (own accessors on the same memory, caching on) is tried and its frames are used if it reaches
 * farther. With UNWIND_CROSS_CHECK libunwind also walks every thread, and a difference between two walks that both
 * reach the end is reported through `note` (the CFI engine's result is used). .debug_frame, and the address of an
 * .eh_frame without header, are read from files (t->symbols, if set) only for modules that contain a frame without
 * other rules. No thread is walked beyond 1,000,000 frames or after t->deadline_ns: its end is then
 * CFI_END_MAX_FRAMES. `note` may be NULL. Returns 0 or -ENOMEM. */
int unwind_threads(struct target *t, size_t max_frames, enum unwind_check check, unwind_note *note, void *ctx);

#endif
