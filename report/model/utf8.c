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

static bool printable_character(unsigned code)
{
        if (code < 0x20 || (code >= 0x7f && code < 0xa0))
                return false;
        if (code == 0x2028 || code == 0x2029)
                return false;
        /* left-to-right and right-to-left marks, embeddings, overrides, isolates; the byte order mark */
        return code != 0x061c && code != 0x200e && code != 0x200f && !(code >= 0x202a && code <= 0x202e) &&
               !(code >= 0x2066 && code <= 0x2069) && code != 0xfeff;
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
