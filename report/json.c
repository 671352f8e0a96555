/* SPDX-License-Identifier: MIT */
#include "report/json.h"

#include "report/fields.h"
#include "report/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 17 digits would show the noise behind the microseconds of a time in this century. */
#define REAL_DIGITS 16

/* ---- members of the model, by offset ---- */

static const void *member(const void *base, size_t offset)
{
        return (const char *)base + offset;
}

static const char *get_string(const void *p)
{
        const char *s;

        memcpy(&s, p, sizeof(s));
        return s;
}

static size_t get_count(const void *base, const struct field *f)
{
        size_t n;

        memcpy(&n, member(base, f->count), sizeof(n));
        return n;
}

/* Element `i` of an array member; all object pointers look alike here. */
static const void *get_element(const void *base, const struct field *f, size_t i)
{
        const char *array;

        memcpy(&array, member(base, f->offset), sizeof(array));
        return array + i * f->size;
}

/* ---- writing ----
 *
 * Straight into one buffer: a tree of jansson's first takes ten times as long, and a process with a thousand threads
 * is held meanwhile. What turns out to be absent is taken back. */

struct out {
        struct pool *pool;
        char *text;
        size_t len, room;
        size_t depth;
};

static void put(struct out *o, const char *bytes, size_t n)
{
        if (n > o->room - o->len) {
                size_t room = 2 * (o->len + n);
                char *bigger = pool_malloc(room);

                if (o->len)
                        memcpy(bigger, o->text, o->len);
                free(o->text);
                o->text = bigger;
                o->room = room;
        }
        memcpy(o->text + o->len, bytes, n);
        o->len += n;
}

static void put_string(struct out *o, const char *s)
{
        put(o, s, strlen(s));
}

static void new_line(struct out *o)
{
        size_t i;

        put(o, "\n", 1);
        for (i = 0; i < o->depth; i++)
                put(o, "  ", 2);
}

/* Before each member or element but the first a comma. */
static void separate(struct out *o, bool first)
{
        if (!first)
                put(o, ",", 1);
        new_line(o);
}

static void write_escaped(struct out *o, char c)
{
        static const char letters[] = "\"\\\b\f\n\r\t", escapes[] = "\"\\bfnrt";
        const char *at = strchr(letters, c);
        char buf[8];

        snprintf(buf, sizeof(buf), at ? "\\%c" : "\\u%04X", at ? escapes[at - letters] : c);
        put_string(o, buf);
}

static bool write_string(struct out *o, const char *s)
{
        const char *p;

        if (!s)
                return false;
        s = utf8_valid(o->pool, s);
        put(o, "\"", 1);
        for (p = s; *p; p++) {
                if ((unsigned char)*p >= 0x20 && *p != '"' && *p != '\\')
                        continue;
                put(o, s, (size_t)(p - s));
                write_escaped(o, *p);
                s = p + 1;
        }
        put(o, s, (size_t)(p - s));
        put(o, "\"", 1);
        return true;
}

static bool write_hex(struct out *o, uint64_t v)
{
        char buf[2 + 16 + 2 + 1];

        snprintf(buf, sizeof(buf), "\"0x%" PRIx64 "\"", v);
        put_string(o, buf);
        return true;
}

static bool write_integer(struct out *o, int64_t v)
{
        char buf[24];

        snprintf(buf, sizeof(buf), "%" PRId64, v);
        put_string(o, buf);
        return true;
}

/* JSON has neither infinity nor NaN, and knows a real number by its point or exponent. */
static bool write_real(struct out *o, double v)
{
        char buf[40], *comma;

        if (!isfinite(v))
                return false;
        snprintf(buf, sizeof(buf), "%.*g", REAL_DIGITS, v);
        comma = strchr(buf, ','); /* the decimal point of some languages */
        if (comma)
                *comma = '.';
        put_string(o, buf);
        if (!strpbrk(buf, ".e"))
                put(o, ".0", 2);
        return true;
}

static bool write_boolean(struct out *o, bool v)
{
        put_string(o, v ? "true" : "false");
        return true;
}

static bool write_metadata_value(struct out *o, const struct report_metadata *m)
{
        switch (m->kind) {
        case REPORT_INTEGER:
                return write_integer(o, m->integer);
        case REPORT_REAL:
                return write_real(o, m->real);
        case REPORT_BOOLEAN:
                return write_boolean(o, m->boolean);
        case REPORT_STRING:
                break;
        }
        return write_string(o, m->string ? m->string : "");
}

