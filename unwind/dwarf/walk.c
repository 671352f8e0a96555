/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/walk.c: see walk.h. */
#include "unwind/dwarf/walk.h"
#include "unwind/dwarf/abbrevs.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>

enum {
        MAX_LEVEL = 256, /* nesting of DIEs: compilers stay below 100 */
        MAX_CHAIN = 256, /* calls inlined into each other */
};

struct walk {
        const struct dwarf_range_unit *ranges;
        struct dwarf_chain *chains;
        bool types;    /* enter classes */
        bool thorough; /* enter functions that do not contain the address: others may be nested in them */
        size_t *stack; /* subsets of the chains (indexes, ascending), one above the other */
        size_t used, room;
        uint8_t *marked; /* by chain: its address is in the current DIE */
        bool no_memory, malformed;
        struct dwarf_abbrevs abbrevs;
};

/* The chains relevant at one level of the tree: walk.stack[from] to [from + n - 1]. `depth`: number of frames they
 * have. */
struct subset {
        size_t from, n;
        size_t depth;
};

static void enter(struct walk *w, Dwarf_Die *parent, struct subset s, int level);

/* ---- attributes ---- */

struct facts {
        struct dwarf_bounds bounds;
        Dwarf_Attribute file, line, column;
};

static int keep_fact(Dwarf_Attribute *a, void *ctx)
{
        struct facts *f = ctx;

        switch (a->code) {
        case DW_AT_low_pc:
                f->bounds.low = *a;
                break;
        case DW_AT_high_pc:
                f->bounds.high = *a;
                break;
        case DW_AT_ranges:
                f->bounds.ranges = *a;
                break;
        case DW_AT_call_file:
                f->file = *a;
                break;
        case DW_AT_call_line:
                f->line = *a;
                break;
        case DW_AT_call_column:
                f->column = *a;
                break;
        }
        return DWARF_CB_OK;
}

/* libdw would search for data of a split unit that is in its program's file: in the split file, or in a file it opens
 * itself. So these forms are read here; libdw has checked that a value ends inside the unit. */
static struct dwarf_reader value_of(const Dwarf_Attribute *a)
{
        return (struct dwarf_reader){ .at = a->valp, .end = a->valp + 16 };
}

static bool list_of(Dwarf_Attribute *a, const struct dwarf_range_unit *u, struct dwarf_range_cursor *c)
{
        struct dwarf_reader r = value_of(a);

        switch (a->form) {
        case DW_FORM_rnglistx:
                *c = dwarf_ranges_begin(u, dwarf_uleb(&r), true);
                return true;
        case DW_FORM_sec_offset:
                *c = dwarf_ranges_begin(u, dwarf_fixed(&r, u->offset_size), false);
                return true;
        case DW_FORM_data4:
        case DW_FORM_data8: /* up to version 3 */
                *c = dwarf_ranges_begin(u, dwarf_fixed(&r, a->form == DW_FORM_data4 ? 4 : 8), false);
                return true;
        default:
                return false;
        }
}

bool dwarf_bounds_address(Dwarf_Attribute *a, const struct dwarf_range_unit *u, uint64_t *addr)
{
        struct dwarf_reader r = value_of(a);
        Dwarf_Addr found;

        switch (a->form) {
        case DW_FORM_addrx:
        case DW_FORM_GNU_addr_index:
                return dwarf_range_address(u, dwarf_uleb(&r), addr);
        case DW_FORM_addrx1:
        case DW_FORM_addrx2:
        case DW_FORM_addrx3:
        case DW_FORM_addrx4:
                return dwarf_range_address(u, dwarf_fixed(&r, a->form - DW_FORM_addrx1 + 1), addr);
        default:
                if (dwarf_formaddr(a, &found))
                        return false;
                *addr = found;
                return true;
        }
}

