/* SPDX-License-Identifier: MIT */
#include "report/gather/arguments.h"

#include "report/place/store.h"
#include "unwind/target/aside.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Both can be megabytes (execve(2)). */
#define TEXT_LIMIT ((size_t)256 * 1024)
#define AFTER_LIMIT ((size_t)4096)
#define WAIT_NS 500000000ull

void arguments_find(pid_t living, struct arguments_area *out)
{
        struct pool pool = { 0 };
        char path[32], *text, *at;
        uint64_t value[4] = { 0 };
        size_t len;
        int field;

        *out = (struct arguments_area){ 0 };
        snprintf(path, sizeof(path), "/proc/%d/stat", (int)living);
        if (!store_read(&pool, AT_FDCWD, path, 4096, &text, &len)) {
                at = strrchr(text, ')'); /* comm, field 2, may contain any character */
                for (field = 2; at && field < 51; field++) {
                        at = strchr(at + 1, ' ');
                        if (at && field >= 47)
                                value[field - 47] = strtoull(at + 1, NULL, 10);
                }
                *out = (struct arguments_area){ value[0], value[1], value[2], value[3] };
        }
        pool_free(&pool);
}

/* A program that changes its title (setproctitle(3)) writes over the end of its arguments into the environment; the title then ends
 * with the first NUL (fs/proc/base.c: get_mm_cmdline()). */
static size_t read_rest(struct target *t, uint64_t from, char *to)
{
        size_t n = 0;

        while (n < AFTER_LIMIT && !target_read(t, from + n, to + n, 1) && to[n])
                n++;
        return n;
}

static char *read_memory(struct pool *pool, struct target *t, uint64_t start, uint64_t end, bool has_title, size_t *len)
{
        size_t n = end - start < TEXT_LIMIT ? (size_t)(end - start) : TEXT_LIMIT;
        char *text = pool_alloc(pool, n + AFTER_LIMIT + 1);
        ssize_t got = t->ops->read(t, start, text, n);

        if (got <= 0)
                return NULL;
        *len = (size_t)got;
        if (has_title && *len == n && n == end - start && text[n - 1])
                *len += read_rest(t, end, text + n);
        text[*len] = 0;
        return text;
}

static ssize_t read_file(void *path, void *buf, size_t size)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        size_t used = 0;
        ssize_t n = 0;

        while (fd >= 0 && used < size && (n = read(fd, (char *)buf + used, size - used)) > 0)
                used += (size_t)n;
        return fd < 0 || n < 0 ? -1 : (ssize_t)used;
}

char *arguments_read_file(struct pool *pool, const char *path, size_t *len)
{
        char *text = pool_alloc(pool, TEXT_LIMIT + 1);
        ssize_t n = aside_run(read_file, pool_strdup(pool, path), text, TEXT_LIMIT, WAIT_NS);

        if (n < 0)
                return NULL;
        text[n] = 0;
        *len = (size_t)n;
        return text;
}

char *arguments_read(struct pool *pool, struct target *t, pid_t living, const char *name, uint64_t start, uint64_t end,
                     size_t *len)
{
        if (t && start && start < end)
                return read_memory(pool, t, start, end, !strcmp(name, "cmdline"), len);
        return arguments_read_file(pool, pool_printf(pool, "/proc/%d/%s", (int)living, name), len);
}
