/* SPDX-License-Identifier: MIT */
/* unwind/symbols/files.c: the files of each module, opened once, at the first query. */
#include "unwind/elf/minidebug.h"
#include "unwind/elf/symbol_table.h"
#include "unwind/symbols/internal.h"
#include "unwind/target/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The largest .debug_frame that is read: large programs have 10 MB. It is unpacked while threads are stopped. */
static const uint64_t max_frame = (uint64_t)128 << 20;

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

struct module_files *symbols_open(struct symbols *s, int module)
{
        struct module_files *f = &s->files[module];
        struct module *m = &s->t->modules.v[module];
        char why[512];
        int err;

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
                                                 &m->debug_file, why, sizeof(why)) == 0;
        if (why[0] && s->note)
                s->note(s->ctx, why);
        err = f->has_main ? minidebug_open(&f->main, clock_share(s->t->deadline_ns), &f->mini) : -ENOENT;
        f->has_mini = err == 0;
        if (err == -ETIME && s->note) {
                snprintf(why, sizeof(why), "%s: .gnu_debugdata is ignored, since it could not be unpacked in time",
                         m->path);
                s->note(s->ctx, why);
        }
        m->status = status_of(m, f);
        return f;
}

/* ---- .debug_frame ---- */

static int load_frame(struct module_files *f, const struct elf_file *file)
{
        const Elf64_Shdr *s = elf_file_section(file, ".debug_frame");
        struct elf_packing packing;

        if (!s)
                s = elf_file_section(file, ".zdebug_frame");
        if (!s)
                return -ENOENT;
        if (elf_file_packing(file, s, &packing) || packing.size > max_frame)
                return -EBADMSG;
        return elf_file_contents(file, s, &f->frame, &f->frame_size);
}

int symbols_debug_frame(struct symbols *s, int module, const uint8_t **data, size_t *size)
{
        struct module_files *f;

        if (module < 0 || (size_t)module >= s->t->modules.n)
                return -ENOENT;
        f = symbols_open(s, module);
        if (!f->frame_tried) {
                f->frame_tried = true;
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
        f = symbols_open(s, module);
        if (f->has_main)
                section = elf_file_section(&f->main, ".eh_frame");
        if (!section || !(section->sh_flags & SHF_ALLOC))
                return -ENOENT;
        *addr = s->t->modules.v[module].image.bias + section->sh_addr;
        return 0;
}
