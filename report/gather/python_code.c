/* SPDX-License-Identifier: MIT */
#include "report/gather/python_code.h"

#include <errno.h>
#include <string.h>

/* Characters: those of a longer name or path are left out. */
#define NAME_MAX_LENGTH 500u
#define FILE_MAX_LENGTH 4096u

/* Larger than the table of any function; that of a module has a few bytes for each of its lines. */
#define TABLE_MAX (4u * 1024 * 1024)

static int read_word(struct target *t, uint64_t addr, uint64_t *out)
{
        return target_read(t, addr, out, sizeof(*out));
}

/* Whether the object at `addr` is of that type, not of a subtype. */
static bool is_a(struct target *t, const struct python_layout *l, uint64_t addr, uint64_t type)
{
        uint64_t found;

        return addr && !(addr & 7) && !read_word(t, addr + l->object_type, &found) && (!type || found == type);
}

/* ---- strings ---- */

/* Flags of a str up to 3.14, from the lowest bit: interned (2 bits), kind (3), compact, ascii. */
#define STATE_KIND(state) ((state) >> 2 & 7)
#define STATE_COMPACT(state) ((state) >> 5 & 1)
#define STATE_ASCII(state) ((state) >> 6 & 1)

static char *put_character(char *to, uint32_t c)
{
        if (c >= 0xdc80 && c <= 0xdcff) { /* PEP 383: a byte of a file name that is not UTF-8 */
                *to++ = (char)(c - 0xdc00);
                return to;
        }
        if (!c || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                c = '?';
        if (c >= 0x10000)
                *to++ = (char)(0xf0 | c >> 18);
        if (c >= 0x800)
                *to++ = (char)(c >= 0x10000 ? 0x80 | (c >> 12 & 0x3f) : 0xe0 | c >> 12);
        if (c >= 0x80)
                *to++ = (char)(c >= 0x800 ? 0x80 | (c >> 6 & 0x3f) : 0xc0 | c >> 6);
        *to++ = (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c);
        return to;
}

/* Converts `n` characters of `kind` bytes each. */
static const char *to_utf8(struct pool *pool, const unsigned char *from, size_t n, size_t kind)
{
        char text[FILE_MAX_LENGTH * 4], *to = text;

        for (size_t i = 0; i < n; i++) {
                uint32_t c = 0;

                memcpy(&c, from + i * kind, kind); /* little-endian, as the target */
                to = put_character(to, c);
        }
        return pool_strndup(pool, text, (size_t)(to - text));
}

static const char *read_string(struct target *t, const struct python_layout *l, struct pool *pool, uint64_t addr,
                               size_t limit)
{
        unsigned char bytes[FILE_MAX_LENGTH * 4];
        uint64_t length;
        uint32_t state;
        size_t kind;

        if (!is_a(t, l, addr, l->string_type) || read_word(t, addr + l->string_length, &length) ||
            target_read(t, addr + l->string_state, &state, sizeof(state)))
                return NULL;
        kind = STATE_KIND(state);
        if (!STATE_COMPACT(state) || (kind != 1 && kind != 2 && kind != 4) || length >> 32)
                return NULL;
        if (length > limit)
                length = limit;
        if (target_read(t, addr + (STATE_ASCII(state) ? l->string_ascii : l->string_compact), bytes, length * kind))
                return NULL;
        return to_utf8(pool, bytes, length, kind);
}

/* ---- code objects ---- */

static const char *read_member(struct target *t, const struct python_layout *l, struct pool *pool, uint64_t member,
                               size_t limit)
{
        uint64_t addr;

        return read_word(t, member, &addr) ? NULL : read_string(t, l, pool, addr, limit);
}

int python_read_code(struct target *t, const struct python_layout *l, struct pool *pool, uint64_t addr,
                     struct python_code *out)
{
        uint32_t name = l->code_qualified_name == PYTHON_ABSENT ? l->code_name : l->code_qualified_name;

        memset(out, 0, sizeof(*out));
        out->address = addr;
        if (!is_a(t, l, addr, l->code_type))
                return -EFAULT;
        out->function = read_member(t, l, pool, addr + name, NAME_MAX_LENGTH);
        out->file = read_member(t, l, pool, addr + l->code_file, FILE_MAX_LENGTH);
        if (!out->function || !out->file || read_word(t, addr + l->code_lines, &out->lines) ||
            target_read(t, addr + l->code_first_line, &out->first_line, sizeof(out->first_line)))
                return -EFAULT;
        out->text = strlen(out->function) + strlen(out->file);
        if (l->code_first_traceable != PYTHON_ABSENT &&
            target_read(t, addr + l->code_first_traceable, &out->first_traceable, sizeof(out->first_traceable)))
                return -EFAULT;
        return 0;
}

/* ---- tables of lines ---- */

struct table {
        struct target *target;
        uint64_t at, left; /* in the target */
        size_t next, have; /* in `bytes` */
        unsigned char bytes[512];
};

static bool open_table(struct target *t, const struct python_layout *l, uint64_t addr, struct table *out)
{
        uint64_t size;

        if (!is_a(t, l, addr, l->bytes_type) || read_word(t, addr + l->bytes_size, &size) || size > TABLE_MAX)
                return false;
        out->target = t;
        out->at = addr + l->bytes_data;
        out->left = size;
        out->next = out->have = 0;
        return true;
}

/* Returns the next byte; -1 at the end, at memory that cannot be read, and past the deadline. */
static int next_byte(struct table *b)
{
        if (b->next == b->have) {
                b->have = b->left < sizeof(b->bytes) ? b->left : sizeof(b->bytes);
                b->next = 0;
                if (!b->have || target_past_deadline(b->target) || target_read(b->target, b->at, b->bytes, b->have)) {
                        b->have = b->left = 0;
                        return -1;
                }
                b->at += b->have;
                b->left -= b->have;
        }
        return b->bytes[b->next++];
}

/* Six bits in each byte, the lowest first; bit 6 marks that another byte follows. */
static bool next_number(struct table *b, uint32_t *out)
{
        unsigned shift = 0;
        int c;

        *out = 0;
        do {
                c = next_byte(b);
                if (c < 0 || shift > 24)
                        return false;
                *out |= (uint32_t)(c & 0x3f) << shift;
                shift += 6;
        } while (c & 0x40);
        return true;
}

/* The sign is bit 0. */
static bool next_signed(struct table *b, int64_t *out)
{
        uint32_t n;

        if (!next_number(b, &n))
                return false;
        *out = n & 1 ? -(int64_t)(n >> 1) : (int64_t)(n >> 1);
        return true;
}

static bool skip_bytes(struct table *b, unsigned n)
{
        while (n--)
                if (next_byte(b) < 0)
                        return false;
        return true;
}

/* Kinds of entries; those below are a column in a single byte more, on the same line. */
enum { LOCATION_ONE_LINE = 10, LOCATION_NO_COLUMNS = 13, LOCATION_LONG = 14, LOCATION_NONE = 15 };

/* Reads what follows the first byte of an entry. */
static bool next_location(struct table *b, unsigned kind, int64_t *change)
{
        uint32_t n;

        *change = 0;
        switch (kind) {
        case LOCATION_NONE:
                return true;
        case LOCATION_LONG:
                return next_signed(b, change) && next_number(b, &n) && next_number(b, &n) && next_number(b, &n);
        case LOCATION_NO_COLUMNS:
                return next_signed(b, change);
        default:
                if (kind < LOCATION_ONE_LINE)
                        return skip_bytes(b, 1);
                *change = kind - LOCATION_ONE_LINE;
                return skip_bytes(b, 2);
        }
}

/* The first byte has bit 7 set, then the kind in four bits, then the number of code units, minus one, in three. */
static int64_t line_by_locations(struct table *b, int64_t line, int64_t unit)
{
        int64_t end = 0, change;
        int c;

        while ((c = next_byte(b)) >= 0) {
                unsigned kind = (unsigned)c >> 3 & 15;

                if (!(c & 0x80) || !next_location(b, kind, &change))
                        return -1;
                line += change;
                end += (c & 7) + 1;
                if (unit < end)
                        return kind == LOCATION_NONE ? -1 : line;
        }
        return -1;
}

/* Pairs: bytes of instructions, and the change of the line before them; -128 marks that they have no line. */
static int64_t line_by_ranges(struct table *b, int64_t line, int64_t offset)
{
        int64_t end = 0;
        int bytes, change;

        while ((bytes = next_byte(b)) >= 0 && (change = next_byte(b)) >= 0) {
                if (change != 0x80)
                        line += (int8_t)change;
                end += bytes;
                if (offset < end)
                        return change == 0x80 ? -1 : line;
        }
        return -1;
}

/* Pairs: bytes of instructions, and the change of the line behind them. */
static int64_t line_by_lnotab(struct table *b, int64_t line, int64_t offset)
{
        int64_t at = 0;
        int bytes, change;

        while ((bytes = next_byte(b)) >= 0 && (change = next_byte(b)) >= 0) {
                at += bytes;
                if (at > offset)
                        break;
                line += (int8_t)change;
        }
        return line;
}

int64_t python_line(struct target *t, const struct python_layout *l, const struct python_code *code, int64_t offset)
{
        struct table table;
        int64_t line;

        if (offset < 0)
                return code->first_line;
        if (!open_table(t, l, code->lines, &table))
                return -1;
        if (l->lines == PYTHON_LINES_LOCATIONS)
                line = line_by_locations(&table, code->first_line, offset / 2);
        else if (l->lines == PYTHON_LINES_RANGES)
                line = line_by_ranges(&table, code->first_line, offset);
        else
                line = line_by_lnotab(&table, code->first_line, offset);
        return line < 0 ? -1 : line;
}
