/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/module.c: see module.h. The steps: open the sections; find the unit of each address; then for each
 * unit walk the tree, run the line program, and combine the results. */
#include "unwind/dwarf/module.h"
#include "unwind/dwarf/files.h"
#include "unwind/dwarf/line_program.h"
#include "unwind/dwarf/names.h"
#include "unwind/dwarf/walk.h"
#include "unwind/elf/demangle.h"

#include <dwarf.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t no_unit = UINT64_MAX;

struct place {         /* one address */
        uint64_t unit; /* offset of the unit's root DIE, or no_unit */
        size_t pc;     /* index into the module's pcs */
};

struct reading {
        const struct dwarf_module *m;
        struct dwarf_image image, alt;
        struct line_program_sections lines;
        struct elf_file alt_file, dwp;
        bool dwp_asked, has_dwp;
        struct place *places;
        size_t dwo_missing, malformed;
};

__attribute__((format(printf, 2, 3))) static void note(const struct reading *r, const char *format, ...)
{
        char text[PATH_MAX + 256];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        r->m->note(r->m->ctx, text);
}

static void note_malformed(struct reading *r)
{
        if (!r->malformed++)
                note(r, "%s: part of its debugging information is malformed", r->m->file_path);
}

/* ---- opening ---- */

static int open_plain(struct dwarf_image *image, const struct elf_file *f, uint64_t max)
{
        struct dwarf_source sources[DWARF_SECTIONS];

        for (int i = 0; i < DWARF_SECTIONS; i++)
                sources[i] = dwarf_image_source(f, (enum dwarf_section)i, false);
        return dwarf_image_open(image, sources, max);
}

static void open_alt(struct reading *r)
{
        char name[PATH_MAX];
        int err = dwarf_files_open_alt(r->m, &r->alt_file, name, sizeof(name));

        if (!err && open_plain(&r->alt, &r->alt_file, r->m->max) == 0)
                dwarf_setalt(r->image.dwarf, r->alt.dwarf);
        else if (err != -ENOENT)
                note(r, "%s: its common debug file %s is missing or does not match", r->m->file_path, name);
}

static int open_sections(struct reading *r)
{
        int err = open_plain(&r->image, r->m->file, r->m->max);

        if (err) {
                note(r, "%s: its debugging information cannot be used: %s", r->m->file_path,
                     err == -ENOMEM ? "it exceeds the memory limit" : "malformed");
                return err;
        }
        open_alt(r);
        r->lines = (struct line_program_sections){ .line = r->image.section[DWARF_LINE],
                                                   .line_str = r->image.section[DWARF_LINE_STR],
                                                   .str = r->image.section[DWARF_STR],
                                                   .alt_str = r->alt.section[DWARF_STR] };
        return 0;
}

/* ---- finding the unit ---- */

struct assignment {
        struct reading *r;
        uint64_t unit;
        size_t left; /* addresses without a unit */
};

static void assign(void *ctx, uint64_t low, uint64_t high)
{
        struct assignment *c = ctx;
        const struct dwarf_pc *pcs = c->r->m->pcs;
        size_t first = 0, end = c->r->m->count;

        while (first < end) {
                size_t mid = first + (end - first) / 2;

                if (pcs[mid].vaddr < low)
                        first = mid + 1;
                else
                        end = mid;
        }
        for (size_t i = first; i < c->r->m->count && pcs[i].vaddr < high; i++) {
                if (c->r->places[i].unit != no_unit)
                        continue;
                c->r->places[i].unit = c->unit;
                c->left--;
        }
}

/* Reads one set of .debug_aranges: a unit and its ranges (DWARF 5, 6.1.2). libdw's reader stores and sorts all sets. */
static bool read_arange_set(struct assignment *c, struct dwarf_reader *r)
{
        const uint8_t *start = r->at;
        struct dwarf_reader set = *r;
        uint8_t offset_size, size;
        uint64_t low, length;

        dwarf_unit_length(&set, &offset_size);
        if (dwarf_fixed(&set, 2) != 2)
                set.bad = true;
        c->unit = dwarf_fixed(&set, offset_size);
        size = (uint8_t)dwarf_fixed(&set, 1);
        if (dwarf_fixed(&set, 1) || (size != 8 && size != 4) || c->unit >= c->r->image.section[DWARF_INFO].size)
                set.bad = true;
        if (set.bad)
                return false;
        dwarf_skip(&set, (2u * size - (size_t)(set.at - start) % (2u * size)) % (2u * size));
        while (dwarf_left(&set) >= 2u * size) {
                low = dwarf_fixed(&set, size);
                length = dwarf_fixed(&set, size);
                if (low + length > low)
                        assign(c, low, low + length);
        }
        r->at = set.end;
        return true;
}

/* Replaces the offsets of units, which is what the sets contain, by those of their root DIEs. Returns how many
 * addresses have no unit. */
