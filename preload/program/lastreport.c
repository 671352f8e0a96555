/* SPDX-License-Identifier: MIT */
/* preload/program/lastreport.c: crashpre_last_report(): finds the newest report of an earlier run of this program. Not
 * async-signal-safe.
 *
 * Uses system calls and this library's string functions: each symbol imported from libc costs a look-up at each program
 * start.
 */
#include "preload/program/lastreport.h"
#include "preload/base/sigsafe.h"
#include "preload/base/syscalls.h"
#include "preload/facts/exe.h"
#include "preload/facts/settings.h"
#include "unwind/core/terms/raw_format.h"
#include "unwind/core/terms/str.h"

#include <limits.h>
#include <string.h>

#define SUFFIX "Z.txt"
#define SUFFIX_LEN (sizeof(SUFFIX) - 1)

/* getdents64(2) */
struct directory_entry {
        uint64_t inode;
        int64_t offset;
        unsigned short length;
        unsigned char type;
        char name[];
};

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

/* Returns the time in "crash-<base>-<pid>-<time>Z.txt", which sorts as text, if `name` is a raw report of this program;
 * else NULL. */
static const char *time_of(const char *name, const char *base)
{
        size_t n = str_len(base), left;

        if (!str_begins(name, "crash-") || !str_begins(name + 6, base) || name[6 + n] != '-')
                return NULL;
        name += 6 + n + 1;
        if (!is_digit(*name))
                return NULL;
        while (is_digit(*name))
                name++;
        left = str_len(name);
        if (*name != '-' || left <= SUFFIX_LEN || !str_is(name + left - SUFFIX_LEN, SUFFIX))
                return NULL;
        for (const char *p = name + 1; p < name + left - SUFFIX_LEN; p++)
                if (!is_digit(*p) && *p != 'T' && *p != '.')
                        return NULL;
        return name + 1;
}

static bool is_later(const char *a, const char *b)
{
        while (*a && *a == *b)
                a++, b++;
        return *a > *b;
}

struct newest {
        const char *base;
        char name[256], when[64];
};

static void consider(struct newest *n, const char *name)
{
        const char *when = time_of(name, n->base);
        size_t at = 0, name_at = 0;

        if (!when || !is_later(when, n->when))
                return;
        str_cat(n->when, sizeof(n->when), &at, when);
        str_cat(n->name, sizeof(n->name), &name_at, name);
}

static void scan(int fd, struct newest *n)
{
        char buf[4096] __attribute__((aligned(8)));
        long got;

        while ((got = sys_3(SYS_getdents64, fd, (long)buf, sizeof(buf))) > 0)
                for (long at = 0; at < got;) {
                        const struct directory_entry *e = (const void *)(buf + at);

                        consider(n, e->name);
                        at += e->length;
                }
}

const char *lastreport_newest(void)
{
        static char path[PATH_MAX];
        char exe[PATH_MAX];
        struct newest n = { .base = exe };
        int fd = sys_openat(AT_FDCWD, settings.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        size_t at = 0;

        exe_path(exe, sizeof(exe));
        n.base = str_base(exe);
        for (char *p = exe; *p; p++)
                *p = *p == '/' ? '/' : raw_name_char(*p);
        if (fd < 0)
                return NULL;
        scan(fd, &n);
        sys_close(fd);
        if (!*n.name)
                return NULL;
        str_cat(path, sizeof(path), &at, settings.dir);
        str_cat(path, sizeof(path), &at, "/");
        str_cat(path, sizeof(path), &at, n.name);
        return path;
}
