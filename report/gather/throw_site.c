/* SPDX-License-Identifier: MIT */
#include "report/gather/throw_site.h"

#include <stdlib.h>
#include <string.h>

void throw_site_add(struct target *t, const uint64_t *pc, size_t n)
{
        struct target_thread *threads, *last;
        size_t i;

        if (!n)
                return;
        threads = pool_malloc((t->thread_count + 1) * sizeof(*threads));
        if (t->thread_count)
                memcpy(threads, t->threads, t->thread_count * sizeof(*threads));
        free(t->threads);
        t->threads = threads;
        last = &threads[t->thread_count++];
        memset(last, 0, sizeof(*last));
        last->frames = pool_malloc(n * sizeof(*last->frames));
        last->frame_count = n;
        for (i = 0; i < n; i++)
                last->frames[i] = (struct thread_frame){ .pc = pc[i],
                                                         .trust = CFI_TRUST_CFI,
                                                         .module = target_module_index(t, pc[i] - 1) };
}

void throw_site_take(struct report *report, struct target *t, size_t n)
{
        struct report_exception *e = &report->cause.exception;

        if (!n || !t->thread_count || !report->thread_count)
                return;
        free(t->threads[--t->thread_count].frames);
        report->thread_count--;
        e->thrown_at = report->threads[report->thread_count].frames;
        e->thrown_at_count = report->threads[report->thread_count].frame_count;
}
