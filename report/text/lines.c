/* SPDX-License-Identifier: MIT */
/* report/text/lines.c: words and lines that are safe for a terminal and fit its width. */
#include "report/text/parts.h"

#include "report/model/names.h"
#include "report/model/utf8.h"

#include <string.h>

const char *text_safe(struct writer *w, const char *s)
{
        return utf8_printable(w->pool, s);
}

const char *text_quoted(struct writer *w, const char *s)
{
        static const char harmless[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@%+=:,./_-";
        char *out, *o;

        if (*s && strspn(s, harmless) == strlen(s))
                return s;
        o = out = pool_alloc(w->pool, 4 * strlen(s) + 3);
        *o++ = '\'';
        for (; *s; s++) {
                if (*s == '\'') {
                        memcpy(o, "'\\''", 4);
                        o += 4;
                } else {
                        *o++ = *s;
                }
        }
        *o = '\'';
        return text_safe(w, out);
}

/* Returns how many bytes of `s` fit into a line of `room` characters: up to the last blank, else as many as fit. */
static size_t line_length(const char *s, size_t room)
{
        const char *end = s, *blank = NULL;
        size_t n = 0;

        if (names_width(s) <= room)
                return strlen(s);
        while ((n += ((unsigned char)*end & 0xc0) != 0x80) <= room) {
                if (*end == ' ')
                        blank = end;
                end++;
        }
        return (size_t)((*end == ' ' || !blank || blank == s ? end : blank) - s);
}

void text_paragraph(struct writer *w, size_t indent, const char *s, size_t limit)
{
        size_t room = w->columns - indent, used;

        for (s = text_safe(w, s); *s && limit; s += used, limit--) {
                if (limit == 1 && names_width(s) > room)
                        s = names_cut(w->pool, s, room);
                used = line_length(s, room);
                fprintf(w->out, "%*s%.*s\n", (int)indent, "", (int)used, s);
                used += strspn(s + used, " ");
        }
}

void text_title(struct writer *w, const char *name)
{
        fprintf(w->out, "\n%s%s%s\n", w->style->bold, name, w->style->plain);
}
