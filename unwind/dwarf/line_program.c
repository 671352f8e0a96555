/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/line_program.c: see line_program.h. Section numbers in comments are those of DWARF 5. */
#include "unwind/dwarf/line_program.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>

/* ---- header (6.2.4) ---- */

static struct dwarf_reader reader_from(const struct line_program *l, const uint8_t *at)
{
        return (struct dwarf_reader){ .at = at, .end = l->end };
}

/* Reads one field of a directory or file entry. Strings are returned in *text, numbers as the result. */
static uint64_t read_form(const struct line_program *l, struct dwarf_reader *r, uint16_t form, const char **text)
{
        struct dwarf_reader s;

        switch (form) {
        case DW_FORM_string:
                *text = dwarf_string(r);
                return 0;
        case DW_FORM_line_strp:
                s = dwarf_reader_at(l->sections->line_str, dwarf_fixed(r, l->offset_size));
                *text = dwarf_string(&s);
                return 0;
        case DW_FORM_strp:
                s = dwarf_reader_at(l->sections->str, dwarf_fixed(r, l->offset_size));
                *text = dwarf_string(&s);
                return 0;
        case DW_FORM_strp_sup:
        case DW_FORM_GNU_strp_alt:
                s = dwarf_reader_at(l->sections->alt_str, dwarf_fixed(r, l->offset_size));
                *text = dwarf_string(&s);
                return 0;
        case DW_FORM_udata:
                return dwarf_uleb(r);
        case DW_FORM_data1:
                return dwarf_fixed(r, 1);
        case DW_FORM_data2:
                return dwarf_fixed(r, 2);
        case DW_FORM_data4:
                return dwarf_fixed(r, 4);
        case DW_FORM_data8:
                return dwarf_fixed(r, 8);
        case DW_FORM_data16:
                dwarf_skip(r, 16);
                return 0;
        case DW_FORM_block:
                dwarf_skip(r, dwarf_uleb(r));
                return 0;
        default:
                r->bad = true;
                return 0;
        }
}

struct entry {
        const char *name;
        uint64_t dir;
};

static struct entry read_entry(const struct line_program *l, const struct line_program_table *t, struct dwarf_reader *r)
{
        struct entry e = { .name = "" };

        for (size_t i = 0; i < t->form_count && !r->bad; i++) {
                const char *text = "";
                uint64_t number = read_form(l, r, t->form[i], &text);

                if (t->content[i] == DW_LNCT_path)
                        e.name = text;
                else if (t->content[i] == DW_LNCT_directory_index)
                        e.dir = number;
        }
        return e;
}

/* Version 5: a list of (content, form) pairs, then the entries. With `pass` the reader is moved past them. */
static void read_table(const struct line_program *l, struct dwarf_reader *r, struct line_program_table *t, bool pass)
{
        t->form_count = (uint8_t)dwarf_fixed(r, 1);
        if (t->form_count > LINE_PROGRAM_FORMS)
                r->bad = true;
        for (size_t i = 0; i < t->form_count && !r->bad; i++) {
                t->content[i] = (uint16_t)dwarf_uleb(r);
                t->form[i] = (uint16_t)dwarf_uleb(r);
        }
        t->count = dwarf_uleb(r);
        if (!t->form_count || t->count > dwarf_left(r))
                t->count = 0; /* an entry has at least one byte */
        t->entries = r->at;
        for (uint64_t i = 0; pass && i < t->count && !r->bad; i++)
                read_entry(l, t, r);
}

/* Up to version 4: strings up to an empty one; then files of name, directory, time, length, up to an empty name. */
static void old_tables(struct line_program *l, struct dwarf_reader *r)
{
        static const struct line_program_table dirs = { .form_count = 1,
                                                        .content = { DW_LNCT_path },
                                                        .form = { DW_FORM_string } };
        static const struct line_program_table files = {
                .form_count = 4,
                .content = { DW_LNCT_path, DW_LNCT_directory_index, DW_LNCT_timestamp, DW_LNCT_size },
                .form = { DW_FORM_string, DW_FORM_udata, DW_FORM_udata, DW_FORM_udata },
        };

        l->dirs = dirs;
        l->dirs.entries = r->at;
        while (!r->bad && *dwarf_string(r))
                l->dirs.count++;
        l->files = files;
        l->files.entries = r->at;
        l->files.count = dwarf_left(r); /* upper limit; the actual end is found when a file is searched */
}

