/* SPDX-License-Identifier: MIT */
/* report/runtime/rust_panic.c: see rust_panic.h.
 *
 * Sources: library/core/src/panic/location.rs, library/core/src/fmt/mod.rs and rt.rs of Rust. None of these layouts is promised; each is
 * recognized by what it points to: constants of a module, text, an argument list on a stack.
 */
#include "report/runtime/rust_panic.h"

#include "unwind/symbols/symbols.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PIECES_MAX 32
#define TEXT_MAX 2048
#define VALUES_MAX 256
#define DEPTH_MAX 4 /* format_args!() in an argument of another one */

struct text {
        char buf[TEXT_MAX];
        size_t used;
        unsigned depth, values; /* of arguments: hostile memory may hold more than any message */
};

static void put(struct text *t, const char *s)
{
        while (*s && t->used + 1 < sizeof(t->buf))
                t->buf[t->used++] = *s++;
        t->buf[t->used] = 0;
}

/* The name of a source file is beside most messages. */
static bool is_file(const char *s)
{
        size_t len = strlen(s);

        return len > 3 && !strcmp(s + len - 3, ".rs");
}

/* ---- arguments ---- */

/* What formats an argument: "<usize as core::fmt::Display>::fmt", in the older mangling "core::fmt::num::imp::<impl core::fmt::Display for
 * usize>::fmt". NULL: not known. */
static const char *formatter_name(const struct live_frame *f, uint64_t function)
{
        struct symbol_query q = { .module = target_module_index(f->t, function), .addr = function };
        const char *name = NULL;

        if (q.module < 0 || !f->t->symbols || symbols_resolve(f->t->symbols, &q, 1))
                return NULL;
        if (!q.offset)
                name = pool_strdup(&f->report->pool, q.function);
        symbol_query_clear(&q);
        return name;
}

/* Whether the formatter is that of `type`. */
static bool formats(const char *name, const char *type)
{
        const char *at = strstr(name, type);
        size_t len = strlen(type);

        for (; at; at = strstr(at + 1, type))
                if (at > name &&
                    ((at[-1] == '<' && !strncmp(at + len, " as ", 4)) || (at[-1] == ' ' && at[len] == '>')))
                        return true;
        return false;
}

static bool put_integer(struct text *t, const struct live_frame *f, const char *name, uint64_t value)
{
        static const struct {
                const char *type;
                uint8_t size;
                bool is_signed;
        } types[] = {
                { "usize", 8, false }, { "u64", 8, false },  { "u32", 4, false }, { "u16", 2, false },
                { "u8", 1, false },    { "isize", 8, true }, { "i64", 8, true },  { "i32", 4, true },
                { "i16", 2, true },    { "i8", 1, true },
        };
        bool hex = strstr(name, "Hex") != NULL;
        uint64_t v = 0;
        char digits[32];
        size_t i;

        for (i = 0; i < sizeof(types) / sizeof(types[0]) && !formats(name, types[i].type); i++)
                ;
        if (i == sizeof(types) / sizeof(types[0]) || target_read(f->t, value, &v, types[i].size))
                return false;
        if (types[i].is_signed && !hex)
                snprintf(digits, sizeof(digits), "%" PRId64,
                         (int64_t)(v << (64 - 8 * types[i].size)) >> (64 - 8 * types[i].size));
        else
                snprintf(digits, sizeof(digits), hex ? "%" PRIx64 : "%" PRIu64, v);
        put(t, digits);
        return true;
}

/* A String: pointer, length and capacity in an order that the compiler chooses. */
static const char *string_at(const struct live_frame *f, uint64_t at)
{
        static const uint8_t orders[][3] = { { 1, 2, 0 }, { 0, 1, 2 }, { 0, 2, 1 } };
        uint64_t w[3];
        size_t i;

        if (target_read(f->t, at, w, sizeof(w)))
                return NULL;
        for (i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
                uint64_t p = w[orders[i][0]], len = w[orders[i][1]], room = w[orders[i][2]];
                const char *s = len <= room && live_is_data(f, p) ? live_text(f, p, len) : NULL;

                if (s)
                        return s;
        }
        return NULL;
}

static bool put_arguments(struct text *t, const struct live_frame *f, uint64_t at);
static void put_value(struct text *t, const struct live_frame *f, uint64_t value, uint64_t function);

/* A &dyn Debug: the object, and its vtable: drop, size, alignment, then the methods, of which the first is fmt(). */
static bool put_object(struct text *t, const struct live_frame *f, uint64_t at)
{
        uint64_t object, vtable, entries[4];

        if (!live_word(f, at, &object) || !live_word(f, at + 8, &vtable) || !live_is_constant(f, vtable) ||
            target_read(f->t, vtable, entries, sizeof(entries)))
                return false;
        if (!entries[2] || entries[2] > 64 || entries[2] & (entries[2] - 1) || !formatter_name(f, entries[3]))
                return false;
        put_value(t, f, object, entries[3]);
        return true;
}

