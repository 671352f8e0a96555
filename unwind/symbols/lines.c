/* SPDX-License-Identifier: MIT */
/* unwind/symbols/lines.c: lines and inlined calls from debugging information, for all modules at once. */
#include "unwind/dwarf/stage.h"
#include "unwind/elf/demangle.h"
#include "unwind/symbols/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The queries of one module: pcs contains each address once, owners the index in `order` of its first query. */
struct module_queries {
        int module;
        size_t first_order;
        struct dwarf_pc *pcs;
        size_t *owners;
        size_t count;
};

struct lines_job {
        struct symbols *s;
        struct symbol_query *q, **order;
        size_t n;
        struct module_queries *modules;
        size_t count;
        bool no_memory;
};

/* ---- names ---- */

/* True for "f.constprop.0", "f.cold", "f.part.3": code that the compiler derived from f. */
static bool is_variant(const char *symbol, const char *name)
{
        size_t len = strlen(name);

        return strncmp(symbol, name, len) == 0 && (symbol[len] == '\0' || symbol[len] == '.');
}

/* Returns a mangled name without such a suffix. Rust's mangled names may contain other dots. */
static char *without_variant(const char *symbol)
{
        static const char *const marks[] = { ".constprop.", ".isra.", ".part.", ".cold", ".lto_priv.", ".llvm." };
        size_t len = strlen(symbol);

        for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
                const char *mark = strstr(symbol, marks[i]);

                if (mark && (size_t)(mark - symbol) < len)
                        len = (size_t)(mark - symbol);
        }
        return strndup(symbol, len);
}

/* Names the physical function: linkage name, else the ELF symbol, else DW_AT_name; in Fortran and Ada always DW_AT_name. Of several names for the same code
 * the symbol table's is the one that other tools print. */
static void name_physical(struct symbol_line *line, const struct symbol_query *q)
{
        char *plain, *function;

        if (line->symbol || !q->symbol)
                return;
        line->symbol = strdup(q->symbol);
        if (line->function && (line->from_source || is_variant(q->symbol, line->function)))
                return;
        plain = line->function ? without_variant(q->symbol) : strdup(q->symbol);
        function = plain ? demangle(plain) : NULL;
        free(plain);
        if (function) {
                free(line->function);
                line->function = function;
        }
}

static char *copy(const char *s)
{
        return s ? strdup(s) : NULL;
}

static void copy_lines(struct lines_job *j, struct symbol_query *to, const struct symbol_query *from)
{
        to->lines = calloc(from->line_count, sizeof(*to->lines));
        if (!to->lines) {
                j->no_memory = true;
                return;
        }
        to->line_count = from->line_count;
        for (size_t i = 0; i < to->line_count; i++) {
                to->lines[i] = from->lines[i];
                to->lines[i].function = copy(from->lines[i].function);
                to->lines[i].symbol = copy(from->lines[i].symbol);
                to->lines[i].file = copy(from->lines[i].file);
        }
}

static void store_lines(void *ctx, size_t module, size_t index, struct symbol_line *lines, size_t n)
{
        struct lines_job *j = ctx;
        size_t at = j->modules[module].owners[index];
        struct symbol_query *first = j->order[at];
        struct symbol_query fresh = { .lines = lines, .line_count = n };

        if (first->lines) { /* a duplicate result */
                symbol_query_clear(&fresh);
                return;
        }
        first->lines = lines;
        first->line_count = n;
        name_physical(&lines[n - 1], first);
        while (++at < j->n && j->order[at]->module == first->module && j->order[at]->addr == first->addr)
                copy_lines(j, j->order[at], first);
}

static void forward_note(void *ctx, const char *message)
{
        struct lines_job *j = ctx;

        if (j->s->note)
                j->s->note(j->s->ctx, message);
}

/* ---- collecting queries ---- */

