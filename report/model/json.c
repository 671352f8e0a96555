/* SPDX-License-Identifier: MIT */
#include "report/model/json.h"

#include "report/model/fields.h"
#include "report/model/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 17 digits would show the rounding error after the microseconds of a time in this century. */
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

/* Returns element `i` of an array member; all object pointers have the same representation. */
static const void *get_element(const void *base, const struct field *f, size_t i)
{
        const char *array;

        memcpy(&array, member(base, f->offset), sizeof(array));
        return array + i * f->size;
}

/* ---- writing ---- */

static json_t *write_object(struct pool *pool, const void *base, const struct field *fields);

static json_t *write_string(struct pool *pool, const char *s)
{
        return s ? json_string(utf8_valid(pool, s)) : NULL;
}

static json_t *write_hex(uint64_t v)
{
        char buf[2 + 16 + 1];

        snprintf(buf, sizeof(buf), "0x%" PRIx64, v);
        return json_string_nocheck(buf);
}

static json_t *write_metadata_value(struct pool *pool, const struct report_metadata *m)
{
        switch (m->kind) {
        case REPORT_INTEGER:
                return json_integer(m->integer);
        case REPORT_REAL:
                return json_real(m->real); /* NULL for infinity and NaN, which JSON lacks */
        case REPORT_BOOLEAN:
                return json_boolean(m->boolean);
        case REPORT_STRING:
                break;
        }
        return write_string(pool, m->string ? m->string : "");
}

static json_t *write_keyed(struct pool *pool, const void *base, const struct field *f)
{
        json_t *object = json_object();
        size_t n = get_count(base, f), i;

        for (i = 0; i < n; i++) {
                const void *p = get_element(base, f, i);
                const char *name = get_string(p); /* the first member of each of these structs */
                json_t *value = NULL;

                if (f->type == FIELD_PAIRS)
                        value = write_string(pool, ((const struct report_pair *)p)->value);
                else if (f->type == FIELD_REGISTERS)
                        value = write_hex(((const struct report_register *)p)->value);
                else
                        value = write_metadata_value(pool, p);
                if (value)
                        json_object_set_new(object, utf8_valid(pool, name), value);
        }
        return object;
}

static json_t *write_list(struct pool *pool, const void *base, const struct field *f)
{
        json_t *array = json_array();
        size_t n = get_count(base, f), i;

        for (i = 0; i < n; i++) {
                const void *p = get_element(base, f, i);
                json_t *value =
                        f->type == FIELD_STRINGS ? write_string(pool, get_string(p)) : write_object(pool, p, f->sub);

                json_array_append_new(array, value ? value : json_object());
        }
        return array;
}

/* Returns NULL if the member is absent. */
static json_t *write_field(struct pool *pool, const void *base, const struct field *f)
{
        const void *p = member(base, f->offset);

        switch (f->type) {
        case FIELD_STRING:
                return write_string(pool, get_string(p));
        case FIELD_HEX:
                return ((const struct known_u64 *)p)->known ? write_hex(((const struct known_u64 *)p)->v) : NULL;
        case FIELD_INT:
                return ((const struct known_int *)p)->known ? json_integer(((const struct known_int *)p)->v) : NULL;
        case FIELD_REAL:
                return ((const struct known_real *)p)->known ? json_real(((const struct known_real *)p)->v) : NULL;
        case FIELD_FLAG:
                return json_boolean(*(const bool *)p);
        case FIELD_MARK:
                return *(const bool *)p ? json_true() : NULL;
        case FIELD_OBJECT:
                return write_object(pool, p, f->sub);
        case FIELD_LIST:
        case FIELD_STRINGS:
                return get_count(base, f) || f->always ? write_list(pool, base, f) : NULL;
        case FIELD_PAIRS:
        case FIELD_REGISTERS:
        case FIELD_METADATA:
                return get_count(base, f) || f->always ? write_keyed(pool, base, f) : NULL;
        }
        return NULL;
}

/* Returns NULL if no member is known. */
static json_t *write_object(struct pool *pool, const void *base, const struct field *fields)
{
        json_t *object = NULL;
        const struct field *f;

        for (f = fields; f->name; f++) {
                json_t *value = write_field(pool, base, f);

                if (!value)
                        continue;
                if (!object)
                        object = json_object();
                json_object_set_new_nocheck(object, f->name, value);
        }
        return object;
}