static size_t find_roots(struct reading *r)
{
        uint64_t last = 0, begin = no_unit, abbrevs = 0;
        Dwarf_Off next, abbrev;
        size_t header = 0, left = 0;
        int err = 0;

        for (size_t i = 0; i < r->m->count; i++)
                if (r->places[i].unit != no_unit && r->places[i].unit > last)
                        last = r->places[i].unit;
        dwarf_image_reach(&r->image, DWARF_INFO, last);
        for (size_t i = 0; i < r->m->count; i++) {
                struct place *p = &r->places[i];

                if (p->unit != begin && p->unit != no_unit) {
                        begin = p->unit;
                        err = dwarf_next_unit(r->image.dwarf, begin, &next, &header, NULL, &abbrev, NULL, NULL, NULL,
                                              NULL);
                        if (err)
                                note_malformed(r);
                        else if (abbrev > abbrevs)
                                abbrevs = abbrev;
                }
                if (p->unit != no_unit)
                        p->unit = err ? no_unit : p->unit + header;
                left += p->unit == no_unit;
        }
        dwarf_image_reach(&r->image, DWARF_ABBREV, abbrevs);
        return left;
}

/* .debug_aranges: fast, but clang does not emit it, and units of assembly code may be missing. Returns how many
 * addresses are left. */
static size_t places_by_aranges(struct reading *r)
{
        struct assignment c = { .r = r, .left = r->m->count };
        struct dwarf_reader aranges = dwarf_reader_at(r->image.section[DWARF_ARANGES], 0);

        for (size_t i = 0; i < r->m->count; i++)
                r->places[i] = (struct place){ .unit = no_unit, .pc = i };
        while (c.left && dwarf_left(&aranges)) {
                if (read_arange_set(&c, &aranges))
                        continue;
                note_malformed(r);
                break;
        }
        return find_roots(r);
}

static void places_by_units(struct reading *r, size_t left)
{
        struct assignment c = { .r = r, .left = left };
        struct dwarf_unit u;
        Dwarf_CU *cu = NULL;
        Dwarf_Die die;
        int more = 0;

        while (c.left && (more = dwarf_get_units(r->image.dwarf, cu, &cu, NULL, NULL, &die, NULL)) == 0) {
                if (!dwarf_unit_read(&u, &r->image, &die))
                        continue;
                c.unit = dwarf_dieoffset(&die);
                dwarf_bounds_each(&u.bounds, &u.ranges, assign, &c);
        }
        if (more < 0)
                note_malformed(r);
}

/* ---- split units ---- */

/* The tree of a split unit is in another file; lines, addresses and other linked data are in this file. */
static bool open_split(struct reading *r, const struct dwarf_unit *u, struct dwarf_split *s)
{
        struct elf_file dwo;
        int err;

        if (!r->dwp_asked) {
                r->dwp_asked = true;
                r->has_dwp = dwarf_files_open_dwp(r->m, &r->dwp) == 0;
        }
        if (r->has_dwp && dwarf_split_from_dwp(s, u, &r->dwp, r->m->max) == 0)
                return true;
        for (int attempt = 0; (err = dwarf_files_open_dwo(r->m, u, attempt, &dwo)) != -ENOENT; attempt++) {
                if (!err && dwarf_split_from_dwo(s, u, &dwo, r->m->max) == 0)
                        return true; /* the file is needed as long as its image */
                if (!err)
                        elf_file_close(&dwo);
        }
        if (!r->dwo_missing++)
                note(r, "%s: the split debug file %s is missing: its inlined calls are not reported", r->m->file_path,
                     u->dwo_name);
        return false;
}

/* ---- one unit ---- */

struct answers { /* of one unit; arrays with equal indexes */
        struct dwarf_chain *chains;
        struct line_program_want *wants;
        size_t *pcs;
        size_t count;
        struct line_program lines;
        bool has_lines;
};

static void name_line(Dwarf_Die *die, struct symbol_line *line)
{
        struct dwarf_name name = dwarf_name_of(die);
        enum dwarf_naming naming = dwarf_naming(die);

        if (name.linkage)
                line->symbol = strdup(name.linkage);
        line->from_source = name.plain && naming != DWARF_NAMING_LINKAGE;
        if (line->from_source && naming == DWARF_NAMING_GNAT) {
                line->function = demangle_ada(name.plain);
        } else if (name.linkage && !line->from_source) {
                line->function = demangle(name.linkage);
        } else if (name.plain) {
                line->function = dwarf_name_qualified(&name, die);
        }
}

static void place_line(const struct answers *a, bool known, uint64_t file, uint32_t number, uint32_t column,
                       struct symbol_line *line)
{
        if (!known || !a->has_lines || !number)
                return; /* line 0: generated code without a line */
        line->file = line_program_file(&a->lines, file);
        line->line = number;
        line->column = column;
}