int line_program_open(struct line_program *l, const struct line_program_sections *s, uint64_t offset,
                      const char *comp_dir)
{
        struct dwarf_reader r = dwarf_reader_at(s->line, offset);
        uint64_t header;

        *l = (struct line_program){ .sections = s, .comp_dir = comp_dir, .max_ops = 1, .address_size = 8 };
        dwarf_unit_length(&r, &l->offset_size);
        l->version = (uint16_t)dwarf_fixed(&r, 2);
        if (r.bad || l->version < 2 || l->version > 5)
                return -EBADMSG;
        l->end = r.end;
        if (l->version >= 5) {
                l->address_size = (uint8_t)dwarf_fixed(&r, 1);
                dwarf_fixed(&r, 1); /* size of segment selectors */
        }
        header = dwarf_fixed(&r, l->offset_size);
        if (header > dwarf_left(&r))
                return -EBADMSG;
        l->program = r.at + header;
        l->min_length = (uint8_t)dwarf_fixed(&r, 1);
        if (l->version >= 4)
                l->max_ops = (uint8_t)dwarf_fixed(&r, 1);
        l->default_is_stmt = dwarf_fixed(&r, 1) != 0;
        l->line_base = (int8_t)dwarf_fixed(&r, 1);
        l->line_range = (uint8_t)dwarf_fixed(&r, 1);
        l->opcode_base = (uint8_t)dwarf_fixed(&r, 1);
        l->lengths = r.at;
        if (l->opcode_base)
                dwarf_skip(&r, l->opcode_base - 1u);
        if (l->version >= 5) {
                read_table(l, &r, &l->dirs, true);
                read_table(l, &r, &l->files, false);
        } else {
                old_tables(l, &r);
        }
        return r.bad || !l->opcode_base ? -EBADMSG : 0;
}

/* ---- the program (6.2.5) ---- */

struct row {
        uint64_t addr;
        uint64_t op_index;
        uint32_t file, line, column;
        bool statement;
};

struct run {
        const struct line_program *l;
        enum line_rule rule;
        struct line_program_want *wants;
        size_t count, left;
        size_t next;           /* the first want that no row has passed yet */
        struct row row, last;  /* the registers, and the last row emitted */
        bool has_last, placed; /* `last` is valid in this sequence; `next` was determined for it */
        bool discriminator;    /* the register is not 0 */
        bool discriminated;    /* the current line has had a discriminator since it became the current line */
        uint32_t before_file, before_line; /* of the row that gdb would have recorded before */
        uint64_t goal;                     /* rows between last.addr and this address resolve no want */
        uint8_t step[256];                 /* increments of special opcodes: operations and lines */
        int16_t lines[256];
};

/* The first want at or after `addr`. */
static size_t first_from(const struct run *r, uint64_t addr)
{
        size_t low = 0, high = r->count;

        while (low < high) {
                size_t mid = low + (high - low) / 2;

                if (r->wants[mid].addr < addr)
                        low = mid + 1;
                else
                        high = mid;
        }
        return low;
}

/* True if this row is another block of the line of the previous row. gdb omits such rows from its table
 * (dwarf2/read.c: dwarf_record_line_p()), so that a statement before the first of them applies to all. The column is
 * reported nevertheless. */
static inline bool repeats_line(struct run *r, bool after_statement)
{
        bool same_file = r->row.file == r->before_file,
             repeats = r->has_last && r->discriminated && same_file && r->row.line == r->before_line;

        if (r->row.line && (same_file || !after_statement)) {
                r->before_file = r->row.file;
                r->before_line = r->row.line;
        }
        r->discriminator = false;
        if (repeats && r->last.line == r->row.line && r->last.file == r->row.file)
                r->last.column = r->row.column;
        return repeats;
}

/* True if the previous row remains in effect in spite of this one. (gdb: buildsym.c and dwarf2/read.c omit such rows,
 * symtab.c returns to the statement at the same address.) Called once for each row. */
