/* SPDX-License-Identifier: MIT */
#include "report/model/utf8.h"

#include <stdint.h>
#include <string.h>

/* RFC 3629 section 4: the second byte's range depends on the first. */
static bool second_fits(unsigned char first, unsigned char second)
{
        switch (first) {
        case 0xe0:
                return second >= 0xa0 && second <= 0xbf;
        case 0xed:
                return second >= 0x80 && second <= 0x9f;
        case 0xf0:
                return second >= 0x90 && second <= 0xbf;
        case 0xf4:
                return second >= 0x80 && second <= 0x8f;
        default:
                return second >= 0x80 && second <= 0xbf;
        }
}

size_t utf8_character(const char *s, size_t len, unsigned *code)
{
        const unsigned char *u = (const unsigned char *)s;
        unsigned value;
        size_t need, i;

        if (!len)
                return 0;
        if (u[0] < 0x80) {
                need = 1;
                value = u[0];
        } else if (u[0] >= 0xc2 && u[0] <= 0xdf) {
                need = 2;
                value = u[0] & 0x1fu;
        } else if (u[0] >= 0xe0 && u[0] <= 0xef) {
                need = 3;
                value = u[0] & 0x0fu;
        } else if (u[0] >= 0xf0 && u[0] <= 0xf4) {
                need = 4;
                value = u[0] & 0x07u;
        } else {
                return 0;
        }
        if (need > len || (need > 1 && !second_fits(u[0], u[1])))
                return 0;
        for (i = 1; i < need; i++) {
                if ((u[i] & 0xc0) != 0x80)
                        return 0;
                value = value << 6 | (u[i] & 0x3fu);
        }
        if (code)
                *code = value;
        return need;
}

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

/* Returns `s` with every byte that is not part of an accepted character written as \xHH. */
static const char *escape(struct pool *pool, const char *s, bool (*accept)(unsigned code))
{
        static const char digits[] = "0123456789abcdef";
        size_t len = strlen(s), good = 0, i;
        char *out, *o;

        for (i = 0; i < len; i += good) {
                unsigned code = 0;

                good = utf8_character(s + i, len - i, &code);
                if (!good || !accept(code))
                        break;
        }
        if (i >= len)
                return s;
        o = out = pool_alloc(pool, 4 * len + 1);
        for (i = 0; i < len; i += good) {
                unsigned code = 0;
                size_t k;

                good = utf8_character(s + i, len - i, &code);
                if (good && accept(code)) {
                        memcpy(o, s + i, good);
                        o += good;
                        continue;
                }
                good = good ? good : 1;
                for (k = 0; k < good; k++) {
                        unsigned char byte = (unsigned char)s[i + k];

                        *o++ = '\\';
                        *o++ = 'x';
                        *o++ = digits[byte >> 4];
                        *o++ = digits[byte & 15];
                }
        }
        return out;
}

const char *utf8_valid(struct pool *pool, const char *s)
{
        return escape(pool, s, any_character);
}

const char *utf8_printable(struct pool *pool, const char *s)
{
        return escape(pool, s ? s : "?", printable_character);
}