/* The innermost call is at the line of the address; each enclosing one at the call site of the next inner one. */
static void fill_lines(const struct dwarf_module *m, const struct answers *a, size_t index)
{
        const struct line_program_want *want = &a->wants[index];
        const struct dwarf_chain *chain = &a->chains[index];
        size_t depth = chain->count - chain->physical, n = depth ? depth : 1;
        struct symbol_line *lines = calloc(n, sizeof(*lines));

        if (!lines)
                return;
        for (size_t i = 0; i < depth; i++)
                name_line(&chain->frames[chain->count - 1 - i].die, &lines[i]);
        place_line(a, want->found, want->file, want->line, want->column, &lines[0]);
        for (size_t i = 1; i < depth; i++) {
                const struct dwarf_frame *f = &chain->frames[chain->count - i];

                place_line(a, f->has_file, f->call_file, f->call_line, f->call_column, &lines[i]);
        }
        if (depth || lines[0].line)
                m->answer(m->ctx, a->pcs[index], lines, n);
        for (size_t i = 0; i < n; i++) {
                free(lines[i].function);
                free(lines[i].symbol);
                free(lines[i].file);
        }
        free(lines);
}

static void answer_unit(struct reading *r, struct dwarf_unit *u, struct answers *a)
{
        struct dwarf_split split;
        bool is_split = u->dwo_name && open_split(r, u, &split);
        Dwarf_Die *root = is_split ? &split.die : &u->die;

        if (dwarf_walk(root, is_split ? &split.ranges : &u->ranges, dwarf_language_nests(root), a->chains, a->count))
                note_malformed(r);
        a->has_lines = u->has_lines && line_program_open(&a->lines, &r->lines, u->lines, u->comp_dir) == 0;
        if (u->has_lines && !a->has_lines)
                note_malformed(r);
        if (a->has_lines)
                line_program_run(&a->lines, a->wants, a->count, r->m->rule);
        for (size_t i = 0; i < a->count; i++)
                fill_lines(r->m, a, i);
        if (is_split)
                dwarf_image_close(&split.image);
}

/* `places` are those of one unit, in ascending order of address. */
static void resolve_unit(struct reading *r, const struct place *places, size_t n)
{
        struct answers a = { .count = n };
        struct dwarf_unit u;
        Dwarf_Die die;

        a.chains = calloc(n, sizeof(*a.chains));
        a.wants = calloc(n, sizeof(*a.wants));
        a.pcs = calloc(n, sizeof(*a.pcs));
        if (!dwarf_offdie(r->image.dwarf, places[0].unit, &die) || !dwarf_unit_read(&u, &r->image, &die)) {
                note_malformed(r);
        } else if (a.chains && a.wants && a.pcs) {
                for (size_t i = 0; i < n; i++) {
                        a.pcs[i] = places[i].pc;
                        a.chains[i].addr = a.wants[i].addr = r->m->pcs[places[i].pc].vaddr;
                }
                answer_unit(r, &u, &a);
        }
        for (size_t i = 0; a.chains && i < n; i++)
                free(a.chains[i].frames);
        free(a.chains);
        free(a.wants);
        free(a.pcs);
}

/* ---- all units ---- */

struct group {
        size_t first, n, order;
};

static int by_unit(const void *a, const void *b)
{
        const struct place *x = a, *y = b;

        if (x->unit != y->unit)
                return x->unit < y->unit ? -1 : 1;
        return (x->pc > y->pc) - (x->pc < y->pc);
}

static int by_order(const void *a, const void *b)
{
        const struct group *x = a, *y = b;

        return (x->order > y->order) - (x->order < y->order);
}

static size_t make_groups(const struct reading *r, struct group *groups)
{
        size_t count = 0;

        for (size_t i = 0; i < r->m->count && r->places[i].unit != no_unit; i++) {
                size_t order = r->m->pcs[r->places[i].pc].order;

                if (!i || r->places[i].unit != r->places[i - 1].unit)
                        groups[count++] = (struct group){ .first = i, .order = order };
                groups[count - 1].n++;
                if (order < groups[count - 1].order)
                        groups[count - 1].order = order;
        }
        return count;
}

/* Announces the line programs of all units before the first of them is read. */
static void reach_lines(struct reading *r, const struct group *groups, size_t count)
{
        uint64_t last = 0;
        struct dwarf_unit u;
        Dwarf_Die die;

        for (size_t i = 0; i < count; i++)
                if (dwarf_offdie(r->image.dwarf, r->places[groups[i].first].unit, &die) &&
                    dwarf_unit_read(&u, &r->image, &die) && u.has_lines && u.lines > last && u.lines != UINT64_MAX)
                        last = u.lines;
        dwarf_image_reach(&r->image, DWARF_LINE, last);
}

void dwarf_module_resolve(const struct dwarf_module *m)
{
        struct reading r = { .m = m, .places = calloc(m->count + 1, sizeof(*r.places)) };
        struct group *groups = calloc(m->count + 1, sizeof(*groups));
        size_t left, count;

        if (r.places && groups && open_sections(&r) == 0) {
                left = places_by_aranges(&r);
                if (left)
                        places_by_units(&r, left);
                qsort(r.places, m->count, sizeof(*r.places), by_unit);
                count = make_groups(&r, groups);
                qsort(groups, count, sizeof(*groups), by_order);
                reach_lines(&r, groups, count);
                for (size_t i = 0; i < count; i++)
                        resolve_unit(&r, r.places + groups[i].first, groups[i].n);
        }
        free(groups);
        free(r.places);
}