static inline bool is_skipped(struct run *r)
{
        bool after_statement = r->has_last && r->last.statement && !r->row.statement && r->row.addr == r->last.addr;

        if (r->rule == LINE_RULE_LAST_ROW)
                return false;
        return repeats_line(r, after_statement) || !r->row.line || after_statement;
}

static inline void advance_line(struct run *r, int64_t lines)
{
        r->row.line += (uint32_t)lines;
        if (lines)
                r->discriminated = r->discriminator;
}

/* A row applies from its address up to the next row: so each row resolves the wants of the previous one. */
static void emit_row(struct run *r, bool end_sequence)
{
        if (r->has_last && !r->placed) {
                r->next = first_from(r, r->last.addr);
                r->placed = true;
        }
        while (r->has_last && r->next < r->count && r->wants[r->next].addr < r->row.addr) {
                struct line_program_want *w = &r->wants[r->next++];

                if (!w->found && w->addr >= r->last.addr) {
                        w->found = true;
                        w->file = r->last.file;
                        w->line = r->last.line;
                        w->column = r->last.column;
                        r->left--;
                }
        }
        if (!end_sequence && is_skipped(r))
                return;
        if (r->has_last && r->row.addr < r->last.addr)
                r->placed = false; /* addresses must not decrease, but may in malformed programs */
        r->last = r->row;
        r->has_last = !end_sequence;
        r->goal = 0;
        if (r->has_last && r->placed)
                r->goal = r->next < r->count ? r->wants[r->next].addr : UINT64_MAX;
        if (end_sequence) {
                r->row = (struct row){ .file = 1, .line = 1, .statement = r->l->default_is_stmt };
                r->placed = r->discriminator = r->discriminated = false;
        }
}

/* The fast path for nearly all rows. */
static inline void emit_row_fast(struct run *r)
{
        if (!r->has_last || r->row.addr > r->goal || r->row.addr < r->last.addr)
                emit_row(r, false);
        else if (!is_skipped(r))
                r->last = r->row;
}

static inline void advance(struct run *r, uint64_t operations)
{
        const struct line_program *l = r->l;

        if (l->max_ops > 1) { /* VLIW: several operations per instruction */
                uint64_t index = r->row.op_index + operations;

                r->row.addr += l->min_length * (index / l->max_ops);
                r->row.op_index = index % l->max_ops;
        } else {
                r->row.addr += l->min_length * operations;
        }
}

static void extended(struct run *r, struct dwarf_reader *p)
{
        uint64_t len = dwarf_uleb(p);
        const uint8_t *start = p->at;
        uint8_t code;

        if (len && len <= dwarf_left(p) && *start != DW_LNE_end_sequence && *start != DW_LNE_set_address) {
                if (*start == DW_LNE_set_discriminator && len > 1) {
                        r->discriminator = start[1];
                        r->discriminated |= r->discriminator;
                }
                p->at += len; /* all compilers of this century define files in the header */
                return;
        }
        if (!len || len > dwarf_left(p)) {
                p->bad = p->bad || len > dwarf_left(p);
                return;
        }
        code = (uint8_t)dwarf_fixed(p, 1);
        if (code == DW_LNE_end_sequence) {
                emit_row(r, true);
        } else if (code == DW_LNE_set_address) {
                r->row.addr = dwarf_fixed(p, len - 1);
                r->row.op_index = 0;
                r->placed = false;
                r->goal = 0;
        }
        if (!p->bad)
                p->at = start + len;
}

static void standard(struct run *r, struct dwarf_reader *p, uint8_t code)
{
        const struct line_program *l = r->l;

        switch (code) {
        case DW_LNS_copy:
                emit_row_fast(r);
                break;
        case DW_LNS_advance_pc:
                advance(r, dwarf_uleb(p));
                break;
        case DW_LNS_advance_line:
                advance_line(r, dwarf_sleb(p));
                break;
        case DW_LNS_set_file:
                r->row.file = (uint32_t)dwarf_uleb(p);
                break;
        case DW_LNS_set_column:
                r->row.column = (uint32_t)dwarf_uleb(p);
                break;
        case DW_LNS_const_add_pc:
                advance(r, r->step[255]);
                break;
        case DW_LNS_fixed_advance_pc:
                r->row.addr += dwarf_fixed(p, 2);
                r->row.op_index = 0;
                break;
        case DW_LNS_negate_stmt:
                r->row.statement = !r->row.statement;
                break;
        case DW_LNS_set_basic_block:
        case DW_LNS_set_prologue_end:
        case DW_LNS_set_epilogue_begin:
                break;
        default:
                for (uint8_t i = 0; i < l->lengths[code - 1] && !p->bad; i++)
                        dwarf_uleb(p);
        }
}

