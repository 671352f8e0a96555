/* SPDX-License-Identifier: MIT */
/* unwind/target/target.c: what every kind of target has in common. */
#include "unwind/target/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int target_read(struct target *t, uint64_t addr, void *buf, size_t len)
{
        ssize_t n = t->ops->read(t, addr, buf, len);

        return n >= 0 && (size_t)n == len ? 0 : -EFAULT;
}

ssize_t target_read_string(struct target *t, uint64_t addr, char *buf, size_t size)
{
        ssize_t n;
        char *nul;

        if (!size)
                return -EFAULT;
        n = t->ops->read(t, addr, buf, size - 1);
        if (n <= 0)
                return size == 1 && n == 0 ? 0 : -EFAULT;
        buf[n] = '\0';
        nul = memchr(buf, '\0', (size_t)n + 1);
        return nul - buf;
}

const struct mapping *target_mapping(const struct target *t, uint64_t addr)
{
        size_t low = 0, high = t->mappings.n;

        while (low < high) {
                size_t mid = low + (high - low) / 2;
                const struct mapping *m = &t->mappings.v[mid];

                if (addr < m->start)
                        high = mid;
                else if (addr >= m->end)
                        low = mid + 1;
                else
                        return m;
        }
        return NULL;
}

/* Modules alone (a raw report whose maps were cut): one may stand in a gap of another, so the last to begin before
 * `addr` is asked first. */
static int index_without_mappings(const struct target *t, uint64_t addr)
{
        size_t low = 0, high = t->modules.n;

        while (low < high) {
                size_t mid = low + (high - low) / 2;

                if (addr < t->modules.v[mid].base)
                        high = mid;
                else
                        low = mid + 1;
        }
        while (low-- > 0)
                if (addr < t->modules.v[low].end)
                        return (int)low;
        return -1;
}

int target_module_index(const struct target *t, uint64_t addr)
{
        const struct mapping *m;

        if (!t->mappings.n)
                return index_without_mappings(t, addr);
        m = target_mapping(t, addr);
        if (!m || m->module < 0 || addr >= t->modules.v[m->module].end)
                return -1;
        return m->module;
}

bool target_past_deadline(const struct target *t)
{
        struct timespec now;

        if (!t->deadline_ns)
                return false;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec >= t->deadline_ns;
}

void target_free(struct target *t)
{
        struct target_thread *threads;

        if (!t)
                return;
        for (size_t i = 0; i < t->modules.n; i++) {
                free(t->modules.v[i].path);
                free(t->modules.v[i].debug_file);
        }
        for (size_t i = 0; i < t->thread_count; i++)
                free(t->threads[i].frames);
        free(t->modules.v);
        free(t->mappings.v);
        free(t->maps_text);
        /* The kind's own part needs the list of threads to let go of them, and `t` itself stands in its block. */
        threads = t->threads;
        t->ops->free(t);
        free(threads);
}