bool dwarf_bounds_each(struct dwarf_bounds *b, const struct dwarf_range_unit *u,
                       void (*hit)(void *ctx, uint64_t low, uint64_t high), void *ctx)
{
        struct dwarf_range_cursor c;
        uint64_t low, high;
        Dwarf_Word size;

        if (b->ranges.code && list_of(&b->ranges, u, &c)) {
                while (dwarf_ranges_next(&c, &low, &high))
                        hit(ctx, low, high);
                return true;
        }
        if (!b->low.code || !b->high.code || !dwarf_bounds_address(&b->low, u, &low))
                return false;
        if (!dwarf_bounds_address(&b->high, u, &high)) {
                if (dwarf_formudata(&b->high, &size))
                        return false;
                high = low + size;
        }
        if (low < high)
                hit(ctx, low, high);
        return true;
}

/* ---- subsets ---- */

static bool push(struct walk *w, size_t index)
{
        if (w->used == w->room) {
                size_t room = 2 * w->room + 64;
                size_t *grown = reallocarray(w->stack, room, sizeof(*grown));

                if (!grown) {
                        w->no_memory = true;
                        return false;
                }
                w->stack = grown;
                w->room = room;
        }
        w->stack[w->used++] = index;
        return true;
}

struct marking {
        struct walk *w;
        struct subset s;
        bool any;
};

static bool is_open(const struct walk *w, size_t index, size_t depth)
{
        return w->chains[index].count == depth;
}

static void mark(void *ctx, uint64_t low, uint64_t high)
{
        struct marking *m = ctx;
        const size_t *v = m->w->stack + m->s.from;
        size_t first = 0, end = m->s.n;

        while (first < end) {
                size_t mid = first + (end - first) / 2;

                if (m->w->chains[v[mid]].addr < low)
                        first = mid + 1;
                else
                        end = mid;
        }
        for (size_t i = first; i < m->s.n && m->w->chains[v[i]].addr < high; i++) {
                if (is_open(m->w, v[i], m->s.depth)) {
                        m->w->marked[v[i]] = 1;
                        m->any = true;
                }
        }
}

/* Pushes the marked chains (or all open ones) on the stack as a subset. */
static struct subset push_subset(struct walk *w, struct subset s, bool all)
{
        struct subset part = { .from = w->used, .depth = s.depth };

        for (size_t i = 0; i < s.n; i++) {
                size_t index = w->stack[s.from + i];

                if (!(all ? is_open(w, index, s.depth) : w->marked[index] != 0))
                        continue;
                w->marked[index] = 0;
                if (push(w, index))
                        part.n++;
        }
        return part;
}

/* ---- the walk ---- */

static uint64_t number(Dwarf_Attribute *a)
{
        Dwarf_Word v = 0;
        Dwarf_Sword s;

        if (!a->code)
                return 0;
        if (dwarf_formudata(a, &v) == 0)
                return v;
        return dwarf_formsdata(a, &s) == 0 && s > 0 ? (uint64_t)s : 0;
}

static void add_frame(struct walk *w, struct dwarf_chain *c, const struct dwarf_frame *frame, bool inlined)
{
        if (c->count == c->room) {
                size_t room = 2 * c->room + 4;
                struct dwarf_frame *grown = reallocarray(c->frames, room, sizeof(*grown));

                if (!grown) {
                        w->no_memory = true;
                        return;
                }
                c->frames = grown;
                c->room = room;
        }
        if (!inlined)
                c->physical = c->count;
        c->frames[c->count++] = *frame;
}

/* A function or inlined call. The first DIE at each depth is used: units of assembly code may have several names for
 * the same code. */
