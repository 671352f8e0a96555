/* SPDX-License-Identifier: MIT */
#include "unwind/core/image/maps.h"
#include "unwind/core/terms/str.h"

#include <errno.h>

struct text {
        const char *p, *end;
        int err;
};

static int digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        return -1;
}

/* Parses a number followed by the character `after`; the kernel prints one after every number. */
static uint64_t number(struct text *t, unsigned base, char after)
{
        uint64_t value = 0;
        const char *first = t->p;

        for (; t->p < t->end; t->p++) {
                int d = digit(*t->p);

                if (d < 0 || d >= (int)base)
                        break;
                if (value > (UINT64_MAX - (uint64_t)d) / base)
                        t->err = -EBADMSG;
                value = value * base + (uint64_t)d;
        }
        if (t->p == first || t->p == t->end || *t->p != after)
                t->err = -EBADMSG;
        else
                t->p++;
        return value;
}

static uint32_t permission(struct text *t, char letter, uint32_t bit, char other)
{
        if (t->p == t->end || (*t->p != letter && *t->p != other)) {
                t->err = -EBADMSG;
                return 0;
        }
        return *t->p++ == letter ? bit : 0;
}

static uint32_t permissions(struct text *t)
{
        uint32_t perms = permission(t, 'r', MAPS_READ, '-');

        perms |= permission(t, 'w', MAPS_WRITE, '-');
        perms |= permission(t, 'x', MAPS_EXEC, '-');
        perms |= permission(t, 's', MAPS_SHARED, 'p');
        if (t->p == t->end || *t->p++ != ' ')
                t->err = -EBADMSG;
        return perms;
}

/* If there is no path, the inode ends the line; older kernels print no space after it. */
static uint64_t inode(struct text *t)
{
        uint64_t value;
        const char *p = t->p;

        while (p < t->end && digit(*p) >= 0)
                p++;
        if (p < t->end || p == t->p)
                return number(t, 10, ' ');
        for (value = 0; t->p < t->end; t->p++) {
                int d = digit(*t->p);

                if (d > 9 || value > (UINT64_MAX - (uint64_t)d) / 10)
                        t->err = -EBADMSG;
                value = value * 10 + (uint64_t)d;
        }
        return value;
}

static void cut_deleted(struct maps_line *line)
{
        size_t len = str_without_deleted(line->path, line->path_len);

        line->deleted = len != line->path_len;
        line->path_len = len;
}

int maps_parse_line(const char *line, size_t len, struct maps_line *out)
{
        struct text t = { .p = line, .end = line + len };

        *out = (struct maps_line){ .path = "" };
        out->start = number(&t, 16, '-');
        out->end = number(&t, 16, ' ');
        out->perms = permissions(&t);
        out->offset = number(&t, 16, ' ');
        out->dev_major = (uint32_t)number(&t, 16, ':');
        out->dev_minor = (uint32_t)number(&t, 16, ' ');
        out->inode = inode(&t);
        if (t.err || out->start >= out->end)
                return -EBADMSG;
        while (t.p < t.end && *t.p == ' ')
                t.p++;
        if (t.p < t.end) {
                out->path = t.p;
                out->path_len = (size_t)(t.end - t.p);
                cut_deleted(out);
        }
        return 0;
}
