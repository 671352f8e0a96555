/* SPDX-License-Identifier: MIT */
/* tests/unit/report_stacks.c: conversion of physical frames and results of the symbolizer to the frames of a report.
 *
 * The symbolizer is a test double: it is linked before the archive, so that the archive's object is not linked.
 */
#include "report/gather/stacks.h"
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

/* The results of the symbolizer: one per query, in the order of the threads. */
static struct answer {
        const char *symbol, *function;
        uint64_t offset;
        struct symbol_line lines[4]; /* strings are copied */
        size_t line_count, repeat;
} answers[16];
static size_t asked;
static uint64_t asked_for[16];

static char *copy(const char *s)
{
        return s ? strdup(s) : NULL;
}

int symbols_resolve(struct symbols *s, struct symbol_query *q, size_t n)
{
        size_t i, k;

        (void)s;
        asked = n;
        for (i = 0; i < n; i++) {
                const struct answer *a = &answers[i];
                size_t count = a->line_count + a->repeat;

                asked_for[i] = q[i].addr;
                q[i].symbol = copy(a->symbol);
                q[i].function = copy(a->function);
                q[i].offset = a->offset;
                q[i].lines = calloc(count + 1, sizeof(*q[i].lines));
                q[i].line_count = count;
                for (k = 0; k < count; k++) {
                        const struct symbol_line *from = &a->lines[k < a->repeat ? 0 : k - a->repeat];

                        q[i].lines[k] = *from;
                        q[i].lines[k].function = copy(from->function);
                        q[i].lines[k].symbol = copy(from->symbol);
                        q[i].lines[k].file = copy(from->file);
                }
        }
        return 0;
}

void symbol_query_clear(struct symbol_query *q)
{
        size_t i;

        for (i = 0; i < q->line_count; i++) {
                free(q->lines[i].function);
                free(q->lines[i].symbol);
                free(q->lines[i].file);
        }
        free(q->lines);
        free(q->symbol);
        free(q->function);
}

#define LINE(f, s, path, n, c)                                                   \
        {                                                                        \
                .function = f, .symbol = s, .file = path, .line = n, .column = c \
        }

static char store_item[] = "store_item(Item const&)", store_symbol[] = "_Z10store_itemRK4Item", batch[] = "batch",
            work[] = "work(int)", work_symbol[] = "_Z4worki", file_c[] = "/src/store.c",
            file_h[] = "/src/include/store.h";

static struct thread_frame frames[] = {
        { .pc = 0x401136, .trust = CFI_TRUST_CONTEXT, .exact_pc = true },
        { .pc = 0x401200, .trust = CFI_TRUST_CFI },
        { .pc = 0x401300, .trust = CFI_TRUST_CFI, .signal_frame = true, .exact_pc = true },
        { .pc = 0x401400, .trust = CFI_TRUST_SCAN, .module = -1 },
};
static struct target_thread threads[] = {
        { .tid = 7, .frames = frames, .frame_count = 4, .frames_omitted = 100, .omitted_after = 1 },
        { .tid = 8, .frames = frames, .frame_count = 1 },
};
static char module_path[] = "/lib/libx.so";
static struct module module = { .path = module_path, .base = 0x400000, .end = 0x500000, .image = { .bias = 0x400000 } };
static struct target target = {
        .modules = { &module, 1 },
        .threads = threads,
        .thread_count = 2,
};
static struct symbols *const dummy_symbols = (struct symbols *)&target; /* never dereferenced */

static bool text_is(const char *got, const char *wanted, const char *title)
{
        bool good = wanted ? got && !strcmp(got, wanted) : !got;

        if (!tap_ok(good, "%s", title))
                printf("#   got    %s\n#   wanted %s\n", got ? got : "(nothing)", wanted ? wanted : "(nothing)");
        return good;
}

static struct report *fill(void)
{
        struct report *r = report_new();

        tap_is((unsigned)stacks_fill(r, &target, dummy_symbols, true), 0, "stacks_fill() succeeds");
        return r;
}

static void set_answer(size_t i, struct answer answer)
{
        answers[i] = answer;
}

