/* SPDX-License-Identifier: MIT */
/* unwind/symbols/symbols.c: see symbols.h. */
#include "unwind/elf/minidebug.h"
#include "unwind/elf/symbol_table.h"
#include "unwind/symbols/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct symbols *symbols_new(struct target *t, const char *debug_dirs, symbols_note *note, void *ctx)
{
        struct symbols *s = calloc(1, sizeof(*s));

        if (!s)
                return NULL;
        s->t = t;
        s->note = note;
        s->ctx = ctx;
        s->debug_dirs = strdup(debug_dirs ? debug_dirs : "/usr/lib/debug");
        s->files = calloc(t->modules.n + 1, sizeof(*s->files));
        if (!s->debug_dirs || !s->files) {
                symbols_free(s);
                return NULL;
        }
        t->symbols = s;
        return s;
}

void symbols_free(struct symbols *s)
{
        if (!s)
                return;
        for (size_t i = 0; s->files && i < s->t->modules.n; i++) {
                elf_file_close(&s->files[i].main);
                elf_file_close(&s->files[i].mini);
                elf_file_close(&s->files[i].debug);
                free(s->files[i].frame);
        }
        if (s->t->symbols == s)
                s->t->symbols = NULL;
        free(s->files);
        free(s->debug_dirs);
        free(s);
}

void symbols_take_last_rows(struct symbols *s)
{
        s->last_rows = true;
}

void symbols_set_limits(struct symbols *s, uint64_t deadline_ns, uint64_t bytes)
{
        s->deadline_ns = deadline_ns;
        s->bytes = bytes;
}

void symbol_query_clear(struct symbol_query *q)
{
        for (size_t i = 0; i < q->line_count; i++) {
                free(q->lines[i].function);
                free(q->lines[i].symbol);
                free(q->lines[i].file);
        }
        free(q->lines);
        free(q->symbol);
        free(q->function);
        q->lines = NULL;
        q->symbol = q->function = NULL;
        q->line_count = 0;
        q->offset = 0;
}

/* ---- opening ---- */

bool symbols_has_dwarf(const struct elf_file *f)
{
        const Elf64_Shdr *info = elf_file_section(f, ".debug_info");

        return (info && info->sh_type != SHT_NOBITS) || elf_file_section(f, ".zdebug_info");
}

static bool has_symbols(const struct elf_file *f)
{
        return symbol_table_present(f, SYMBOL_TABLE_FULL) || symbol_table_present(f, SYMBOL_TABLE_DYNAMIC);
}

static enum module_status status_of(const struct module *m, const struct module_files *f)
{
        if (m->deleted)
                return MODULE_DELETED;
        if ((f->has_main && symbols_has_dwarf(&f->main)) || (f->has_debug && symbols_has_dwarf(&f->debug)))
                return MODULE_DWARF;
        if (f->origin == ORIGIN_NONE)
                return MODULE_MISSING;
        if (f->has_mini || (f->has_debug && has_symbols(&f->debug)) || has_symbols(&f->main))
                return MODULE_SYMBOLS;
        return MODULE_NONE;
}

static struct module_files *open_files(struct symbols *s, int module)
{
        struct module_files *f = &s->files[module];
        struct module *m = &s->t->modules.v[module];
        char why[512];

        if (f->opened)
                return f;
        f->opened = true;
        f->origin = debug_files_open_module(s->t, module, &f->main, why, sizeof(why));
        f->has_main = f->origin != ORIGIN_NONE;
        if (why[0] && s->note)
                s->note(s->ctx, why);
        free(m->debug_file);
        m->debug_file = NULL;
        f->has_debug = debug_files_open_separate(s->t, m, f->has_main ? &f->main : NULL, s->debug_dirs, &f->debug,
                                                 &m->debug_file) == 0;
        f->has_mini = f->has_main && minidebug_open(&f->main, &f->mini) == 0;
        m->status = status_of(m, f);
        return f;
}

/* ---- names ---- */

/* gdb's order: the file itself (.dynsym only where it is stripped), then what is kept apart from it, which wins where
 * it has a nearer symbol. */
static int search_files(struct symbols *s, int module, struct symbol_want *wants, size_t n)
{
        struct module_files *f = open_files(s, module);
        int err = 0;

        if (f->has_main) {
                bool full = symbol_table_present(&f->main, SYMBOL_TABLE_FULL);

                err = symbol_table_search(&f->main, full ? SYMBOL_TABLE_FULL : SYMBOL_TABLE_DYNAMIC, wants, n);
        } else if (s->t->modules.v[module].image.base) {
                err = symbol_table_search_memory(s->t, &s->t->modules.v[module], wants, n);
        }
        if (!err && f->has_mini)
                err = symbol_table_search(&f->mini, SYMBOL_TABLE_FULL, wants, n);
        if (!err && f->has_debug)
                err = symbol_table_search(&f->debug, SYMBOL_TABLE_FULL, wants, n);
        if (!err && f->has_main)
                err = symbol_table_search_plt(&f->main, wants, n);
        return err;
}

