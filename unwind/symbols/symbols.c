/* SPDX-License-Identifier: MIT */
/* unwind/symbols/symbols.c: see symbols.h. */
#include "unwind/elf/demangle.h"
#include "unwind/elf/symbol_table.h"
#include "unwind/symbols/internal.h"
#include "unwind/target/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* gdb's order: the file itself (.dynsym only if it is stripped), then its separate debug data, which is preferred if
 * it has a nearer symbol. */
static int search_tables(struct symbols *s, int module, struct symbol_want *wants, size_t n)
{
        struct module_files *f = symbols_open(s, module);
        uint64_t deadline = clock_share(s->deadline_ns);
        int err = 0;

        if (f->has_main) {
                bool full = symbol_table_present(&f->main, SYMBOL_TABLE_FULL);

                err = symbol_table_search(&f->main, full ? SYMBOL_TABLE_FULL : SYMBOL_TABLE_DYNAMIC, wants, n,
                                          deadline);
        } else if (s->t->modules.v[module].image.base) {
                err = symbol_table_search_memory(s->t, &s->t->modules.v[module], wants, n, deadline);
        }
        if (!err && f->has_mini)
                err = symbol_table_search(&f->mini, SYMBOL_TABLE_FULL, wants, n, deadline);
        if (!err && f->has_debug)
                err = symbol_table_search(&f->debug, SYMBOL_TABLE_FULL, wants, n, deadline);
        if (!err && f->has_main)
                err = symbol_table_search_plt(&f->main, wants, n, deadline);
        return err;
}

/* A module whose tables take too long leaves time for the others. */
static int search_files(struct symbols *s, int module, struct symbol_want *wants, size_t n)
{
        int err = search_tables(s, module, wants, n);
        char why[512];

        if (err != -ETIME)
                return err;
        snprintf(why, sizeof(why), "%s: its symbols could not be searched in time", s->t->modules.v[module].path);
        if (s->note)
                s->note(s->ctx, why);
        return 0;
}

uint64_t symbols_function(struct symbols *s, int module, uint64_t addr)
{
        uint64_t bias = s->t->modules.v[module].image.bias;
        struct symbol_want want = { .vaddr = addr - bias };
        bool found = !search_files(s, module, &want, 1) && want.name;

        free(want.name);
        return found ? want.addr + bias : 0;
}

static int by_module_and_address(const void *a, const void *b)
{
        const struct symbol_query *x = *(struct symbol_query *const *)a, *y = *(struct symbol_query *const *)b;

        if (x->module != y->module)
                return x->module < y->module ? -1 : 1;
        return (x->addr > y->addr) - (x->addr < y->addr);
}

/* GNAT's code refers to its run-time. Searched only if a symbol may be the name of an Ada function. */
static bool made_by_gnat(struct symbols *s, int module)
{
        struct module_files *f = symbols_open(s, module);
        uint64_t deadline = clock_share(s->deadline_ns);

        if (!f->gnat_asked) {
                f->gnat_asked = true;
                f->gnat = (f->has_main && (symbol_table_mentions(&f->main, SYMBOL_TABLE_DYNAMIC, "__gnat_", deadline) ||
                                           symbol_table_mentions(&f->main, SYMBOL_TABLE_FULL, "__gnat_", deadline))) ||
                          (f->has_debug && symbol_table_mentions(&f->debug, SYMBOL_TABLE_FULL, "__gnat_", deadline));
        }
        return f->gnat;
}

static int answer(struct symbols *s, const struct symbol_want *w, uint64_t bias, struct symbol_query *q)
{
        bool ada = w->name && demangle_maybe_ada(w->name) && made_by_gnat(s, q->module);

        if (!w->name)
                return 0;
        q->symbol = strdup(w->name);
        if (!w->is_data)
                q->function = ada ? demangle_ada(w->name) : demangle(w->name);
        q->offset = q->addr - (w->addr + bias);
        return q->symbol && (q->function || w->is_data) ? 0 : -ENOMEM;
}

/* `q` is in ascending order of address, for one module. */
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
                err = answer(s, &wants[at], bias, q[i]);
        }
        for (size_t i = 0; i < count; i++)
                free(wants[i].name);
        free(wants);
        return err;
}

/* Code made at run time; `q` is in ascending order of address. */
static int resolve_generated(struct symbols *s, struct symbol_query **q, size_t n)
{
        struct symbol_query **code = malloc((n + 1) * sizeof(struct symbol_query *));
        size_t count = 0, left = 0;
        int err = code ? 0 : -ENOMEM;

        for (size_t i = 0; !err && i < n; i++) {
                const struct mapping *m = target_mapping(s->t, q[i]->addr);

                if (m && m->perms & MAPS_EXEC)
                        code[count++] = q[i];
        }
        if (count)
                err = symbols_jit(s, code, count);
        for (size_t i = 0; i < count; i++)
                if (!code[i]->function)
                        code[left++] = code[i];
        if (!err && left)
                err = symbols_perf_map(s, code, left);
        free(code);
        return err;
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
                if (order[i]->module >= 0 && (size_t)order[i]->module < s->t->modules.n &&
                    !clock_is_past(s->deadline_ns))
                        err = resolve_module(s, order + i, next - i);
                else if (order[i]->module < 0)
                        err = resolve_generated(s, order + i, next - i);
        }
        if (!err && !clock_is_past(s->deadline_ns))
                err = symbol_lines_resolve(s, q, order, n);
        free(order);
        return err;
}
