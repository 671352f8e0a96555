/* SPDX-License-Identifier: MIT */
/* report/raw/target.c: a raw report as a target: provides what symbolization requires if the process may not be
 * traced or no longer exists. */
#include "report/raw/read.h"

#include "unwind/core/terms/str.h"
#include "unwind/target/modules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static ssize_t no_memory_to_read(struct target *t, uint64_t addr, void *buf, size_t len)
{
        (void)t;
        (void)addr;
        (void)buf;
        (void)len;
        return -EFAULT;
}

static void free_target(struct target *t)
{
        free(t);
}

static const struct target_ops raw_ops = { .read = no_memory_to_read, .free = free_target };

static void *zeroed(size_t n, size_t size)
{
        void *p;

        if (size && n > SIZE_MAX / size)
                n = SIZE_MAX / size;
        p = pool_malloc(n * size);
        memset(p, 0, n * size);
        return p;
}

static char *copy_string(const char *s)
{
        size_t size = strlen(s) + 1;

        return memcpy(pool_malloc(size), s, size);
}

static int by_base(const void *a, const void *b)
{
        uint64_t x = ((const struct module *)a)->base, y = ((const struct module *)b)->base;

        return (x > y) - (x < y);
}

static uint32_t parse_build_id(const char *hex, uint8_t *out)
{
        uint32_t n;

        for (n = 0; hex && hex[2 * n] && hex[2 * n + 1] && n < IMAGE_BUILD_ID_MAX; n++) {
                const char digits[] = { hex[2 * n], hex[2 * n + 1], 0 };

                out[n] = (uint8_t)strtoul(digits, NULL, 16);
        }
        return n;
}

static void add_modules(const struct raw_report *raw, struct target *t)
{
        size_t i;

        t->modules.v = zeroed(raw->module_count + 1, sizeof(*t->modules.v));
        for (i = 0; i < raw->module_count; i++) {
                const struct raw_module *from = &raw->modules[i];
                struct module *m = &t->modules.v[t->modules.n++];
                size_t len = strlen(from->path), named = str_without_deleted(from->path, len);

                m->path = copy_string(from->path);
                m->path[named] = 0;
                m->deleted = named != len;
                m->base = from->base;
                m->end = from->end;
                m->image.build_id_len = parse_build_id(from->build_id, m->image.build_id);
        }
        qsort(t->modules.v, t->modules.n, sizeof(*t->modules.v), by_base);
}

/* Assigns a mapping to the module that contains it. The first mapping of a module's own file determines the offset
 * and identity of that file, for modules without a build-id. */
static void assign_module(struct target *t, struct mapping *mapping, int index)
{
        struct module *m = &t->modules.v[index];

        if (mapping->start < m->base || mapping->start >= m->end)
                return;
        mapping->module = index;
        if (m->inode || strcmp(mapping->path, m->path))
                return;
        m->dev = mapping->dev;
        m->inode = mapping->inode;
        m->file_offset = mapping->offset;
}

static void add_mappings(const struct raw_report *raw, struct target *t)
{
        char *text;
        size_t i, k;

        if (!raw->maps)
                return;
        text = pool_malloc(raw->maps_len + 1);
        memcpy(text, raw->maps, raw->maps_len);
        text[raw->maps_len] = 0;
        if (modules_parse_maps(t, text, raw->maps_len))
                return;
        for (i = 0; i < t->mappings.n; i++) {
                t->mappings.v[i].module = -1;
                for (k = 0; k < t->modules.n; k++)
                        assign_module(t, &t->mappings.v[i], (int)k);
        }
}

struct target *raw_target(const struct raw_report *raw)
{
        struct target *t = zeroed(1, sizeof(*t));

        t->ops = &raw_ops;
        t->pid = raw->crash.pid;
        add_modules(raw, t);
        add_mappings(raw, t);
        raw_fill_bias(raw, t);
        return t;
}

void raw_fill_bias(const struct raw_report *raw, struct target *t)
{
        size_t i, k;

        for (i = 0; i < t->modules.n; i++) {
                struct module *m = &t->modules.v[i];

                if (m->image.base)
                        continue;
                m->image.bias = m->base;
                for (k = 0; k < raw->crash.frame_count; k++) {
                        const struct raw_place *place = &raw->places[k];
                        uint64_t pc = raw->crash.frames[k].pc;

                        if (place->module && pc >= m->base && pc < m->end && !strcmp(place->module, m->path))
                                m->image.bias = pc - place->offset;
                }
        }
}

static void expand(const char **path, struct pool *pool, const char *home)
{
        if (*path && **path == '~')
                *path = pool_printf(pool, "%s%s", home, *path + 1);
}

void raw_expand_home(struct raw_report *raw, struct pool *pool, const char *home)
{
        size_t i;

        if (!home || *home != '/')
                return;
        for (i = 0; i < raw->module_count; i++)
                expand(&raw->modules[i].path, pool, home);
        for (i = 0; i < raw->crash.frame_count; i++)
                expand(&raw->places[i].module, pool, home);
}