static bool write_keyed_value(struct out *o, const void *p, enum field_type type)
{
        if (type == FIELD_PAIRS)
                return write_string(o, ((const struct report_pair *)p)->value);
        if (type == FIELD_REGISTERS)
                return write_hex(o, ((const struct report_register *)p)->value);
        return write_metadata_value(o, p);
}

/* Of several elements with one name, the last: an object has each name once. */
static bool has_successor(const char *const *names, size_t n, size_t i)
{
        size_t k;

        for (k = i + 1; k < n; k++)
                if (!strcmp(names[k], names[i]))
                        return true;
        return false;
}

static bool write_keyed(struct out *o, const void *base, const struct field *f)
{
        size_t n = get_count(base, f), i, mark;
        const char **names = pool_alloc(o->pool, (n + 1) * sizeof(*names));
        bool first = true;

        for (i = 0; i < n; i++) /* the first member of each of these structs */
                names[i] = utf8_valid(o->pool, get_string(get_element(base, f, i)));
        put(o, "{", 1);
        o->depth++;
        for (i = 0; i < n; i++) {
                if (has_successor(names, n, i))
                        continue;
                mark = o->len;
                separate(o, first);
                write_string(o, names[i]);
                put(o, ": ", 2);
                if (write_keyed_value(o, get_element(base, f, i), f->type))
                        first = false;
                else
                        o->len = mark;
        }
        o->depth--;
        if (!first)
                new_line(o);
        put(o, "}", 1);
        return true;
}

static bool write_object(struct out *o, const void *base, const struct field *fields);

static bool write_list(struct out *o, const void *base, const struct field *f)
{
        size_t n = get_count(base, f), i;

        put(o, "[", 1);
        o->depth++;
        for (i = 0; i < n; i++) {
                const void *p = get_element(base, f, i);

                separate(o, !i);
                if (f->type == FIELD_STRINGS)
                        write_string(o, get_string(p) ? get_string(p) : "");
                else if (!write_object(o, p, f->sub))
                        put(o, "{}", 2);
        }
        o->depth--;
        if (n)
                new_line(o);
        put(o, "]", 1);
        return true;
}

/* False: absent. */
static bool write_field(struct out *o, const void *base, const struct field *f)
{
        const void *p = member(base, f->offset);

        switch (f->type) {
        case FIELD_STRING:
                return write_string(o, get_string(p));
        case FIELD_HEX:
                return ((const struct known_u64 *)p)->known && write_hex(o, ((const struct known_u64 *)p)->v);
        case FIELD_INT:
                return ((const struct known_int *)p)->known && write_integer(o, ((const struct known_int *)p)->v);
        case FIELD_REAL:
                return ((const struct known_real *)p)->known && write_real(o, ((const struct known_real *)p)->v);
        case FIELD_FLAG:
                return write_boolean(o, *(const bool *)p);
        case FIELD_OBJECT:
                return write_object(o, p, f->sub);
        case FIELD_LIST:
        case FIELD_STRINGS:
                return (get_count(base, f) || f->always) && write_list(o, base, f);
        case FIELD_PAIRS:
        case FIELD_REGISTERS:
        case FIELD_METADATA:
                return (get_count(base, f) || f->always) && write_keyed(o, base, f);
        }
        return false;
}

/* False, and nothing is written: no member is known. */
static bool write_object(struct out *o, const void *base, const struct field *fields)
{
        size_t begin = o->len, mark;
        const struct field *f;
        bool first = true;

        put(o, "{", 1);
        o->depth++;
        for (f = fields; f->name; f++) {
                mark = o->len;
                separate(o, first);
                put(o, "\"", 1);
                put_string(o, f->name);
                put(o, "\": ", 3);
                if (write_field(o, base, f))
                        first = false;
                else
                        o->len = mark;
        }
        o->depth--;
        if (first) {
                o->len = begin;
                return false;
        }
        new_line(o);
        put(o, "}", 1);
        return true;
}

char *json_write_report(struct report *report, size_t *len)
{
        struct out o = { .pool = &report->pool };

        if (!write_object(&o, report, report_fields))
                put(&o, "{}", 2);
        put(&o, "\n", 2); /* the NUL is not counted */
        *len = o.len - 1;
        return o.text;
}

/* ---- reading ---- */

static void read_object(struct pool *pool, void *base, const struct field *fields, const json_t *object);

static const char *read_string(struct pool *pool, const json_t *value)
{
        return json_is_string(value) ? pool_strdup(pool, json_string_value(value)) : NULL;
}

static struct known_u64 read_hex(const json_t *value)
{
        const char *s = json_string_value(value);
        struct known_u64 out = { 0, false };
        char *end;