char *json_write_report(struct report *report, size_t *len)
{
        json_t *document;
        char *text, *longer;

        json_set_alloc_funcs(pool_malloc, free);
        document = write_object(&report->pool, report, report_fields);
        text = utf8_json(json_dumps(document, JSON_INDENT(2) | JSON_REAL_PRECISION(REAL_DIGITS)));
        json_decref(document);
        *len = strlen(text);
        longer = pool_malloc(*len + 2);
        memcpy(longer, text, *len);
        memcpy(longer + (*len)++, "\n", 2);
        free(text);
        return longer;
}

/* ---- memory for reading ---- */

/* A report of a few megabytes takes about ten times as much; of hostile text a byte may take a hundred. The limit holds for the
 * parser's values and for the arrays and strings of the report together. */
#define MEMORY_LIMIT ((size_t)1024 * 1024 * 1024)

static struct {
        size_t used;
        bool exceeded;
} memory;

static bool charge(size_t size)
{
        if (memory.exceeded || size > MEMORY_LIMIT - memory.used) {
                memory.exceeded = true;
                return false;
        }
        memory.used += size;
        return true;
}

static bool charge_array(size_t n, size_t size)
{
        return charge(n > MEMORY_LIMIT / size ? MEMORY_LIMIT + 1 : n * size);
}

/* For jansson, which returns an error when it gets none. */
static void *limited_malloc(size_t size)
{
        void *p;

        if (memory.exceeded || size > MEMORY_LIMIT - memory.used) {
                memory.exceeded = true;
                return NULL;
        }
        p = pool_malloc(size);
        memory.used += malloc_usable_size(p) + sizeof(size_t);
        memory.exceeded = memory.used > MEMORY_LIMIT;
        return p;
}

static void limited_free(void *p)
{
        if (p)
                memory.used -= malloc_usable_size(p) + sizeof(size_t);
        free(p);
}

/* ---- reading ---- */

static void read_object(struct pool *pool, void *base, const struct field *fields, const json_t *object);

static const char *read_string(struct pool *pool, const json_t *value)
{
        return json_is_string(value) && charge(json_string_length(value) + 1)
                       ? pool_strdup(pool, json_string_value(value))
                       : NULL;
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
        const char *copy = charge(strlen(name) + 1) ? pool_strdup(pool, name) : "";

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

        if (!n || keyed != json_is_object(value) || !charge_array(n, f->size))
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
        case FIELD_MARK:
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

/* Whether this is a report of the version that the model has. */
static bool is_report(const json_t *document, char *why, size_t why_size)
{
        static const char family[] = "crashpre-report/";
        const char *schema = json_string_value(json_object_get(document, "schema"));

        if (schema && !strcmp(schema, REPORT_SCHEMA))
                return true;
        if (schema && !strncmp(schema, family, sizeof(family) - 1))
                snprintf(why, why_size,
                         "a report of another version, %.40s: this version of crashpre reads " REPORT_SCHEMA, schema);
        else
                snprintf(why, why_size, "not a crash report (JSON without \"schema\": \"" REPORT_SCHEMA "\")");
        return false;
}

int json_read_report(const char *text, size_t len, struct report *out, char *why, size_t why_size)
{
        json_error_t error;
        json_t *document;
        int result = -EBADMSG;

        memory.used = 0;
        memory.exceeded = false;
        json_set_alloc_funcs(limited_malloc, limited_free);
        document = json_loadb(text, len, 0, &error);
        if (!document && !memory.exceeded && len && memchr("{[ \t\n", *text, 5)) /* a damaged one, maybe */
                snprintf(why, why_size, "not JSON: line %d: %s", error.line, error.text);
        else if (!document && !memory.exceeded)
                snprintf(why, why_size, "not a crash report");
        if (document && is_report(document, why, why_size)) {
                read_object(&out->pool, out, report_fields, document);
                result = 0;
        }
        if (memory.exceeded) {
                snprintf(why, why_size, "needs more than %zu MB of memory", MEMORY_LIMIT >> 20);
                result = -EBADMSG;
        }
        json_decref(document);
        json_set_alloc_funcs(pool_malloc, free);
        return result;
}
