/* SPDX-License-Identifier: MIT */
#include "report/words/recursion.h"

#include "report/model/names.h"
#include "report/words/own.h"
#include "unwind/core/terms/fault_class.h"

#include <string.h>

/* Longer cycles are not searched for: a reader would not recognize them. */
#define MAX_PERIOD 64
#define MIN_REPEATS 3

/* Compares functions, not addresses: f may call itself in two places. */
static bool same_call(const struct report_frame *a, const struct report_frame *b)
{
        if (a->signal_frame != b->signal_frame || a->inlined != b->inlined)
                return false;
        if (!a->function || !b->function)
                return !a->function && !b->function && a->pc.v == b->pc.v;
        return !strcmp(a->function, b->function);
}

static uint64_t gap_before(const struct report_thread *thread, size_t i)
{
        int64_t gap = i ? thread->frames[i].index.v - thread->frames[i - 1].index.v - 1 : 0;

        return gap > 0 ? (uint64_t)gap : 0;
}

/* Returns the end of the frames that repeat with `period` from `first` on; at most up to the next gap. */
static size_t run_end(const struct report_thread *thread, size_t first, size_t period)
{
        const struct report_frame *f = thread->frames;
        size_t end = first + 1;

        while (end < thread->frame_count && !gap_before(thread, end) &&
               (end < first + period || same_call(&f[end], &f[end - period])))
                end++;
        return end;
}

/* True if the frames after a gap continue the same cycle, at any point of it. */
static bool continues_cycle(const struct report_thread *thread, const struct recursion *r, size_t from, size_t *phase)
{
        const struct report_frame *f = thread->frames;
        size_t i;

        for (*phase = 0; *phase < r->period; ++*phase) {
                for (i = 0; i < r->period && from + i < thread->frame_count; i++)
                        if (!same_call(&f[from + i], &f[r->first + (*phase + i) % r->period]))
                                break;
                if (i == r->period)
                        return true;
        }
        return false;
}

static void finish(const struct report_thread *thread, struct recursion *r, uint64_t omitted)
{
        size_t i, physical = 0;

        for (i = 0; i < r->period; i++)
                physical += !thread->frames[r->first + i].inlined;
        /* The omitted frames are physical ones: each also represents its inlined calls. */
        r->calls = r->end - r->first + (physical ? omitted * r->period / physical : omitted);
        r->count = r->calls / r->period;
}

static bool repeats_at(const struct report_thread *thread, size_t first, size_t period, struct recursion *out)
{
        size_t end = run_end(thread, first, period), phase;
        uint64_t gap;

        if (end - first < MIN_REPEATS * period)
                return false;
        *out = (struct recursion){ .first = first, .end = end, .period = period };
        gap = end < thread->frame_count ? gap_before(thread, end) : 0;
        /* A few repetitions just before the gap may be accidental: the frames after it count only if they are most of
         * what is known. */
        if (gap && end - first >= end / 2 && continues_cycle(thread, out, end, &phase))
                for (; out->end < thread->frame_count; out->end++)
                        if (!same_call(&thread->frames[out->end],
                                       &thread->frames[first + (phase + out->end - end) % period]))
                                break;
        finish(thread, out, out->end > end ? gap : 0);
        return true;
}

bool recursion_find(const struct report_thread *thread, size_t from, struct recursion *out)
{
        size_t first, period;

        for (first = from; first + MIN_REPEATS <= thread->frame_count; first++)
                for (period = 1; period <= MAX_PERIOD && first + MIN_REPEATS * period <= thread->frame_count; period++)
                        if (repeats_at(thread, first, period, out))
                                return true;
        return false;
}

bool recursion_longest(const struct report_thread *thread, struct recursion *out)
{
        struct recursion r = { 0 };
        size_t from = 0;

        *out = r;
        for (; recursion_find(thread, from, &r); from = r.end)
                if (r.calls > out->calls)
                        *out = r;
        return out->calls > 0;
}

/* Returns the alphabetically first rotation. */
static size_t canonical_start(const char *const *names, size_t n)
{
        size_t best = 0, start, i;

        for (start = 1; start < n; start++) {
                int order = 0;

                for (i = 0; i < n && !order; i++)
                        order = strcmp(names[(start + i) % n], names[(best + i) % n]);
                if (order < 0)
                        best = start;
        }
        return best;
}

static uint64_t depth(const struct report_thread *thread)
{
        return thread->frame_count ? (uint64_t)thread->frames[thread->frame_count - 1].index.v + 1 : 0;
}

void recursion_fill(struct report *report)
{
        struct report_recursion *out = &report->fault.recursion;
        const char **names, *names_in_order[MAX_PERIOD];
        struct recursion r;
        size_t i, start;

        if (!fault_class_is(report->fault.class, FAULT_STACK_OVERFLOW) || !report->thread_count ||
            !recursion_longest(&report->threads[0], &r) || r.calls < depth(&report->threads[0]) / 2)
                return;
        names = pool_alloc(&report->pool, r.period * sizeof(*names));
        for (i = 0; i < r.period; i++) {
                const struct report_frame *frame = &report->threads[0].frames[r.first + i];

                names_in_order[i] = frame->function ? frame->function : frame->text ? frame->text : "?";
        }
        start = canonical_start(names_in_order, r.period);
        for (i = 0; i < r.period; i++)
                names[i] = names_in_order[(start + i) % r.period];
        out->functions = names;
        out->function_count = r.period;
        out->count = KNOWN_INT((int64_t)r.count);
}

static bool is_own_function(struct report *report, const char *function)
{
        const struct report_thread *thread = &report->threads[0];
        size_t i;

        for (i = 0; i < thread->frame_count; i++) {
                const char *name = thread->frames[i].function ? thread->frames[i].function : thread->frames[i].text;

                if (name && !strcmp(name, function))
                        return own_frame(report, &thread->frames[i]);
        }
        return true;
}

static void add_name(const char **names, size_t *n, const char *name)
{
        size_t i;

        for (i = 0; i < *n; i++)
                if (!strcmp(names[i], name))
                        return;
        names[(*n)++] = name;
}

const char **recursion_own_names(struct report *report, size_t *n)
{
        const struct report_recursion *r = &report->fault.recursion;
        const char **names = pool_alloc(&report->pool, (r->function_count + 1) * sizeof(*names));
        size_t i;

        *n = 0;
        for (i = 0; i < r->function_count && report->thread_count; i++)
                if (is_own_function(report, r->functions[i]))
                        add_name(names, n, names_plain(&report->pool, r->functions[i]));
        for (i = 0; i < r->function_count && !*n; i++)
                add_name(names, n, names_plain(&report->pool, r->functions[i]));
        return names;
}