        if (!s || s[0] != '0' || s[1] != 'x' || !s[2] || strspn(s + 2, "0123456789abcdefABCDEF") != strlen(s + 2))
                return out;
        errno = 0;
        out.v = strtoull(s + 2, &end, 16);
        out.known = !errno;
        return out;
}

static void read_metadata_value(struct pool *pool, const json_t *value, struct report_metadata *m)
{
        if (json_is_integer(value)) {
                m->kind = REPORT_INTEGER;
                m->integer = json_integer_value(value);
        } else if (json_is_real(value)) {
                m->kind = REPORT_REAL;
                m->real = json_real_value(value);
        } else if (json_is_boolean(value)) {
                m->kind = REPORT_BOOLEAN;
                m->boolean = json_is_true(value);
        } else {
                m->kind = REPORT_STRING;
                m->string = read_string(pool, value);
        }
}

static void read_keyed(struct pool *pool, char *element, const struct field *f, const char *name, const json_t *value)
{
        const char *copy = pool_strdup(pool, name);

        memcpy(element, &copy, sizeof(copy));
        if (f->type == FIELD_PAIRS)
                ((struct report_pair *)(void *)element)->value = read_string(pool, value);
        else if (f->type == FIELD_REGISTERS)
                ((struct report_register *)(void *)element)->value = read_hex(value).v;
        else
                read_metadata_value(pool, value, (struct report_metadata *)(void *)element);
}

static void read_array(struct pool *pool, char *base, const struct field *f, const json_t *value)
{
        size_t n = json_is_array(value) ? json_array_size(value) : json_object_size(value), i = 0;
        bool keyed = f->type == FIELD_PAIRS || f->type == FIELD_REGISTERS || f->type == FIELD_METADATA;
        char *array;

        if (!n || keyed != json_is_object(value))
                return;
        array = pool_alloc(pool, n * f->size);
        if (keyed) {
                void *at;

                for (at = json_object_iter((json_t *)(uintptr_t)value); at;
                     at = json_object_iter_next((json_t *)(uintptr_t)value, at))
                        read_keyed(pool, array + f->size * i++, f, json_object_iter_key(at),
                                   json_object_iter_value(at));
        }
        for (; i < n; i++) {
                const json_t *element = json_array_get(value, i);

                if (f->type == FIELD_STRINGS) {
                        const char *s = read_string(pool, element);

                        s = s ? s : "";
                        memcpy(array + f->size * i, &s, sizeof(s));
                } else {
                        read_object(pool, array + f->size * i, f->sub, element);
                }
        }
        memcpy(base + f->offset, &array, sizeof(array));
        memcpy(base + f->count, &n, sizeof(n));
}

static void read_field(struct pool *pool, char *base, const struct field *f, const json_t *value)
{
        void *p = base + f->offset;
        const char *s;

        switch (f->type) {
        case FIELD_STRING:
                s = read_string(pool, value);
                memcpy(p, &s, sizeof(s));
                break;
        case FIELD_HEX:
                *(struct known_u64 *)p = read_hex(value);
                break;
        case FIELD_INT:
                if (json_is_integer(value))
                        *(struct known_int *)p = KNOWN_INT(json_integer_value(value));
                break;
        case FIELD_REAL:
                if (json_is_number(value))
                        *(struct known_real *)p = KNOWN_REAL(json_number_value(value));
                break;
        case FIELD_FLAG:
                *(bool *)p = json_is_true(value);
                break;
        case FIELD_OBJECT:
                read_object(pool, p, f->sub, value);
                break;
        default:
                read_array(pool, base, f, value);
        }
}

static void read_object(struct pool *pool, void *base, const struct field *fields, const json_t *object)
{
        const struct field *f;

        for (f = fields; f->name; f++) {
                const json_t *value = json_object_get(object, f->name);

                if (value)
                        read_field(pool, base, f, value);
        }
}

int json_read_report(const char *text, size_t len, struct report *out, char *why, size_t why_size)
{
        static const char family[] = "crashpre-report/";
        json_error_t error;
        json_t *document;
        int result = 0;

        json_set_alloc_funcs(pool_malloc, free);
        document = json_loadb(text, len, 0, &error);
        if (!document) {
                snprintf(why, why_size, "not JSON: line %d: %s", error.line, error.text);
                return -EBADMSG;
        }
        read_object(&out->pool, out, report_fields, document);
        if (!json_is_object(document) || !out->schema || strncmp(out->schema, family, sizeof(family) - 1)) {
                snprintf(why, why_size, "JSON, but not a crashpre report (no \"schema\": \"" REPORT_SCHEMA "\")");
                result = -EBADMSG;
        }
        json_decref(document);
        return result;
}
