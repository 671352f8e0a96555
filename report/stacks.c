/* SPDX-License-Identifier: MIT */
#include "report/stacks.h"

#include "report/describe.h"

#include <stdlib.h>
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

/* `asked`: modules whose files were opened; of the others nothing is known. */
static void fill_modules(struct report *report, const struct target *t, const bool *asked)
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
                if (asked[i])
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

static void fill_frame(struct report *report, struct report_frame *out, const struct target *t,
                       const struct thread_frame *from, const struct symbol_query *q)
{
        uint64_t before = from->exact_pc ? 0 : 1;

        out->trust = cfi_trust_name(from->trust);
        out->pc = KNOWN_U64(from->pc);
        out->signal_frame = from->signal_frame;
        if (from->module >= 0 && (size_t)from->module < t->modules.n) {
                uint64_t offset = from->pc - t->modules.v[from->module].image.bias;

                out->module = KNOWN_INT(from->module);
                out->module_offset = KNOWN_U64(offset);
                out->lookup_offset = KNOWN_U64(offset - before);
        }
        out->symbol = pool_strdup(&report->pool, q->symbol);
        out->function = pool_strdup(&report->pool, q->function);
        if (out->function)
                out->function_offset = KNOWN_INT((int64_t)(q->offset + before));
        out->text = describe_frame(report, out);
}

static void fill_thread(struct report *report, struct report_thread *out, const struct target *t,
                        const struct target_thread *from, const struct symbol_query *q)
{
        size_t i;

        out->tid = KNOWN_INT(from->tid);
        if (from->name[0])
                out->name = pool_strdup(&report->pool, from->name);
        fill_registers(report, out, &from->regs);
        out->frames = pool_alloc(&report->pool, from->frame_count * sizeof(*out->frames));
        out->frame_count = from->frame_count;
        for (i = 0; i < from->frame_count; i++) {
                size_t gap = i > from->omitted_after ? from->frames_omitted : 0;

                out->frames[i].index = KNOWN_INT((int64_t)(i + gap));
                fill_frame(report, &out->frames[i], t, &from->frames[i], &q[i]);
        }
        out->frames_omitted = KNOWN_INT((int64_t)from->frames_omitted);
        if (from->end != CFI_END_NONE)
                out->unwind_end = cfi_end_name(from->end);
        else if (!from->regs.known)
                out->unwind_end = "no-registers";
}

/* One query a frame, all threads in a row. */
static size_t make_queries(const struct target *t, struct symbol_query *q, bool *asked)
{
        size_t n = 0, i, k;

        for (i = 0; i < t->thread_count; i++) {
                for (k = 0; k < t->threads[i].frame_count; k++) {
                        const struct thread_frame *frame = &t->threads[i].frames[k];

                        q[n].module = frame->module;
                        q[n++].addr = frame->exact_pc ? frame->pc : frame->pc - 1;
                        if (frame->module >= 0 && (size_t)frame->module < t->modules.n)
                                asked[frame->module] = true;
                }
        }
        return n;
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
        struct symbol_query *queries = pool_alloc(&report->pool, (count_frames(t) + 1) * sizeof(*queries)),
                            *q = queries;
        bool *asked = pool_alloc(&report->pool, (t->modules.n + 1) * sizeof(*asked));
        size_t n = make_queries(t, queries, asked), i;
        int err = symbols ? symbols_resolve(symbols, queries, n) : 0;

        if (!symbols || err)
                memset(asked, 0, (t->modules.n + 1) * sizeof(*asked));
        fill_modules(report, t, asked);
        report->threads = pool_alloc(&report->pool, t->thread_count * sizeof(*report->threads));
        report->thread_count = t->thread_count;
        for (i = 0; i < t->thread_count; i++) {
                fill_thread(report, &report->threads[i], t, &t->threads[i], q);
                report->threads[i].crashed = crashed && i == 0;
                q += t->threads[i].frame_count;
        }
        for (i = 0; i < n; i++) {
                free(queries[i].symbol);
                free(queries[i].function);
        }
        return err;
}