void line_program_run(const struct line_program *l, struct line_program_want *wants, size_t n, enum line_rule rule)
{
        struct run r = { .l = l,
                         .rule = rule,
                         .wants = wants,
                         .count = n,
                         .left = n,
                         .row = { .file = 1, .line = 1, .statement = l->default_is_stmt } };
        struct dwarf_reader p = reader_from(l, l->program);

        for (size_t i = 0; i < n; i++)
                r.left -= wants[i].found;
        if (!l->line_range)
                return; /* required as the divisor below */
        for (unsigned code = l->opcode_base; code < 256; code++) {
                r.step[code] = (uint8_t)((code - l->opcode_base) / l->line_range);
                r.lines[code] = (int16_t)(l->line_base + (int)((code - l->opcode_base) % l->line_range));
        }
        while (r.left && !p.bad && p.at < p.end) {
                uint8_t code = *p.at++;

                if (code >= l->opcode_base) {
                        advance(&r, r.step[code]);
                        advance_line(&r, r.lines[code]);
                        emit_row_fast(&r);
                } else if (code) {
                        standard(&r, &p, code);
                } else {
                        extended(&r, &p);
                }
        }
}

/* ---- names of files ---- */

/* Finds entry `index` of a table, counted from 0. */
static bool find_entry(const struct line_program *l, const struct line_program_table *t, uint64_t index,
                       struct entry *out)
{
        struct dwarf_reader r = reader_from(l, t->entries);

        if (index >= t->count)
                return false;
        for (uint64_t i = 0;; i++) {
                *out = read_entry(l, t, &r);
                if (r.bad || (l->version < 5 && !*out->name))
                        return false;
                if (i == index)
                        return true;
        }
}

/* Version 5 counts directories from 0, which is the compilation directory; earlier versions have no entry for that
 * one. */
static const char *directory(const struct line_program *l, uint64_t number)
{
        struct entry e;

        if (l->version < 5 && number == 0)
                return "";
        return find_entry(l, &l->dirs, l->version < 5 ? number - 1 : number, &e) ? e.name : "";
}

/* Appends `part` to the path in `out` without "." and empty components. ".." is kept: after a symbolic link it refers
 * to another directory than the text suggests. */
static char *append_path(char *out, const char *part)
{
        while (*part) {
                size_t len = strcspn(part, "/");

                if (len && !(len == 1 && part[0] == '.')) {
                        *out++ = '/';
                        memcpy(out, part, len);
                        out += len;
                }
                part += len + (part[len] == '/');
        }
        *out = '\0';
        return out;
}

char *line_program_file(const struct line_program *l, uint64_t number)
{
        const char *parts[3] = { l->comp_dir ? l->comp_dir : "", "", "" };
        struct entry e;
        size_t first = 2, size = 2;
        char *path, *end;

        if ((l->version < 5 && number == 0) || !find_entry(l, &l->files, l->version < 5 ? number - 1 : number, &e) ||
            !*e.name)
                return NULL;
        parts[1] = directory(l, e.dir);
        parts[2] = e.name;
        while (first && parts[first][0] != '/')
                first--;
        for (size_t i = first; i < 3; i++)
                size += strlen(parts[i]) + 1;
        path = malloc(size);
        if (!path)
                return NULL;
        end = path;
        for (size_t i = first; i < 3; i++)
                end = append_path(end, parts[i]);
        if (parts[first][0] != '/' && end > path) /* no part was absolute: no slash before the first name */
                memmove(path, path + 1, (size_t)(end - path));
        return path;
}
