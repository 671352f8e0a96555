/* SPDX-License-Identifier: MIT */
/* unwind/stack/frames.h: collects the frames of one walk, keeping both ends of a long one. Private to unwind/. */
#ifndef CRASHPRE_UNWIND_FRAMES_H
#define CRASHPRE_UNWIND_FRAMES_H

#include "unwind/target/target.h"

struct frames {
        struct thread_frame *v;
        size_t max, inner; /* kept at most; how many of them are the innermost */
        size_t room, total;
        size_t next; /* place of the next frame */
        enum cfi_end end;
};

/* `max` > 0. Begins empty; frames_free() is due. */
void frames_begin(struct frames *f, size_t max);
void frames_free(struct frames *f);

/* Forgets the frames, keeps the memory. */
void frames_clear(struct frames *f);

/* 0 or -ENOMEM. */
int frames_add(struct frames *f, const struct thread_frame *frame);

/* The frame added last; NULL if none, or if it was not kept (max is 1). Borrowed until the next call. */
struct thread_frame *frames_last(struct frames *f);

/* Puts the outer half in order and hands everything to the thread; `f` is empty then. */
void frames_give(struct frames *f, struct target_thread *thread);

#endif
