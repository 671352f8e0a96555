/* SPDX-License-Identifier: MIT */
/* unwind/stack/frames.c: the inner frames are stored in order, the outer ones in a ring buffer after them until the
 * walk ends. */
#include "unwind/stack/frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void frames_begin(struct frames *f, size_t max)
{
        *f = (struct frames){ .max = max, .inner = max - max / 2 };
}

void frames_free(struct frames *f)
{
        free(f->v);
        f->v = NULL;
        f->room = 0;
}

void frames_clear(struct frames *f)
{
        f->total = 0;
        f->next = 0;
        f->end = CFI_END_NONE;
}

static int grow(struct frames *f)
{
        size_t room = f->room ? f->room * 2 : 16;
        struct thread_frame *v;

        if (room > f->max)
                room = f->max;
        v = realloc(f->v, room * sizeof(*v));
        if (!v)
                return -ENOMEM;
        f->v = v;
        f->room = room;
        return 0;
}

int frames_add(struct frames *f, const struct thread_frame *frame)
{
        if (f->next == f->max) { /* wrap around */
                f->next = f->inner;
                if (f->inner == f->max) {
                        f->total++;
                        f->next = f->max;
                        return 0;
                }
        }
        if (f->next == f->room) {
                int err = grow(f);

                if (err)
                        return err;
        }
        f->v[f->next++] = *frame;
        f->total++;
        return 0;
}

struct thread_frame *frames_last(struct frames *f)
{
        return f->total && (f->total <= f->max || f->inner < f->max) ? &f->v[f->next - 1] : NULL;
}

static void reverse(struct thread_frame *v, size_t n)
{
        for (size_t i = 0; i < n / 2; i++) {
                struct thread_frame swap = v[i];

                v[i] = v[n - 1 - i];
                v[n - 1 - i] = swap;
        }
}

void frames_transfer(struct frames *f, struct target_thread *thread)
{
        size_t outer = f->max - f->inner;

        free(thread->frames);
        thread->frames = f->v;
        thread->frame_count = f->total < f->max ? f->total : f->max;
        thread->frames_omitted = f->total - thread->frame_count;
        thread->omitted_after = thread->frames_omitted ? f->inner - 1 : 0;
        thread->end = f->end;
        if (thread->frames_omitted && outer) {
                /* The oldest frame of the ring is where the next frame would be stored: rotate by three reversals. */
                size_t oldest = (f->next - f->inner) % outer;

                reverse(f->v + f->inner, oldest);
                reverse(f->v + f->inner + oldest, outer - oldest);
                reverse(f->v + f->inner, outer);
        }
        f->v = NULL;
        f->room = 0;
        frames_clear(f);
}
