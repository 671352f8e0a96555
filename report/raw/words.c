/* SPDX-License-Identifier: MIT */
#include "report/raw/words.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

char *raw_decode(char *s)
{
        char *from = s, *to = s;

        while (*from) {
                int high = from[0] == '\\' && from[1] == 'x' ? hex_digit(from[2]) : -1;
                int low = high >= 0 ? hex_digit(from[3]) : -1;

                if (low >= 0 && (high || low)) {
                        *to++ = (char)(high << 4 | low);
                        from += 4;
                } else {
                        *to++ = *from++;
                }
        }
        *to = 0;
        return s;
}

char *raw_next_word(char **s)
{
        char *word = *s + strspn(*s, " ");
        size_t len = strcspn(word, " ");

        if (!len)
                return NULL;
        *s = word + len;
        if (**s)
                *(*s)++ = 0;
        return word;
}

bool raw_parse_integer(const char *s, int64_t *out)
{
        char *end;

        if (!s || !*s || isspace((unsigned char)*s))
                return false;
        errno = 0;
        *out = strtoll(s, &end, 10);
        return !errno && !*end;
}

bool raw_parse_hex(const char *s, uint64_t *out)
{
        char *end;

        if (!s || s[0] != '0' || s[1] != 'x' || hex_digit(s[2]) < 0)
                return false;
        errno = 0;
        *out = strtoull(s + 2, &end, 16);
        return !errno && !*end;
}

char *raw_split_key(char *line)
{
        char *colon = strstr(line, ": ");

        if (!colon) {
                size_t len = strlen(line);

                if (!len || line[len - 1] != ':')
                        return NULL;
                line[len - 1] = 0;
                return line + len;
        }
        *colon = 0;
        return colon + 2;
}

static char *put_utf8(char *to, unsigned c)
{
        if (c >= 0x10000)
                *to++ = (char)(0xf0 | c >> 18);
        if (c >= 0x800)
                *to++ = (char)(c >= 0x10000 ? 0x80 | (c >> 12 & 0x3f) : 0xe0 | c >> 12);
        if (c >= 0x80)
                *to++ = (char)(c >= 0x800 ? 0x80 | (c >> 6 & 0x3f) : 0xc0 | c >> 6);
        *to++ = (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c);
        return to;
}

char *raw_decode_python(char *s)
{
        static const char letters[] = "xuU";
        static const size_t digits[] = { 2, 4, 8 };
        char *from = s, *to = s;

        while (*from) {
                const char *letter = *from == '\\' && from[1] ? strchr(letters, from[1]) : NULL;
                size_t wanted = letter ? digits[letter - letters] : 0, n;
                unsigned c = 0;

                for (n = 0; n < wanted && hex_digit(from[2 + n]) >= 0; n++)
                        c = c << 4 | (unsigned)hex_digit(from[2 + n]);
                if (letter && n == wanted && c && c < 0x110000) {
                        to = put_utf8(to, c);
                        from += 2 + n;
                } else {
                        *to++ = *from++;
                }
        }
        *to = 0;
        return s;
}
