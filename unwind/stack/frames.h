/* SPDX-License-Identifier: MIT */
/* unwind/stack/frames.h: collects the frames of one walk; of a long one, both ends. Private to unwind/. Not
 * async-signal-safe. */
#ifndef CRASHPRE_UNWIND_FRAMES_H
#define CRASHPRE_UNWIND_FRAMES_H

#include "unwind/target/target.h"

struct frames {
        struct thread_frame *v;
        size_t max, inner; /* maximum kept; how many of them are the innermost */
        size_t room, total;
        size_t next; /* index of the next frame */
        enum cfi_end end;
};

/* `max` > 0. Initializes an empty list; release it with frames_free(). */
void frames_begin(struct frames *f, size_t max);
void frames_free(struct frames *f);

/* Removes all frames; the memory remains allocated. */
void frames_clear(struct frames *f);

/* Appends a copy of `frame`. Returns 0 or -ENOMEM. */
int frames_add(struct frames *f, const struct thread_frame *frame);

/* Returns the frame added last, borrowed until the next call; NULL if there is none, or if it was not kept (max is
 * 1). */
struct thread_frame *frames_last(struct frames *f);

/* Orders the outer half and transfers all frames to the thread; `f` is empty afterwards. */
void frames_transfer(struct frames *f, struct target_thread *thread);

#endif
