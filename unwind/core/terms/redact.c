/* SPDX-License-Identifier: MIT */
#include "unwind/core/terms/redact.h"

#include <stdbool.h>

/* True if `c` may occur in the name of a user or of a directory, as every non-ASCII byte may. */
static bool in_name(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-' || c == '+' || (unsigned char)c >= 0x80;
}

/* Returns the length of `dir` if `s` begins with it and a path component ends there; else 0. */
static size_t directory(const char *s, size_t len, const char *dir, size_t dir_len)
{
        if (dir_len < 2 || dir_len > len)
                return 0;
        for (size_t i = 0; i < dir_len; i++)
                if (s[i] != dir[i])
                        return 0;
        return dir_len < len && in_name(s[dir_len]) ? 0 : dir_len;
}

static size_t below_home(const char *s, size_t len)
{
        static const char users[] = "/home/";
        size_t n;

        for (n = 0; users[n]; n++)
                if (n >= len || s[n] != users[n])
                        return 0;
        while (n < len && in_name(s[n]))
                n++;
        return n > sizeof(users) - 1 ? n : 0;
}

size_t redact_home_at(const char *s, size_t len, size_t at, const char *home)
{
        static const char root[] = "/root";
        size_t home_len = 0, found;

        /* not in the middle of "/srv/home/x" */
        if (at >= len || s[at] != '/' || (at && (in_name(s[at - 1]) || s[at - 1] == '~')))
                return 0;
        while (home && home[home_len])
                home_len++;
        while (home_len > 1 && home[home_len - 1] == '/')
                home_len--;
        found = directory(s + at, len - at, home, home_len);
        if (!found)
                found = below_home(s + at, len - at);
        return found ? found : directory(s + at, len - at, root, sizeof(root) - 1);
}
