/* SPDX-License-Identifier: MIT */
#include "report/model/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool any_character(unsigned code)
{
        (void)code;
        return true;
}

/* Characters that are not seen: controls; line separators and interlinear annotations; and Unicode's
 * Default_Ignorable_Code_Point (DerivedCoreProperties.txt, version 15): soft hyphen, zero-width characters, marks that change the
 * direction of text, variation selectors, tags. */
static const struct {
        unsigned first, last;
} unseen[] = {
        { 0x00, 0x1f },     { 0x7f, 0x9f },       { 0xad, 0xad },       { 0x34f, 0x34f },     { 0x61c, 0x61c },
        { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 },   { 0x180b, 0x180f },   { 0x200b, 0x200f },   { 0x2028, 0x202e },
        { 0x2060, 0x206f }, { 0x3164, 0x3164 },   { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },
        { 0xfff0, 0xfffb }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

static bool printable_character(unsigned code)
{
        for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++)
                if (code >= unseen[i].first && code <= unseen[i].last)
                        return false;
        return true;
}

/* ---- \xHH ---- */

static char *put_bytes(char *o, const char *s, size_t n)
{
        static const char digits[] = "0123456789abcdef";
        size_t i;

        for (i = 0; i < n; i++) {
                unsigned char byte = (unsigned char)s[i];

                *o++ = '\\';
                *o++ = 'x';
                *o++ = digits[byte >> 4];
                *o++ = digits[byte & 15];
        }
        return o;
}

/* What is written as it is. */
struct accept {
        bool (*character)(unsigned code);
        bool bytes;   /* those that are not UTF-8 */
        bool lines;   /* newlines */
        bool colours; /* sequences that select a colour */
};

/* "\033[" digits and semicolons "m": the length, or 0. */
static size_t colour_sequence(const char *s)
{
        size_t n;

        if (s[0] != '\033' || s[1] != '[')
                return 0;
        n = 2 + strspn(s + 2, "0123456789;");
        return s[n] == 'm' ? n + 1 : 0;
}

/* Returns how many bytes at `s` are printable ASCII, which is always written as it is. */
static size_t plain(const char *s, size_t len)
{
        size_t n = 0;

        while (n < len && s[n] >= ' ' && s[n] <= '~')
                n++;
        return n;
}

/* Returns the number of bytes at `s` that are accepted together; 0 if those of *bad are not. */
static size_t accepted(const char *s, size_t len, const struct accept *a, size_t *bad)
{
        unsigned code = 0;
        size_t n = plain(s, len);

        if (n)
                return n;
        n = utf8_character(s, len, &code);
        *bad = n ? n : 1;
        if (!n)
                return a->bytes;
        if (a->character(code) || (a->lines && code == '\n'))
                return n;
        return a->colours ? colour_sequence(s) : 0;
}

static size_t first_unaccepted(const char *s, size_t len, const struct accept *a)
{
        size_t i, n, bad;

        for (i = 0; i < len; i += n) {
                n = accepted(s + i, len - i, a, &bad);
                if (!n)
                        break;
        }
        return i;
}

/* Writes at most 4 * len + 1 bytes. */
static void escape_to(char *o, const char *s, size_t len, const struct accept *a)
{
        size_t i, n, bad;

        for (i = 0; i < len; i += n) {
                n = accepted(s + i, len - i, a, &bad);
                if (n) {
                        memcpy(o, s + i, n);
                        o += n;
                } else {
                        n = bad;
                        o = put_bytes(o, s + i, n);
                }
        }
        *o = 0;
}

static const char *escape(struct pool *pool, const char *s, const struct accept *a)
{
        size_t len = strlen(s);
        char *out;

        if (first_unaccepted(s, len, a) == len)
                return s;
        out = pool_alloc(pool, 4 * len + 1);
        escape_to(out, s, len, a);
        return out;
}

const char *utf8_valid(struct pool *pool, const char *s)
{
        return escape(pool, s, &(struct accept){ .character = any_character });
}

const char *utf8_printable(struct pool *pool, const char *s)
{
        return escape(pool, s ? s : "?", &(struct accept){ .character = printable_character });
}

const char *utf8_file_name(struct pool *pool, const char *s)
{
        return escape(pool, s, &(struct accept){ .character = printable_character, .bytes = true });
}

char *utf8_terminal(const char *text, bool colour)
{
        const struct accept a = { .character = printable_character, .lines = true, .colours = colour };
        size_t len = strlen(text);
        char *out = pool_malloc((first_unaccepted(text, len, &a) == len ? len : 4 * len) + 1);

        escape_to(out, text, len, &a);
        return out;
}

/* ---- \uXXXX ---- */

static char *put_unit(char *o, unsigned unit)
{
        return o + sprintf(o, "\\u%04x", unit);
}

char *utf8_json(char *text)
{
        const struct accept a = { .character = printable_character, .bytes = true, .lines = true };
        size_t len = strlen(text), i = first_unaccepted(text, len, &a), n, bad;
        char *out, *o;

        if (i == len)
                return text;
        out = pool_malloc(6 * len + 1); /* DEL is one byte; those beyond U+FFFF are four, and two units */
        memcpy(out, text, i);
        for (o = out + i; i < len; i += n) {
                unsigned code = 0;

                n = accepted(text + i, len - i, &a, &bad);
                if (n) {
                        memcpy(o, text + i, n);
                        o += n;
                        continue;
                }
                n = utf8_character(text + i, len - i, &code);
                if (code > 0xffff) {
                        o = put_unit(o, 0xd800 + ((code - 0x10000) >> 10));
                        code = 0xdc00 + (code & 0x3ff);
                }
                o = put_unit(o, code);
        }
        *o = 0;
        free(text);
        return out;
}
