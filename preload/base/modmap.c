/* SPDX-License-Identifier: MIT */
#include "preload/base/modmap.h"
#include "preload/base/linkmap.h"
#include "preload/base/memmap.h"
#include "preload/base/probe.h"
#include "preload/base/syscalls.h"
#include "unwind/core/image/maps.h"

#include <errno.h>
#include <linux/limits.h>

#define MAX_MODULES 1024

/* In .bss: takes address space, but no memory until a crash touches it. */
static struct {
        struct modmap map;
        struct modmap_module module[MAX_MODULES];
} store;

const struct modmap_module *modmap_find(uint64_t addr)
{
        size_t low = 0, high = store.map.module_count;

        while (low < high) {
                size_t mid = low + (high - low) / 2;

                if (addr < store.module[mid].start)
                        high = mid;
                else if (addr >= store.module[mid].end)
                        low = mid + 1;
                else
                        return &store.module[mid];
        }
        return NULL;
}

static bool same_file(const struct memmap_range *a, const struct memmap_range *b)
{
        if (a->path_len != b->path_len || a->inode != b->inode)
                return false;
        for (uint32_t i = 0; i < a->path_len; i++)
                if (a->path[i] != b->path[i])
                        return false;
        return true;
}

/* A module starts at a mapping of a file (or the vdso) that begins with an ELF header, and includes the file's mappings
 * inside the extent given by its program headers. Only images with an executable mapping are modules: a data file may
 * begin with an ELF header, too. */
static void find_modules(const struct memmap *m)
{
        for (size_t i = 0; i < m->range_count && store.map.module_count < MAX_MODULES;) {
                const struct memmap_range *first = &m->range[i];
                struct modmap_module *mod = &store.module[store.map.module_count];
                bool executable = first->perms & MAPS_EXEC;
                size_t next = i + 1;

                if (!first->path_len || !(first->perms & MAPS_READ) || (!first->inode && first->path[0] != '[') ||
                    image_read(&modmap_space, first->start, &mod->image) < 0) {
                        i++;
                        continue;
                }
                mod->start = first->start;
                mod->end = first->end;
                mod->path = first->path;
                mod->path_len = first->path_len;
                for (; next < m->range_count && m->range[next].start < mod->image.end; next++) {
                        if (!same_file(first, &m->range[next]))
                                continue;
                        mod->end = m->range[next].end;
                        executable |= (m->range[next].perms & MAPS_EXEC) != 0;
                }
                if (executable)
                        store.map.module_count++;
                i = executable ? next : i + 1;
        }
}

/* The program's path is the argument of execve(2) and may be relative. The program may have changed directory since;
 * readers of the file detect a wrong file by its build ID. */
static const char *absolute_path(const char *path)
{
        static char full[PATH_MAX];
        long n;

        if (path[0] == '/' || path[0] == '[' || !path[0])
                return path;
        n = sys_2(SYS_getcwd, (long)full, sizeof(full));
        if (n < 2 || full[0] != '/') /* "(unreachable)/...": getcwd(2) */
                return path;
        n -= full[n - 2] == '/' ? 2 : 1;
        full[n++] = '/';
        if (path[0] == '.' && path[1] == '/')
                path += 2;
        for (; *path && n + 1 < PATH_MAX; path++)
                full[n++] = *path;
        full[n] = 0;
        return full;
}

/* Without /proc: adds one range per module, executable throughout, since the permissions of its parts are unknown. */
static void add_linked(void *ctx, const struct image *image, const char *path)
{
        size_t n = 0, at = store.map.module_count;

        (void)ctx;
        path = absolute_path(path);
        while (path[n])
                n++;
        if (at == MAX_MODULES)
                return;
        path = memmap_keep_name(path, n);
        for (; at > 0 && store.module[at - 1].start > image->base; at--)
                store.module[at] = store.module[at - 1];
        store.module[at] = (struct modmap_module){
                .image = *image, .start = image->base, .end = image->end, .path = path, .path_len = n
        };
        store.map.module_count++;
        memmap_insert(&(struct memmap_range){ .start = image->base,
                                              .end = image->end,
                                              .perms = MAPS_READ | MAPS_EXEC,
                                              .path = path,
                                              .path_len = (uint32_t)n });
}

const struct modmap *modmap_read(void)
{
        const struct memmap *m = memmap_read();

        store.map = (struct modmap){ .module = store.module };
        if (m->error && !m->range_count)
                linkmap_each(&modmap_space, add_linked, NULL);
        else
                find_modules(m);
        return &store.map;
}

const struct modmap *modmap_last(void)
{
        return &store.map;
}

static int space_module(void *ctx, uint64_t pc, struct cfi_module *out)
{
        const struct modmap_module *mod = modmap_find(pc);

        (void)ctx;
        if (!mod)
                return -ENOENT;
        *out = (struct cfi_module){
                .start = mod->start,
                .end = mod->end,
                .bias = mod->image.bias,
                .eh_frame_hdr = mod->image.eh_frame_hdr,
                .eh_frame_hdr_size = mod->image.eh_frame_hdr_size,
        };
        return 0;
}

static bool space_executable(void *ctx, uint64_t addr)
{
        const struct memmap_range *r = memmap_find(memmap_last(), addr);

        (void)ctx;
        return r && r->perms & MAPS_EXEC;
}

const struct cfi_space modmap_space = {
        .read = probe_read,
        .module = space_module,
        .executable = space_executable,
};
