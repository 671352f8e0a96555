/* SPDX-License-Identifier: MIT */
#include "report/redact.h"

#include "report/fields.h"

#include <ctype.h>
#include <string.h>

/* ---- paths ---- */

/* May `c` stand in the name of a user or of a directory? All that is not ASCII may. */
static bool in_name(char c)
{
        return isalnum((unsigned char)c) || (c && strchr("._-+", c)) || (unsigned char)c >= 0x80;
}

/* Length of `dir` at `s`, if that is where it ends. */
static size_t directory_at(const char *s, const char *dir, size_t len)
{
        return len > 1 && !strncmp(s, dir, len) && !in_name(s[len]) ? len : 0;
}

/* Length of a home directory that begins at `s`, 0 if none does. */
static size_t home_at(const char *s, const char *home)
{
        static const char users[] = "/home/", root[] = "/root";
        size_t len = home ? strlen(home) : 0;

        while (len > 1 && home[len - 1] == '/')
                len--;
        len = directory_at(s, home, len);
        if (len)
                return len;
        if (!strncmp(s, users, sizeof(users) - 1) && in_name(s[sizeof(users) - 1])) {
                for (len = sizeof(users) - 1; in_name(s[len]); len++)
                        ;
                return len;
        }
        return directory_at(s, root, sizeof(root) - 1);
}

const char *redact_paths(struct pool *pool, const char *s, const char *home)
{
        const char *at;
        char *out = NULL, *o = NULL;

        for (at = s; *at;) {
                /* not in the middle of "/srv/home/x" */
                size_t len = *at == '/' && (at == s || !(in_name(at[-1]) || at[-1] == '~')) ? home_at(at, home) : 0;

                if (len && !out) { /* it can but get shorter */
                        out = pool_strdup(pool, s);
                        o = out + (at - s);
                }
                if (out)
                        *o++ = len ? '~' : *at;
                at += len ? len : 1;
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
        if (what & REDACT_HOSTNAME)
                report->system.hostname = NULL;
        if (what & REDACT_PATHS)
                redact_object(&report->pool, (char *)report, report_fields, home);
}
