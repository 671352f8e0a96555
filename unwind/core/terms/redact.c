/* SPDX-License-Identifier: MIT */
#include "unwind/core/terms/redact.h"

#include "unwind/core/terms/str.h"

#include <stdbool.h>

/* True if `c` may occur in the name of a user or of a directory, as every non-ASCII byte may. */
static bool in_name(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-' || c == '+' || (unsigned char)c >= 0x80;
}

/* Returns the length of what separates two components of a path: slashes and components ".". */
static size_t separator(const char *s, size_t len)
{
        size_t n = 0;

        while (n < len && (s[n] == '/' || (n && s[n] == '.' && s[n - 1] == '/' && n + 1 < len && s[n + 1] == '/')))
                n++;
        return n;
}

/* Returns the length of what in `s` has the meaning of the path `dir`; 0 if `s` does not begin with it, or if `dir` is the root
 * directory. */
static size_t directory(const char *s, size_t len, const char *dir, size_t dir_len)
{
        size_t at = 0, i = 0, components = 0;

        while (i < dir_len) {
                size_t in_dir = separator(dir + i, dir_len - i), in_s = separator(s + at, len - at);

                if (in_dir && i + in_dir == dir_len)
                        break; /* slashes at its end */
                if (!in_dir != !in_s)
                        return 0;
                components += in_dir != 0;
                i += in_dir;
                at += in_s;
                if (at >= len || s[at] != dir[i])
                        return 0;
                i++;
                at++;
        }
        return components ? at : 0;
}

/* Whether the component that ends at s[n] is the whole one. */
static bool ends(const char *s, size_t len, size_t n)
{
        return n >= len || !in_name(s[n]);
}

static size_t below_home(const char *s, size_t len)
{
        size_t n = directory(s, len, "/home", 5), between = n ? separator(s + n, len - n) : 0, name = n + between;

        while (between && name < len && in_name(s[name]))
                name++;
        return between && name > n + between ? name : 0;
}

static size_t home(const char *s, size_t len, const struct redact_homes *homes, bool whole)
{
        size_t found;

        for (int i = 0; homes && i < REDACT_HOMES; i++) {
                const char *path = homes->path[i];

                found = path && *path == '/' ? directory(s, len, path, str_len(path)) : 0;
                if (found && (!whole || ends(s, len, found)))
                        return found;
        }
        found = below_home(s, len);
        if (found)
                return found;
        found = directory(s, len, "/root", 5);
        return found && ends(s, len, found) ? found : 0;
}

size_t redact_home_at(const char *s, size_t len, size_t at, const struct redact_homes *homes)
{
        /* not in the middle of "/srv/home/x" or of "/srv//home/x" */
        if (at >= len || s[at] != '/' || (at && (in_name(s[at - 1]) || s[at - 1] == '~' || s[at - 1] == '/')))
                return 0;
        return home(s + at, len - at, homes, true);
}

size_t redact_home_bytes(const char *s, size_t len, const struct redact_homes *homes)
{
        return len && *s == '/' ? home(s, len, homes, false) : 0;
}