static const struct elf_file *dwarf_file(const struct module_files *f)
{
        if (f->has_main && symbols_has_dwarf(&f->main))
                return &f->main;
        return f->has_debug && symbols_has_dwarf(&f->debug) ? &f->debug : NULL;
}

static int add_module_queries(struct lines_job *j, size_t first, size_t n)
{
        struct module_queries *a = &j->modules[j->count];
        uint64_t bias = j->s->t->modules.v[j->order[first]->module].image.bias;

        *a = (struct module_queries){ .module = j->order[first]->module, .first_order = SIZE_MAX };
        a->pcs = calloc(n, sizeof(*a->pcs));
        a->owners = calloc(n, sizeof(*a->owners));
        j->count++;
        if (!a->pcs || !a->owners)
                return -ENOMEM;
        for (size_t i = first; i < first + n; i++) {
                size_t order = (size_t)(j->order[i] - j->q);

                if (i == first || j->order[i]->addr != j->order[i - 1]->addr) {
                        a->owners[a->count] = i;
                        a->pcs[a->count++] = (struct dwarf_pc){ .vaddr = j->order[i]->addr - bias, .order = order };
                }
                if (order < a->pcs[a->count - 1].order)
                        a->pcs[a->count - 1].order = order;
                if (order < a->first_order)
                        a->first_order = order;
        }
        return 0;
}

static int add_all_queries(struct lines_job *j)
{
        int err = 0;

        for (size_t i = 0, next; !err && i < j->n; i = next) {
                int module = j->order[i]->module;

                for (next = i + 1; next < j->n && j->order[next]->module == module;)
                        next++;
                if (module >= 0 && (size_t)module < j->s->t->modules.n && dwarf_file(&j->s->files[module]))
                        err = add_module_queries(j, i, next - i);
        }
        return err;
}

static int by_first_order(const void *a, const void *b)
{
        const struct module_queries *x = a, *y = b;

        return (x->first_order > y->first_order) - (x->first_order < y->first_order);
}

static void fill_module(const struct lines_job *j, const struct module_queries *a, struct dwarf_module *m)
{
        const struct module_files *f = &j->s->files[a->module];
        const struct module *module = &j->s->t->modules.v[a->module];

        *m = (struct dwarf_module){
                .target = j->s->t,
                .file = dwarf_file(f),
                .module_path = module->path,
                .debug_dirs = j->s->debug_dirs,
                .pcs = a->pcs,
                .count = a->count,
                .rule = j->s->last_rows ? LINE_RULE_LAST_ROW : LINE_RULE_STATEMENT,
        };
        m->file_path = m->file == &f->debug && module->debug_file ? module->debug_file : module->path;
}

static int run(struct lines_job *j)
{
        struct dwarf_stage stage = {
                .count = j->count,
                .deadline_ns = j->s->deadline_ns,
                .bytes = j->s->bytes,
                .answer = store_lines,
                .note = forward_note,
                .ctx = j,
        };

        qsort(j->modules, j->count, sizeof(*j->modules), by_first_order);
        stage.modules = calloc(j->count, sizeof(*stage.modules));
        if (!stage.modules)
                return -ENOMEM;
        for (size_t i = 0; i < j->count; i++)
                fill_module(j, &j->modules[i], &stage.modules[i]);
        dwarf_stage_run(&stage);
        free(stage.modules);
        return j->no_memory ? -ENOMEM : 0;
}

int symbol_lines_resolve(struct symbols *s, struct symbol_query *q, struct symbol_query **order, size_t n)
{
        struct lines_job j = { .s = s, .q = q, .order = order, .n = n };
        int err;

        j.modules = calloc(s->t->modules.n + 1, sizeof(*j.modules));
        if (!j.modules)
                return -ENOMEM;
        err = add_all_queries(&j);
        if (!err && j.count)
                err = run(&j);
        for (size_t i = 0; i < j.count; i++) {
                free(j.modules[i].pcs);
                free(j.modules[i].owners);
        }
        free(j.modules);
        return err;
}
