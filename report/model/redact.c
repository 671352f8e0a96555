/* SPDX-License-Identifier: MIT */
#include "report/model/redact.h"

#include "report/model/fields.h"

#include <string.h>

/* ---- paths ---- */

const char *redact_paths(struct pool *pool, const char *s, const char *home)
{
        char *out = NULL, *o = NULL;
        size_t len = strlen(s), at;

        for (at = 0; at < len;) {
                size_t n = redact_home_at(s, len, at, home);

                if (n && !out) { /* the result is never longer */
                        out = pool_strdup(pool, s);
                        o = out + at;
                }
                if (out)
                        *o++ = n ? '~' : s[at];
                at += n ? n : 1;
        }
        if (!out)
                return s;
        *o = 0;
        return out;
}

/* ---- every string of a report ---- */

static void redact_string(struct pool *pool, void *p, const char *home)
{
        const char *s;

        memcpy(&s, p, sizeof(s));
        if (!s)
                return;
        s = redact_paths(pool, s, home);
        memcpy(p, &s, sizeof(s));
}

static void redact_object(struct pool *pool, char *base, const struct field *fields, const char *home);

static void redact_element(struct pool *pool, char *element, const struct field *f, const char *home)
{
        switch (f->type) {
        case FIELD_STRINGS:
                redact_string(pool, element, home);
                break;
        case FIELD_PAIRS:
                redact_string(pool, &((struct report_pair *)(void *)element)->value, home);
                break;
        case FIELD_METADATA:
                redact_string(pool, &((struct report_metadata *)(void *)element)->string, home);
                break;
        case FIELD_LIST:
                redact_object(pool, element, f->sub, home);
                break;
        default:
                break;
        }
}

static void redact_object(struct pool *pool, char *base, const struct field *fields, const char *home)
{
        const struct field *f;

        for (f = fields; f->name; f++) {
                char *p = base + f->offset, *array;
                size_t n, i;

                if (f->type == FIELD_STRING)
                        redact_string(pool, p, home);
                else if (f->type == FIELD_OBJECT)
                        redact_object(pool, p, f->sub, home);
                if (f->type < FIELD_LIST)
                        continue;
                memcpy(&array, p, sizeof(array));
                memcpy(&n, base + f->count, sizeof(n));
                for (i = 0; i < n; i++)
                        redact_element(pool, array + i * f->size, f, home);
        }
}

void redact_report(struct report *report, unsigned what, const char *home)
{
        if (what & REDACT_CMDLINE)
                report->process.cmdline_count = 0;
        if (what & REDACT_ENV)
                report->process.environment_count = 0;
        if (what & REDACT_MEMORY)
                report->memory_count = 0;
        if (what & REDACT_HOSTNAME)
                report->system.hostname = NULL;
        if (what & REDACT_PATHS)
                redact_object(&report->pool, (char *)report, report_fields, home);
}
