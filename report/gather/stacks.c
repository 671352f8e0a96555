/* SPDX-License-Identifier: MIT */
#include "report/gather/stacks.h"

#include "report/words/describe.h"
#include "unwind/target/arch.h"

#include <string.h>

static const char *status_name(enum module_status status)
{
        switch (status) {
        case MODULE_SYMBOLS:
                return "symbols";
        case MODULE_DWARF:
                return "dwarf";
        case MODULE_MISSING:
                return "missing";
        case MODULE_DELETED:
                return "deleted";
        case MODULE_NONE:
                break;
        }
        return "none";
}

static const char *build_id(struct pool *pool, const struct image *image)
{
        static const char digits[] = "0123456789abcdef";
        uint32_t i;
        char *hex;

        if (!image->build_id_len || image->build_id_len > IMAGE_BUILD_ID_MAX)
                return NULL;
        hex = pool_alloc(pool, 2 * (size_t)image->build_id_len + 1);
        for (i = 0; i < image->build_id_len; i++) {
                hex[2 * i] = digits[image->build_id[i] >> 4];
                hex[2 * i + 1] = digits[image->build_id[i] & 15];
        }
        return hex;
}

/* `queried`: modules whose files were opened; the status of others is unknown. */
static void fill_modules(struct report *report, const struct target *t, const bool *queried)
{
        size_t i;

        report->modules = pool_alloc(&report->pool, t->modules.n * sizeof(*report->modules));
        report->module_count = t->modules.n;
        for (i = 0; i < t->modules.n; i++) {
                const struct module *from = &t->modules.v[i];
                struct report_module *m = &report->modules[i];

                m->path = pool_strdup(&report->pool, from->path);
                m->base = KNOWN_U64(from->base);
                m->end = KNOWN_U64(from->end);
                m->build_id = build_id(&report->pool, &from->image);
                m->debug_file = pool_strdup(&report->pool, from->debug_file);
                if (queried[i])
                        m->status = status_name(from->status);
                else if (from->deleted)
                        m->status = status_name(MODULE_DELETED);
        }
}

static void fill_registers(struct report *report, struct report_thread *out, const struct arch_registers *regs)
{
        static const char *const names[] = ARCH_REG_NAMES;
        static const unsigned char order[] = ARCH_REG_DISPLAY_ORDER;
        size_t i;

        for (i = 0; i < sizeof(order); i++) {
                struct report_register *r;

                if (!(regs->known >> order[i] & 1))
                        continue;
                r = POOL_APPEND(&report->pool, out->registers, out->register_count);
                r->name = names[order[i]];
                r->value = regs->v[order[i]];
        }
}

/* Computes how many report frames each physical frame becomes. */
static void count_calls(const struct target *t, const struct symbol_query *q, size_t *calls)
{
        size_t left = STACKS_INLINED_MAX, i, k;

        for (i = 0; i < t->thread_count; i++) {
                for (k = 0; k < t->threads[i].frame_count; k++, q++, calls++) {
                        size_t inlined = q->line_count ? q->line_count - 1 : 0;

                        if (t->threads[i].frames[k].signal_frame || inlined > left)
                                inlined = 0;
                        left -= inlined;
                        *calls = 1 + inlined;
                }
        }
}

static const char *signal_of_frame(struct report *report, struct target *t, const struct thread_frame *from)
{
        int signal = 0;

        return !t->ops || arch_signal_of_frame(t, from->sp, &signal) ? NULL : describe_signal(report, signal);
}

static void fill_place(struct report *report, struct report_frame *out, struct target *t,
                       const struct thread_frame *from)
{
        out->trust = cfi_trust_name(from->trust);
        out->pc = KNOWN_U64(from->pc);
        out->signal_frame = from->signal_frame;
        if (from->signal_frame)
                out->signal = signal_of_frame(report, t, from);
        if (from->module >= 0 && (size_t)from->module < t->modules.n) {
                uint64_t offset = from->pc - t->modules.v[from->module].image.bias;

                out->module = KNOWN_INT(from->module);
                out->module_offset = KNOWN_U64(offset);
                out->lookup_offset = KNOWN_U64(from->exact_pc ? offset : offset - 1);
        }
}

static void fill_line(struct report *report, struct report_frame *out, const struct symbol_line *from)
{
        out->function = pool_strdup(&report->pool, from->function);
        out->symbol = pool_strdup(&report->pool, from->symbol);
        out->file = from->file && from->file[0] ? pool_strdup(&report->pool, from->file) : NULL;
        if (from->line)
                out->line = KNOWN_INT(from->line);
        if (from->line && from->column)
                out->column = KNOWN_INT(from->column);
}