static void put_quoted(struct text *t, const char *s, bool quoted)
{
        put(t, quoted ? "\"" : "");
        put(t, s);
        put(t, quoted ? "\"" : "");
}

/* Through references: what they refer to is in no name, and recognized by what is there. */
static bool put_reference(struct text *t, const struct live_frame *f, uint64_t value, bool debug)
{
        uint64_t to;
        const char *s = live_slice(f, value);

        if (!s && live_word(f, value, &to))
                s = live_slice(f, to);
        if (!s && live_word(f, value, &to))
                s = string_at(f, to);
        if (s)
                put_quoted(t, s, debug);
        return s || put_object(t, f, value);
}

static void put_value(struct text *t, const struct live_frame *f, uint64_t value, uint64_t function)
{
        const char *name = formatter_name(f, function), *s = NULL;
        bool debug = name && strstr(name, "Debug");
        uint8_t flag;

        if (t->depth++ >= DEPTH_MAX || t->values++ >= VALUES_MAX || !name) {
                put(t, "{}");
        } else if (put_integer(t, f, name, value)) {
        } else if (formats(name, "bool") && !target_read(f->t, value, &flag, 1)) {
                put(t, flag ? "true" : "false");
        } else if ((formats(name, "str") && (s = live_slice(f, value))) ||
                   (formats(name, "alloc::string::String") && (s = string_at(f, value)))) {
                put_quoted(t, s, debug);
        } else if (strstr(name, "fmt::Arguments") && put_arguments(t, f, value)) {
        } else if (!(name[0] == '<' && name[1] == '&' && put_reference(t, f, value, debug))) {
                put(t, "{}");
        }
        t->depth--;
}

/* An argument: the value and the function that formats it. */
static bool put_argument(struct text *t, const struct live_frame *f, uint64_t args, size_t index)
{
        const struct mapping *code;
        uint64_t pair[2];

        if (target_read(f->t, args + 16 * index, pair, sizeof(pair)))
                return false;
        code = target_mapping(f->t, pair[1]);
        if (!code || !(code->perms & MAPS_EXEC))
                return false;
        put_value(t, f, pair[0], pair[1]);
        return true;
}

/* ---- the format ---- */

/* Until Rust 1.92: a slice of texts, and one of arguments, each between two of them or behind the last. */
static bool put_pieces(struct text *t, const struct live_frame *f, uint64_t pieces, uint64_t n, uint64_t args,
                       uint64_t count)
{
        size_t begin = t->used, i;

        if (!n || n > PIECES_MAX || count > n || count + 1 < n ||
            (!live_is_constant(f, pieces) && target_mapping(f->t, pieces) != target_mapping(f->t, f->sp)) ||
            (count && args & 7))
                return false;
        for (i = 0; i < n; i++) {
                uint64_t p = 0, len = 0;
                const char *s = "";

                if (!live_word(f, pieces + 16 * i, &p) || !live_word(f, pieces + 16 * i + 8, &len))
                        break;
                if (len && (!live_is_constant(f, p) || !(s = live_text(f, p, len)) || (n == 1 && is_file(s))))
                        break;
                put(t, s);
                if (i < count && !put_argument(t, f, args, i))
                        break;
        }
        if (i < n || t->used == begin) {
                t->used = begin;
                t->buf[begin] = 0;
        }
        return t->used > begin;
}

/* Since Rust 1.93: a sequence of bytes. 1 to 127: so many of text; 128: a length of two bytes before it; from 192 on: an argument, of whose
 * options those are there that have their bit set: flags (4 bytes), width, precision, index (2 bytes each); 0: the end. */
static bool put_template(struct text *t, const struct live_frame *f, uint64_t at, uint64_t args)
{
        size_t begin = t->used, next = 0, i;
        uint16_t length;
        uint8_t code;

        for (i = 0; i < 2 * PIECES_MAX && !target_read(f->t, at, &code, 1) && code; i++) {
                const char *s;

                at++;
                if (code >= 192) {
                        at += (code & 1 ? 4u : 0u) + (code & 2 ? 2u : 0u) + (code & 4 ? 2u : 0u);
                        if (code & 8) {
                                if (target_read(f->t, at, &length, sizeof(length)))
                                        break;
                                next = length;
                                at += sizeof(length);
                        }
                        if (code & 0x30 || next >= PIECES_MAX || !put_argument(t, f, args, next++))
                                break;
                        continue;
                }
                length = code;
                if (code == 128) {
                        if (target_read(f->t, at, &length, sizeof(length)))
                                break;
                        at += sizeof(length);
                } else if (code > 128) {
                        break;
                }
                s = live_text(f, at, length);
                if (!s)
                        break;
                put(t, s);
                at += length;
        }
        if (i == 2 * PIECES_MAX || target_read(f->t, at, &code, 1) || code || t->used == begin) {
                t->used = begin;
                t->buf[begin] = 0;
        }
        return t->used > begin;
}