static void function(struct walk *w, Dwarf_Die *die, struct subset s, int level, bool inlined)
{
        struct facts f = { 0 };
        struct marking m = { .w = w, .s = s };
        struct dwarf_frame frame = { .die = *die };
        struct subset inside;
        bool bounded;

        dwarf_getattrs(die, keep_fact, &f, 0);
        bounded = dwarf_bounds_each(&f.bounds, w->ranges, mark, &m);
        if (!m.any) {
                if (bounded && w->thorough)
                        enter(w, die, push_subset(w, s, true), level + 1);
                return;
        }
        if (inlined) {
                frame.has_file = f.file.code != 0;
                frame.call_file = number(&f.file);
                frame.call_line = (uint32_t)number(&f.line);
                frame.call_column = (uint32_t)number(&f.column);
        }
        inside = push_subset(w, s, false);
        for (size_t i = 0; i < inside.n; i++)
                add_frame(w, &w->chains[w->stack[inside.from + i]], &frame, inlined);
        inside.depth++;
        if (inside.depth < MAX_CHAIN)
                enter(w, die, inside, level + 1);
}

static void block(struct walk *w, Dwarf_Die *die, struct subset s, int level)
{
        struct facts f = { 0 };
        struct marking m = { .w = w, .s = s };

        dwarf_getattrs(die, keep_fact, &f, 0);
        if (!dwarf_bounds_each(&f.bounds, w->ranges, mark, &m) || w->thorough)
                enter(w, die, push_subset(w, s, true), level + 1);
        else if (m.any)
                enter(w, die, push_subset(w, s, false), level + 1);
}

static void visit(struct walk *w, Dwarf_Die *die, struct subset s, int level)
{
        struct dwarf_abbrev seen = dwarf_abbrevs_lookup(&w->abbrevs, die);
        size_t used = w->used;

        switch (seen.tag) {
        case DW_TAG_subprogram:
        case DW_TAG_entry_point:
        case DW_TAG_inlined_subroutine:
                if (seen.placed)
                        function(w, die, s, level, seen.tag == DW_TAG_inlined_subroutine);
                /* lambdas of a function that was inlined everywhere */
                else if (w->thorough && seen.tag == DW_TAG_subprogram)
                        enter(w, die, push_subset(w, s, true), level + 1);
                break;
        case DW_TAG_lexical_block:
        case DW_TAG_try_block:
        case DW_TAG_catch_block:
        case DW_TAG_with_stmt:
                block(w, die, s, level);
                break;
        case DW_TAG_class_type:
        case DW_TAG_structure_type:
        case DW_TAG_union_type:
        case DW_TAG_interface_type:
        case DW_TAG_enumeration_type: /* Rust */
                if (!w->types)
                        break;
                __attribute__((fallthrough));
        case DW_TAG_namespace:
        case DW_TAG_module:
                enter(w, die, push_subset(w, s, true), level + 1);
                break;
        }
        w->used = used;
}

static bool any_open(const struct walk *w, struct subset s)
{
        for (size_t i = 0; i < s.n; i++)
                if (is_open(w, w->stack[s.from + i], s.depth))
                        return true;
        return false;
}

/* Siblings follow each other in ascending order (libdw rejects a DW_AT_sibling that does not), so the loop ends. */
static void enter(struct walk *w, Dwarf_Die *parent, struct subset s, int level)
{
        Dwarf_Die die;
        int next;

        if (!s.n || level > MAX_LEVEL)
                return;
        for (next = dwarf_child(parent, &die); next == 0; next = dwarf_siblingof(&die, &die)) {
                visit(w, &die, s, level);
                if (w->no_memory || !any_open(w, s))
                        return;
        }
        w->malformed |= next < 0;
}

int dwarf_walk(Dwarf_Die *unit, const struct dwarf_range_unit *ranges, bool types, struct dwarf_chain *chains, size_t n)
{
        struct walk w = { .ranges = ranges, .chains = chains, .types = types };
        struct subset all = { .n = 0 };

        w.marked = calloc(n + 1, 1);
        if (!w.marked)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                if (push(&w, i))
                        all.n++;
        enter(&w, unit, all, 0);
        if (any_open(&w, all)) { /* a function nested in another one, or defined inside a class */
                w.types = w.thorough = true;
                enter(&w, unit, all, 0);
        }
        free(w.stack);
        free(w.marked);
        if (w.no_memory)
                return -ENOMEM;
        return w.malformed ? -EBADMSG : 0;
}
