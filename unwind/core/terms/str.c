/* SPDX-License-Identifier: MIT */
#include "unwind/core/terms/str.h"

size_t str_len(const char *s)
{
        size_t n = 0;

        while (s[n])
                n++;
        return n;
}

bool str_is(const char *a, const char *b)
{
        while (*a && *a == *b)
                a++, b++;
        return *a == *b;
}

bool str_begins(const char *s, const char *with)
{
        while (*with && *s == *with)
                s++, with++;
        return !*with;
}

bool str_item_is(const char *item, size_t len, const char *word)
{
        size_t n = 0;

        while (n < len && word[n] && item[n] == word[n])
                n++;
        return n == len && !word[n];
}

bool str_list_next(const char **rest, const char **item, size_t *len)
{
        const char *s = *rest;

        while (*s == ',')
                s++;
        *item = s;
        while (*s && *s != ',')
                s++;
        *len = (size_t)(s - *item);
        *rest = s;
        return *len > 0;
}

size_t str_without_deleted(const char *path, size_t len)
{
        const size_t mark = sizeof(STR_DELETED) - 1;

        return len > mark && str_item_is(path + len - mark, mark, STR_DELETED) ? len - mark : len;
}

const char *str_base(const char *path)
{
        const char *base = path;

        for (const char *p = path; p && *p; p++)
                if (*p == '/' && p[1])
                        base = p + 1;
        return base;
}

void str_cat_item(char *buf, size_t size, size_t *at, const char *s, size_t len)
{
        for (size_t i = 0; i < len && *at + 1 < size; i++)
                buf[(*at)++] = s[i];
        if (size)
                buf[*at < size ? *at : size - 1] = 0;
}

void str_cat(char *buf, size_t size, size_t *at, const char *s)
{
        str_cat_item(buf, size, at, s, str_len(s));
}

void str_cat_dec(char *buf, size_t size, size_t *at, uint64_t value, unsigned width)
{
        char digits[21];
        unsigned n = sizeof(digits) - 1;

        digits[n] = 0;
        do
                digits[--n] = (char)('0' + value % 10);
        while ((value /= 10) && n);
        while (sizeof(digits) - 1 - n < width && n)
                digits[--n] = '0';
        str_cat(buf, size, at, digits + n);
}