/* A fmt::Arguments until Rust 1.92: three slices, in an order that the compiler chooses. */
static bool put_slices(struct text *t, const struct live_frame *f, uint64_t at)
{
        uint64_t w[6];
        size_t i, k;

        if (target_read(f->t, at, w, sizeof(w)))
                return false;
        for (i = 0; i < 6; i += 2)
                for (k = 0; k < 6; k += 2)
                        if (i != k && put_pieces(t, f, w[i], w[i + 1], w[k], w[k + 1]))
                                return true;
        return false;
}

/* Since 1.93, with arguments. */
static bool put_sequence(struct text *t, const struct live_frame *f, uint64_t at)
{
        uint64_t w[2];

        return !target_read(f->t, at, w, sizeof(w)) && live_is_constant(f, w[0]) && !live_is_constant(f, w[1]) &&
               !(w[1] & 7) && put_template(t, f, w[0], w[1]);
}

/* Since 1.93, without arguments: a text, and twice its length and 1. Only looked for where the other forms are not: a slice has the same
 * form. */
static bool put_literal(struct text *t, const struct live_frame *f, uint64_t at)
{
        uint64_t w[2];
        const char *s;

        if (target_read(f->t, at, w, sizeof(w)) || !live_is_constant(f, w[0]) || !(w[1] & 1) ||
            w[1] >> 1 > LIVE_STRING_MAX)
                return false;
        s = live_text(f, w[0], w[1] >> 1);
        if (!s || is_file(s))
                return false;
        put(t, s);
        return true;
}

static bool put_arguments(struct text *t, const struct live_frame *f, uint64_t at)
{
        return put_slices(t, f, at) || put_sequence(t, f, at) || put_literal(t, f, at);
}

/* ---- the panic ---- */

/* A core::panic::Location at `at`: the name of a file, its length (since Rust 1.89 with a NUL behind it), line and column. */
static const char *location(const struct live_frame *f, uint64_t at)
{
        struct {
                uint64_t name, len;
                uint32_t line, column;
        } l;
        const char *file;

        if (at & 7 || !live_is_constant(f, at) || target_read(f->t, at, &l, sizeof(l)) ||
            !live_is_constant(f, l.name) || l.len < 4 || !l.line || l.line > 10000000 || !l.column ||
            l.column > 1000000)
                return NULL;
        file = live_text(f, l.name, l.len);
        if (!file)
                file = live_text(f, l.name, l.len - 1);
        if (!file || !is_file(file))
                return NULL;
        return pool_printf(&f->report->pool, "%s:%" PRIu32 ":%" PRIu32, file, l.line, l.column);
}

typedef bool reader(struct text *t, const struct live_frame *f, uint64_t at);

#define NEAR 4 /* words: the size of a PanicInfo (library/core/src/panic/panic_info.rs) */

/* A PanicInfo is the address of the arguments, that of the location, and flags, in an order that the compiler chooses. An address that is not
 * beside that of the location may be left over from an earlier call. */
static bool put_information(struct text *t, const struct live_frame *f, reader *const *readers, size_t n)
{
        const struct mapping *stack = target_mapping(f->t, f->sp);
        size_t i, k, form;

        for (i = f->stack; stack && i < f->value_count; i++) {
                if (!location(f, f->values[i]))
                        continue;
                for (form = 0; form < n; form++)
                        for (k = i > f->stack + NEAR ? i - NEAR : f->stack; k < f->value_count && k <= i + NEAR; k++)
                                if (target_mapping(f->t, f->values[k]) == stack && !(f->values[k] & 7) &&
                                    readers[form](t, f, f->values[k]))
                                        return true;
        }
        return false;
}

/* std::panicking::begin_panic::<&str>(), of the 2015 and 2018 editions, has the text itself. */
static bool put_payload(struct text *t, const struct live_frame *f, uint64_t at)
{
        uint64_t p;
        const char *s = live_word(f, at, &p) && live_is_constant(f, p) ? live_slice(f, at) : NULL;

        if (!s || is_file(s))
                return false;
        put(t, s);
        return true;
}

const char *rust_panic_message(const struct live_frame *f)
{
        static reader *const forms[] = { put_slices, put_sequence, put_literal };
        bool begins = strstr(f->name, "::begin_panic") != NULL && !strstr(f->name, "begin_panic_handler"),
             found = false;
        const char *place = NULL;
        static struct text t;
        uint64_t at;
        size_t i;

        t.used = t.depth = t.values = 0;
        for (i = 0; i < f->value_count && !place; i++)
                place = location(f, f->values[i]);
        for (at = f->sp; begins && at < f->end && !found; at += 8)
                found = put_payload(&t, f, at);
        if (!begins)
                found = put_information(&t, f, forms, sizeof(forms) / sizeof(forms[0]));
        if (!place && !found)
                return NULL;
        return pool_printf(&f->report->pool, "panicked%s%s%s%s", place ? " at " : "", place ? place : "",
                           found ? ": " : "", found ? t.buf : "");
}
