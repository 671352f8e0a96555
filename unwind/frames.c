/* SPDX-License-Identifier: MIT */
/* unwind/frames.c: the inner frames stand in order, the outer ones in a ring behind them until the walk is over. */
#include "unwind/frames.h"

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
        f->end = CFI_END_NONE;
}

/* Where frame number `n` stands; SIZE_MAX: it is not kept. */
static size_t place_of(const struct frames *f, size_t n)
{
        size_t outer = f->max - f->inner;

        if (n < f->max)
                return n;
        return outer ? f->inner + (n - f->inner) % outer : SIZE_MAX;
}

int frames_add(struct frames *f, const struct thread_frame *frame)
{
        size_t place = place_of(f, f->total);

        if (place == SIZE_MAX) {
                f->total++;
                return 0;
        }
        if (place >= f->room) {
                size_t room = f->room ? f->room * 2 : 16;
                struct thread_frame *v;

                if (room > f->max)
                        room = f->max;
                v = realloc(f->v, room * sizeof(*v));
                if (!v)
                        return -ENOMEM;
                f->v = v;
                f->room = room;
        }
        f->v[place] = *frame;
        f->total++;
        return 0;
}

struct thread_frame *frames_last(struct frames *f)
{
        size_t place = f->total ? place_of(f, f->total - 1) : SIZE_MAX;

        return place == SIZE_MAX ? NULL : &f->v[place];
}

static void reverse(struct thread_frame *v, size_t n)
{
        for (size_t i = 0; i < n / 2; i++) {
                struct thread_frame swap = v[i];

                v[i] = v[n - 1 - i];
                v[n - 1 - i] = swap;
        }
}

void frames_give(struct frames *f, struct target_thread *thread)
{
        size_t outer = f->max - f->inner;

        free(thread->frames);
        thread->frames = f->v;
        thread->frame_count = f->total < f->max ? f->total : f->max;
        thread->frames_omitted = f->total - thread->frame_count;
        thread->omitted_after = thread->frames_omitted ? f->inner - 1 : 0;
        thread->end = f->end;
        if (thread->frames_omitted && outer) {
                /* The oldest of the ring stands where the next frame would go: a rotation by three reversals. */
                size_t oldest = (f->total - f->inner) % outer;

                reverse(f->v + f->inner, oldest);
                reverse(f->v + f->inner + oldest, outer - oldest);
                reverse(f->v + f->inner, outer);
        }
        f->v = NULL;
        f->room = 0;
        frames_clear(f);
}