/* Fills `calls` frames, innermost first: the last is the physical one. */
static void fill_calls(struct report *report, struct report_frame *out, size_t calls, struct target *t,
                       const struct thread_frame *from, const struct symbol_query *q)
{
        struct report_frame *physical = &out[calls - 1];
        const struct symbol_line *line = q->line_count && !from->signal_frame ? &q->lines[q->line_count - calls] : NULL;
        size_t i;

        for (i = 0; i < calls; i++) {
                fill_place(report, &out[i], t, from);
                if (line)
                        fill_line(report, &out[i], &line[i]);
                out[i].inlined = &out[i] != physical;
        }
        if (!physical->function) {
                physical->function = pool_strdup(&report->pool, q->function);
                physical->symbol = pool_strdup(&report->pool, q->symbol);
        }
        if (q->function || q->symbol)
                physical->function_offset = KNOWN_INT((int64_t)(from->exact_pc ? q->offset : q->offset + 1));
        for (i = 0; i < calls; i++)
                out[i].text = describe_frame(report, &out[i]);
}

static void fill_thread(struct report *report, struct report_thread *out, struct target *t,
                        const struct target_thread *from, const struct symbol_query *q, const size_t *calls)
{
        size_t i, k, n = 0;

        out->tid = KNOWN_INT(from->tid);
        if (from->name[0])
                out->name = pool_strdup(&report->pool, from->name);
        fill_registers(report, out, &from->regs);
        for (i = 0; i < from->frame_count; i++)
                n += calls[i];
        out->frames = pool_alloc(&report->pool, n * sizeof(*out->frames));
        for (i = 0; i < from->frame_count; i++) {
                size_t gap = i > from->omitted_after ? from->frames_omitted : 0;

                fill_calls(report, &out->frames[out->frame_count], calls[i], t, &from->frames[i], &q[i]);
                for (k = 0; k < calls[i]; k++, out->frame_count++)
                        out->frames[out->frame_count].index = KNOWN_INT((int64_t)(out->frame_count + gap));
        }
        out->frames_omitted = KNOWN_INT((int64_t)from->frames_omitted);
        if (from->end != CFI_END_NONE)
                out->unwind_end = cfi_end_name(from->end);
        else if (!from->regs.known)
                out->unwind_end = "no-registers";
}

/* One query per frame, all threads in sequence: the crashing one is first, so that its queries are resolved if time
 * runs out. */
static void make_queries(const struct target *t, struct symbol_query *q, bool *queried)
{
        size_t n = 0, i, k;

        for (i = 0; i < t->thread_count; i++) {
                for (k = 0; k < t->threads[i].frame_count; k++) {
                        const struct thread_frame *frame = &t->threads[i].frames[k];

                        q[n].module = frame->module;
                        q[n++].addr = frame->exact_pc ? frame->pc : frame->pc - 1;
                        if (frame->module >= 0 && (size_t)frame->module < t->modules.n)
                                queried[frame->module] = true;
                }
        }
}

static size_t count_frames(const struct target *t)
{
        size_t n = 0, i;

        for (i = 0; i < t->thread_count; i++)
                n += t->threads[i].frame_count;
        return n;
}

int stacks_fill(struct report *report, struct target *t, struct symbols *symbols, bool crashed)
{
        struct pool *pool = &report->pool;
        size_t n = count_frames(t), i, at = 0;
        struct symbol_query *queries = pool_alloc(pool, (n + 1) * sizeof(*queries));
        size_t *calls = pool_alloc(pool, (n + 1) * sizeof(*calls));
        bool *queried = pool_alloc(pool, (t->modules.n + 1) * sizeof(*queried));
        int err;

        make_queries(t, queries, queried);
        err = symbols ? symbols_resolve(symbols, queries, n) : 0;
        if (!symbols || err)
                memset(queried, 0, (t->modules.n + 1) * sizeof(*queried));
        count_calls(t, queries, calls);
        fill_modules(report, t, queried);
        report->threads = pool_alloc(pool, t->thread_count * sizeof(*report->threads));
        report->thread_count = t->thread_count;
        for (i = 0; i < t->thread_count; i++) {
                fill_thread(report, &report->threads[i], t, &t->threads[i], queries + at, calls + at);
                report->threads[i].crashed = crashed && i == 0;
                at += t->threads[i].frame_count;
        }
        for (i = 0; i < n; i++)
                symbol_query_clear(&queries[i]);
        return err;
}
