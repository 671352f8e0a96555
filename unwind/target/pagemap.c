/* SPDX-License-Identifier: MIT */
/* unwind/target/pagemap.c: see pagemap.h. */
#include "unwind/target/pagemap.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int pagemap_open(const struct target *t)
{
        char path[64];

        if (t->living <= 0)
                return -1;
        snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)t->living);
        return open(path, O_RDONLY | O_CLOEXEC);
}

static size_t read_entries(void *ctx, uint64_t page, uint64_t *entries, size_t n)
{
        const int *fd = ctx;
        ssize_t got = pread(*fd, entries, n * sizeof(*entries), (off_t)(page / ARCH_PAGE_MIN * sizeof(*entries)));

        return got > 0 ? (size_t)got / sizeof(*entries) : 0;
}

bool pagemap_entry(const struct target *t, uint64_t address, uint64_t *entry)
{
        int fd = pagemap_open(t);
        bool good = fd >= 0 && read_entries(&fd, address & ~(uint64_t)(ARCH_PAGE_MIN - 1), entry, 1) == 1;

        if (fd >= 0)
                close(fd);
        return good;
}

/* Divides mapping `i` at `at`, an address within it. */
static bool divide(struct mapping_list *list, size_t i, uint64_t at)
{
        struct mapping *v = realloc(list->v, (list->n + 1) * sizeof(*v));

        if (!v)
                return false;
        list->v = v;
        memmove(v + i + 1, v + i, (list->n - i) * sizeof(*v));
        list->n++;
        v[i].end = v[i + 1].start = at;
        v[i + 1].offset += at - v[i].start;
        return true;
}

static bool insert(struct mapping_list *list, size_t i, const struct guard_region *guard, uint64_t next)
{
        if (guard->start > list->v[i].start && !divide(list, i++, guard->start))
                return false;
        if (guard->end < list->v[i].end && !divide(list, i, guard->end))
                return false;
        list->v[i].perms = 0;
        list->v[i].guard = true;
        return next <= guard->end || next >= list->v[i + 1].end || divide(list, i + 1, next);
}

void pagemap_find_guard(struct target *t, uint64_t address)
{
        const struct mapping *m = target_mapping(t, address);
        int fd = m ? pagemap_open(t) : -1;
        const struct guard_source source = { .read = read_entries, .ctx = &fd, .page_size = ARCH_PAGE_MIN };
        struct guard_region guard;

        if (fd < 0)
                return;
        t->guard = guards_find(&source, m->start, m->end, address, &guard);
        if (t->guard == GUARD_FOUND &&
            !insert(&t->mappings, (size_t)(m - t->mappings.v), &guard, guards_next(&source, &guard, m->end)))
                t->guard = GUARD_UNKNOWN;
        close(fd);
}
