/* SPDX-License-Identifier: MIT */
/* unwind/symbols/perf_map.c: names of code made at run time, from the file that perf(1) reads, too: /tmp/perf-PID.map, lines "START SIZE
 * NAME" in hexadecimal digits (Linux tools/perf/Documentation/jit-interface.txt). JIT compilers write it on request (java, node
 * --perf-basic-prof, python -X perf).
 *
 * /tmp is open to everyone: the file must belong to the user of this process, which is that of the target. Memory that is reused has
 * several lines, of which the last one applies. */
#include "unwind/symbols/internal.h"
#include "unwind/target/clock.h"
#include "unwind/target/files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
        WINDOW = 65536, /* bytes read at once; a longer line is skipped */
        NAME_MAX_BYTES = 512,
        FILE_MAX = 256 << 20 /* bytes read; the rest is ignored */
};

struct search {
        struct symbol_query **q; /* in ascending order of address */
        size_t n;
        int err;
};

static int open_map(const struct target *t)
{
        char path[48];
        struct stat st;
        int fd;

        snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)t->pid);
        fd = files_open_no_link(t, path);
        if (fd >= 0 && (files_stat(fd, &st) || st.st_uid != geteuid())) {
                close(fd);
                fd = -EPERM;
        }
        return fd;
}

static size_t first_from(const struct search *s, uint64_t addr)
{
        size_t low = 0, high = s->n;

        while (low < high) {
                size_t mid = low + (high - low) / 2;

                if (s->q[mid]->addr < addr)
                        low = mid + 1;
                else
                        high = mid;
        }
        return low;
}

static void use_line(struct search *s, const char *line)
{
        char *end;
        uint64_t start = strtoull(line, &end, 16), size;

        if (end == line || *end != ' ')
                return;
        line = end + 1;
        size = strtoull(line, &end, 16);
        if (end == line || *end != ' ' || !end[1])
                return;
        for (size_t i = first_from(s, start); i < s->n && s->q[i]->addr - start < size; i++) {
                char *name = strndup(end + 1, NAME_MAX_BYTES);

                if (!name) {
                        s->err = -ENOMEM;
                        return;
                }
                free(s->q[i]->function);
                s->q[i]->function = name;
                s->q[i]->offset = s->q[i]->addr - start;
        }
}

/* Uses the complete lines of the buffer; returns how many bytes they have. */
static size_t use_lines(struct search *s, char *buf, size_t len)
{
        size_t used = 0;
        char *end;

        while (!s->err && (end = memchr(buf + used, '\n', len - used))) {
                *end = '\0';
                use_line(s, buf + used);
                used = (size_t)(end - buf) + 1;
        }
        return used;
}

static void read_map(struct search *s, int fd, uint64_t deadline_ns)
{
        char *buf = malloc(WINDOW);
        size_t have = 0, used;
        uint64_t at = 0;
        ssize_t n;

        s->err = buf ? 0 : -ENOMEM;
        while (!s->err && at < FILE_MAX && !clock_is_past(deadline_ns) &&
               (n = files_pread(fd, buf + have, WINDOW - have, at)) > 0) {
                at += (uint64_t)n;
                have += (size_t)n;
                used = use_lines(s, buf, have);
                have = used || have < WINDOW ? have - used : 0;
                memmove(buf, buf + used, have);
        }
        free(buf);
}

int symbols_perf_map(struct symbols *s, struct symbol_query **q, size_t n)
{
        struct search search = { .q = q, .n = n };
        int fd = open_map(s->t);

        if (fd < 0)
                return 0;
        read_map(&search, fd, clock_share(s->deadline_ns));
        close(fd);
        return search.err;
}