static int by_module_and_address(const void *a, const void *b)
{
        const struct symbol_query *x = *(struct symbol_query *const *)a, *y = *(struct symbol_query *const *)b;

        if (x->module != y->module)
                return x->module < y->module ? -1 : 1;
        return (x->addr > y->addr) - (x->addr < y->addr);
}

static int answer(const struct symbol_want *w, uint64_t bias, struct symbol_query *q)
{
        if (!w->name)
                return 0;
        q->symbol = strdup(w->name);
        q->function = symbols_demangle(w->name);
        q->offset = q->addr - (w->addr + bias);
        return q->symbol && q->function ? 0 : -ENOMEM;
}

/* `q` ascends by address and has one module. */
static int resolve_module(struct symbols *s, struct symbol_query **q, size_t n)
{
        uint64_t bias = s->t->modules.v[q[0]->module].image.bias;
        struct symbol_want *wants = calloc(n, sizeof(*wants));
        size_t count = 0, at = 0;
        int err;

        if (!wants)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                if (!i || q[i]->addr != q[i - 1]->addr)
                        wants[count++].vaddr = q[i]->addr - bias;
        err = search_files(s, q[0]->module, wants, count);
        for (size_t i = 0; !err && i < n; i++) {
                at += i && q[i]->addr != q[i - 1]->addr;
                err = answer(&wants[at], bias, q[i]);
        }
        for (size_t i = 0; i < count; i++)
                free(wants[i].name);
        free(wants);
        return err;
}

static bool out_of_time(const struct symbols *s)
{
        struct timespec now;

        if (!s->deadline_ns)
                return false;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec >= s->deadline_ns;
}

int symbols_resolve(struct symbols *s, struct symbol_query *q, size_t n)
{
        struct symbol_query **order = malloc((n + 1) * sizeof(*order));
        int err = 0;

        if (!order)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                q[i].symbol = q[i].function = NULL;
                q[i].offset = 0;
                q[i].lines = NULL;
                q[i].line_count = 0;
                order[i] = &q[i];
        }
        qsort(order, n, sizeof(*order), by_module_and_address);
        for (size_t i = 0, next; !err && i < n; i = next) {
                for (next = i + 1; next < n && order[next]->module == order[i]->module;)
                        next++;
                if (order[i]->module >= 0 && (size_t)order[i]->module < s->t->modules.n && !out_of_time(s))
                        err = resolve_module(s, order + i, next - i);
        }
        if (!err && !out_of_time(s))
                err = symbol_lines_resolve(s, q, order, n);
        free(order);
        return err;
}

/* ---- .debug_frame ---- */

static int load_frame(struct module_files *f, const struct elf_file *file)
{
        const Elf64_Shdr *s = elf_file_section(file, ".debug_frame");

        if (!s)
                s = elf_file_section(file, ".zdebug_frame");
        return s ? elf_file_contents(file, s, &f->frame, &f->frame_size) : -ENOENT;
}

int symbols_debug_frame(struct symbols *s, int module, const uint8_t **data, size_t *size)
{
        struct module_files *f;

        if (module < 0 || (size_t)module >= s->t->modules.n)
                return -ENOENT;
        f = open_files(s, module);
        if (!f->frame_asked) {
                f->frame_asked = true;
                if (!(f->has_main && load_frame(f, &f->main) == 0) && f->has_debug &&
                    load_frame(f, &f->debug) == -ENOENT && f->has_mini)
                        load_frame(f, &f->mini);
        }
        if (!f->frame)
                return -ENOENT;
        *data = f->frame;
        *size = f->frame_size;
        return 0;
}

/* ---- .eh_frame ---- */

int symbols_eh_frame(struct symbols *s, int module, uint64_t *addr)
{
        const Elf64_Shdr *section = NULL;
        struct module_files *f;

        if (module < 0 || (size_t)module >= s->t->modules.n)
                return -ENOENT;
        f = open_files(s, module);
        if (f->has_main)
                section = elf_file_section(&f->main, ".eh_frame");
        if (!section || !(section->sh_flags & SHF_ALLOC))
                return -ENOENT;
        *addr = s->t->modules.v[module].image.bias + section->sh_addr;
        return 0;
}