static void inlined(void)
{
        struct report_frame *f;
        struct report *r;
        size_t i;

        memset(answers, 0, sizeof(answers));
        set_answer(0, (struct answer){ "_Z4worki",
                                       "work(int)",
                                       0x36,
                                       { LINE(store_item, store_symbol, file_h, 42, 7),
                                         LINE(batch, NULL, file_c, 11, 0), LINE(work, work_symbol, file_c, 20, 3) },
                                       3,
                                       0 });
        set_answer(1, (struct answer){ "main", "main", 0x1f, { { .function = NULL } }, 0, 0 });
        set_answer(2, (struct answer){ "__restore_rt", "__restore_rt", 0, { LINE(work, NULL, file_c, 9, 9) }, 1, 0 });
        r = fill();
        f = r->threads[0].frames;
        tap_is(asked, 5, "one query per physical frame");
        tap_is(asked_for[0], 0x401136, "the queries of the crashing thread come first");
        tap_is(asked_for[1], 0x4011ff, "a caller is looked up one byte before its return address");
        if (!tap_is(r->threads[0].frame_count, 6, "three calls at one address become three frames"))
                return;
        text_is(f[0].text, "store_item(Item const&) at store.h:42", "text of the innermost call");
        text_is(f[1].text, "batch at store.c:11", "text of its caller, also inlined");
        text_is(f[2].text, "work(int) at store.c:20", "text of the physical function");
        text_is(f[3].text, "main+0x20 in libx.so", "offset if the line is unknown");
        text_is(f[4].text, "<signal handler called>", "a trampoline has no line");
        text_is(f[5].text, "0x401400", "address outside all modules");
        tap_ok(f[0].inlined && f[1].inlined && !f[2].inlined && !f[3].inlined, "all calls except the last are inlined");
        tap_ok(!f[0].function_offset.known && !f[1].function_offset.known && f[2].function_offset.v == 0x36,
               "the offset belongs to the physical function");
        for (i = 0; i < 3; i++)
                tap_ok(f[i].pc.v == 0x401136 && f[i].module.v == 0 && f[i].module_offset.v == 0x1136 &&
                               f[i].lookup_offset.v == 0x1136 && !strcmp(f[i].trust, "context"),
                       "frame %zu has the place of the physical frame", i);
        text_is(f[0].file, file_h, "the file is absolute");
        tap_ok(f[0].line.v == 42 && f[0].column.v == 7 && !f[1].column.known, "line, and column if known");
        text_is(f[0].symbol, store_symbol, "the linkage name");
        text_is(f[1].symbol, NULL, "no linkage name");
        tap_ok(f[0].index.v == 0 && f[1].index.v == 1 && f[2].index.v == 2 && f[3].index.v == 3,
               "all frames have an index");
        tap_is((uint64_t)f[4].index.v, 104, "omitted frames are counted in the index");
        tap_is((uint64_t)r->threads[0].frames_omitted.v, 100, "the number of omitted physical frames");
        tap_ok(!f[4].file && !f[4].line.known && !f[5].module.known, "unknown members remain unknown");
        report_free(r);
}

static void partly_known(void)
{
        struct report_frame *f;
        struct report *r;

        memset(answers, 0, sizeof(answers));
        set_answer(0, (struct answer){ "work", "work", 0, { LINE(NULL, NULL, file_c, 12, 3) }, 1, 0 });
        set_answer(1, (struct answer){ NULL, NULL, 0, { LINE(NULL, NULL, file_c, 13, 0) }, 1, 0 });
        set_answer(4, (struct answer){ "work", "work", 5, { LINE(work, work_symbol, file_c, 0, 3) }, 1, 0 });
        r = fill();
        f = r->threads[0].frames;
        text_is(f[0].text, "work at store.c:12", "no name in the debugging information: name of the symbol");
        text_is(f[1].text, "libx.so+0x1200 at store.c:13", "no name: module and offset");
        text_is(r->threads[1].frames[0].text, "work(int)+0x5 in libx.so", "line 0 is unknown");
        tap_ok(!r->threads[1].frames[0].line.known && !r->threads[1].frames[0].column.known, "line 0 has no column");
        text_is(f[2].text, "<signal handler called>", "a trampoline without a name");
        report_free(r);
}

static void excess(void)
{
        struct report *r;

        memset(answers, 0, sizeof(answers));
        set_answer(0, (struct answer){ "work",
                                       "work",
                                       0,
                                       { LINE(batch, NULL, file_c, 1, 1), LINE(work, NULL, file_c, 2, 2) },
                                       2,
                                       STACKS_INLINED_MAX });
        set_answer(
                1,
                (struct answer){
                        "work", "work", 0, { LINE(batch, NULL, file_c, 1, 1), LINE(work, NULL, file_c, 2, 2) }, 2, 0 });
        r = fill();
        tap_is(r->threads[0].frame_count, 1 + 2 + 2, "too many inlined calls: the physical function only");
        text_is(r->threads[0].frames[0].text, "work(int) at store.c:2", "the physical function with its line");
        tap_ok(!r->threads[0].frames[0].inlined, "the physical function is not inlined");
        report_free(r);
}

static void without_symbols(void)
{
        struct report *r = report_new();

        stacks_fill(r, &target, NULL, false);
        tap_is(r->threads[0].frame_count, 4, "without a symbolizer: the physical frames");
        text_is(r->threads[0].frames[0].text, "libx.so+0x1136", "without a symbolizer: module and offset");
        tap_ok(!r->threads[0].crashed, "a request has no crashed thread");
        report_free(r);
}

int main(void)
{
        inlined();
        partly_known();
        excess();
        without_symbols();
        return tap_done();
}
