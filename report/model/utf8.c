/* SPDX-License-Identifier: MIT */
#include "report/model/utf8.h"

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
