/* SPDX-License-Identifier: MIT */
#include "unwind/core/terms/utf8.h"

#include <stdbool.h>

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
