/* SPDX-License-Identifier: MIT */
#include "report/model/redact.h"

#include "report/model/fields.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- strings ---- */

struct piece {
        size_t len;
        const char *replacement;
};

static bool is_private(const struct secrets *secrets, uint64_t value)
{
        return secrets && secrets_in_block(secrets, &value, sizeof(value));
}

/* Returns the length of a number "0x..." that holds a part of a secret: a pointer that was overwritten. */
static size_t number_at(const char *s, size_t at, const struct redaction *r)
{
        char *end;
        uint64_t value;

        if (s[at] != '0' || s[at + 1] != 'x' || !isxdigit((unsigned char)s[at + 2]))
                return 0;
        value = strtoull(s + at, &end, 16);
        return is_private(r->secrets, value) || is_private(r->hidden, value) ? (size_t)(end - s) - at : 0;
}

static struct piece private_at(const char *s, size_t len, size_t at, const struct redaction *r, size_t min)
{
        struct piece p = { r->secrets ? secrets_at(r->secrets, s, len, at, min) : 0, SECRET_WITHHELD };

        if (!p.len)
                p.len = number_at(s, at, r);
        if (!p.len && r->what & REDACT_PATHS)
                p = (struct piece){ redact_home_at(s, len, at, &r->homes), "~" };
        return p;
}

static const char *redact(struct pool *pool, const char *s, const struct redaction *r, size_t min)
{
        static const size_t longest = sizeof(SECRET_WITHHELD) - 1;
        char *out = NULL, *o = NULL;
        size_t len = strlen(s), at;

        for (at = 0; at < len;) {
                struct piece p = private_at(s, len, at, r, min);

                if (p.len &&
                    !out) { /* a secret has SECRET_MIN bytes at least; ~ is never longer than what it replaces */
                        out = pool_alloc(pool, len + (len - at) / SECRET_MIN * longest + 1);
                        memcpy(out, s, at);
                        o = out + at;
                }
                if (p.len)
                        o = stpcpy(o, p.replacement);
                else if (out)
                        *o++ = s[at];
                at += p.len ? p.len : 1;
        }
        if (!out)
                return s;
        *o = 0;
        return out;
}

const char *redact_text(struct pool *pool, const char *s, const struct redaction *r)
{
        return redact(pool, s, r, SECRET_MIN);
}

/* ---- every string of a report ---- */

static void redact_string(struct pool *pool, void *p, const struct redaction *r, enum field_origin origin)
{
        const char *s;

        memcpy(&s, p, sizeof(s));
        if (!s || origin == FIELD_OWN)
                return;
        s = redact(pool, s, r, origin == FIELD_FROM_FILE ? SECRET_MIN_NAME : SECRET_MIN);
        memcpy(p, &s, sizeof(s));
}

static void redact_object(struct pool *pool, char *base, const struct field *fields, const struct redaction *r);

static void redact_metadata(struct pool *pool, struct report_metadata *m, const struct redaction *r)
{
        if (m->name && secret_is_metadata(m->name, strlen(m->name))) {
                m->kind = REPORT_STRING;
                m->string = SECRET_WITHHELD;
        }
        redact_string(pool, &m->name, r, FIELD_FROM_PROGRAM);
        redact_string(pool, &m->string, r, FIELD_FROM_PROGRAM);
}

static void redact_element(struct pool *pool, char *element, const struct field *f, const struct redaction *r)
{
        struct report_pair *pair;

        switch (f->type) {
        case FIELD_STRINGS:
                redact_string(pool, element, r, f->origin);
                break;
        case FIELD_PAIRS:
                pair = (struct report_pair *)(void *)element;
                redact_string(pool, &pair->name, r, f->origin);
                redact_string(pool, &pair->value, r, f->origin);
                break;
        case FIELD_METADATA:
                redact_metadata(pool, (struct report_metadata *)(void *)element, r);
                break;
        case FIELD_LIST:
                redact_object(pool, element, f->sub, r);
                break;
        default:
                break;
        }
}

static void redact_number(void *p, const struct redaction *r)
{
        struct known_u64 n;

        memcpy(&n, p, sizeof(n));
        if (is_private(r->secrets, n.v) || is_private(r->hidden, n.v))
                memset(p, 0, sizeof(n));
}

/* Registers that hold a part of a secret value are removed. */
static void redact_registers(char *base, const struct field *f, const struct redaction *r)
{
        struct report_register *v;
        size_t n, i, kept = 0;

        memcpy(&v, base + f->offset, sizeof(v));
        memcpy(&n, base + f->count, sizeof(n));
        for (i = 0; i < n; i++)
                if (!is_private(r->secrets, v[i].value) && !is_private(r->hidden, v[i].value))
                        v[kept++] = v[i];
        memcpy(base + f->count, &kept, sizeof(kept));
}

static void redact_object(struct pool *pool, char *base, const struct field *fields, const struct redaction *r)
{
        const struct field *f;

        for (f = fields; f->name; f++) {
                char *p = base + f->offset, *array;
                size_t n, i;

                if (f->type == FIELD_STRING)
                        redact_string(pool, p, r, f->origin);
                else if (f->type == FIELD_OBJECT)
                        redact_object(pool, p, f->sub, r);
                else if (f->type == FIELD_HEX)
                        redact_number(p, r);
                else if (f->type == FIELD_REGISTERS)
                        redact_registers(base, f, r);
                if (f->type < FIELD_LIST)
                        continue;
                memcpy(&array, p, sizeof(array));
                memcpy(&n, base + f->count, sizeof(n));
                for (i = 0; i < n; i++)
                        redact_element(pool, array + i * f->size, f, r);
        }
}

void redact_report(struct report *report, const struct redaction *r)
{
        if (r->what & REDACT_CMDLINE)
                report->process.cmdline_count = 0;
        if (r->what & REDACT_ENV)
                report->process.environment_count = 0;
        if (r->what & REDACT_MEMORY)
                report->memory_count = 0;
        if (r->what & REDACT_HOSTNAME)
                report->system.hostname = NULL;
        redact_object(&report->pool, (char *)report, report_fields, r);
}
