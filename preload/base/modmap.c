/* SPDX-License-Identifier: MIT */
#include "preload/base/modmap.h"
#include "preload/base/linkmap.h"
#include "preload/base/memmap.h"
#include "preload/base/probe.h"
#include "preload/base/syscalls.h"
#include "unwind/core/cfi/registered.h"
#include "unwind/core/image/dynsym.h"
#include "unwind/core/image/maps.h"
#include "unwind/core/terms/str.h"

#include <errno.h>
#include <linux/limits.h>

#define MAX_MODULES 2048
#define RUN 16  /* mappings of one file in a row: four or five are usual */
#define LATER 8 /* modules that are not in the table */
#define SEARCHES 32
#define TABLES_READ 131072 /* objects and entries of tables of code in no module: a tenth of a second */

/* In .bss: takes address space, but no memory until a crash touches it. */
static struct {
        struct modmap map;
        struct modmap_module module[MAX_MODULES];
        struct modmap_module later[LATER];
        unsigned later_count, searches;
} store;

/* Unwind tables of code in no module. */
static struct {
        struct registered known;
        bool collected;
        uint64_t pc, found; /* the latest search */
} tables;

static const struct modmap_module *find_in_table(uint64_t addr)
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

/* The image whose header cannot be read, because its page would have to be fetched from a file server: from the loader's list. */
static bool image_from_loader(const struct memmap *m, size_t i, struct image *out)
{
        const struct memmap_range *first = &m->range[i];

        *out = (struct image){ .base = first->start };
        for (size_t k = i; k < m->range_count && k < i + RUN; k++) {
                const struct memmap_range *r = &m->range[k];

                if (!memmap_same_file(first, r))
                        continue;
                out->end = r->end;
                if (linkmap_find_dynamic(r->start, r->end, &out->bias, &out->dynamic))
                        return true;
        }
        return false;
}

/* Whether executable memory that is not mapped from the file of range `i` follows it: its code may have been moved. */
static bool code_follows(const struct memmap *m, size_t i)
{
        for (size_t k = i + 1; k < m->range_count && k < i + RUN; k++) {
                if (m->range[k].perms & MAPS_EXEC)
                        return true;
                if (m->range[k].inode && !memmap_same_file(&m->range[i], &m->range[k]))
                        return false;
        }
        return false;
}

static bool is_anonymous(const struct memmap_range *r)
{
        return !r->inode && (!r->path_len || (r->path_len > 5 && !__builtin_memcmp(r->path, "[anon", 5)));
}

/* An image whose header was moved to anonymous memory together with its code: the dynamic section is still in a mapping of its file.
 * Returns that mapping, or NULL. */
static const struct memmap_range *read_moved_image(const struct memmap *m, size_t i, struct image *out)
{
        const struct memmap_range *r = &m->range[i];

        if (!(r->perms & MAPS_EXEC) || i + 1 == m->range_count || !r[1].inode ||
            image_read(&modmap_space, r->start, out))
                return NULL;
        for (size_t k = i + 1; k < m->range_count && k < i + RUN && m->range[k].start < out->end; k++)
                if (m->range[k].inode && out->dynamic >= m->range[k].start && out->dynamic < m->range[k].end)
                        return &m->range[k];
        return NULL;
}

/* Reads the image whose header is at the start of range `i`. Returns a mapping of its file, or NULL. */
static const struct memmap_range *read_image(const struct memmap *m, size_t i, struct image *out)
{
        const struct memmap_range *r = &m->range[i];
        int err;

        if (!(r->perms & MAPS_READ))
                return NULL;
        if (is_anonymous(r))
                return read_moved_image(m, i, out);
        if (r->inode && !memmap_has_code(m, r) &&
            !code_follows(m, i)) /* a data file may begin with an ELF header, too */
                return NULL;
        err = image_read(&modmap_space, r->start, out);
        if (err == -EFAULT && r->inode && image_from_loader(m, i, out)) /* [vvar] is never readable */
                err = 0;
        return err ? NULL : r;
}

/* Whether the range is code of the image, whose file has mappings like `file`. */
static bool is_code_of(const struct image *image, const struct memmap_range *file, const struct memmap_range *r)
{
        return r->perms & MAPS_EXEC && (memmap_same_file(file, r) || image_has_text(image, r->start));
}

/* A module starts at a mapping of a file (or the vdso) that begins with an ELF header, and includes the file's mappings
 * inside the extent given by its program headers, and its code wherever that was moved to. */
static void find_modules(const struct memmap *m)
{
        for (size_t i = 0; i < m->range_count;) {
                const struct memmap_range *first = &m->range[i], *file;
                struct modmap_module *mod = &store.module[store.map.module_count];
                bool executable = first->perms & MAPS_EXEC;
                size_t next = i + 1;

                if (store.map.module_count == MAX_MODULES) {
                        store.map.truncated |= executable && first->path_len;
                        i++;
                        continue;
                }
                file = read_image(m, i, &mod->image);
                if (!file) {
                        i++;
                        continue;
                }
                mod->start = first->start;
                mod->end = first->end;
                mod->path = file->path;
                mod->path_len = file->path_len;
                for (; next < m->range_count && m->range[next].start < mod->image.end; next++) {
                        bool code = is_code_of(&mod->image, file, &m->range[next]);

                        if (code || memmap_same_file(file, &m->range[next]))
                                mod->end = m->range[next].end;
                        executable |= code;
                }
                if (executable)
                        store.map.module_count++;
                i = executable ? next : i + 1;
        }
        store.map.truncated |= m->ranges_omitted != 0;
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
        if (!path)
                return;
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
        store.later_count = store.searches = 0;
        __builtin_memset(&tables, 0, sizeof(tables));
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

/* ---- modules that are not in the table ---- */

struct search {
        uint64_t addr;
        bool found;
};

static void search_linked(void *ctx, const struct image *image, const char *path)
{
        struct search *s = ctx;
        struct modmap_module *mod = &store.later[store.later_count];
        const char *kept;

        if (s->found || s->addr - image->base >= image->end - image->base)
                return;
        kept = memmap_keep_name(path, str_len(path));
        *mod = (struct modmap_module){ *image, image->base, image->end, kept ? kept : "", kept ? str_len(path) : 0 };
        s->found = true;
}

static const struct modmap_module *find_later(uint64_t addr)
{
        const struct memmap_range *r;
        struct search s = { .addr = addr };

        for (unsigned i = 0; i < store.later_count; i++)
                if (addr - store.later[i].start < store.later[i].end - store.later[i].start)
                        return &store.later[i];
        r = memmap_find(memmap_last(), addr);
        if (!r || !r->inode || store.later_count == LATER || store.searches++ == SEARCHES)
                return NULL;
        linkmap_each(&modmap_space, search_linked, &s);
        return s.found ? &store.later[store.later_count++] : NULL;
}

const struct modmap_module *modmap_find(uint64_t addr)
{
        const struct modmap_module *mod = find_in_table(addr);

        return mod || !store.map.truncated ? mod : find_later(addr);
}

static bool space_executable(void *ctx, uint64_t addr)
{
        const struct memmap_range *r = memmap_find(memmap_last(), addr);

        (void)ctx;
        return r && r->perms & MAPS_EXEC;
}

/* libgcc_s.so, and the program, which may contain libgcc, have the variables. The program is mostly the first in the memory. */
static void collect_registered(void)
{
        struct dynsym ignored;

        for (size_t i = 0; i < store.map.module_count; i++) {
                const struct image *image = &store.module[i].image;

                if (!i || !dynsym_find(&modmap_space, image, REGISTERED_FUNCTION, &ignored))
                        registered_collect(&modmap_space, image->data, image->data_end, &tables.known);
        }
        tables.known.left = TABLES_READ;
        tables.collected = true;
}

/* Code that the program made at run time, and described to libgcc. */
static int registered_module(uint64_t pc, struct cfi_module *out)
{
        if (!tables.collected)
                collect_registered();
        if (!tables.known.count)
                return -ENOENT;
        if (tables.pc != pc) {
                tables.pc = pc;
                tables.found = registered_find(&modmap_space, &tables.known, pc);
        }
        *out = (struct cfi_module){ .start = pc, .end = pc + 1, .eh_frame = tables.found };
        return tables.found ? 0 : -ENOENT;
}

static int space_module(void *ctx, uint64_t pc, struct cfi_module *out)
{
        const struct modmap_module *mod = modmap_find(pc);

        if (!mod)
                return space_executable(ctx, pc) ? registered_module(pc, out) : -ENOENT;
        *out = (struct cfi_module){
                .start = mod->start,
                .end = mod->end,
                .bias = mod->image.bias,
                .eh_frame_hdr = mod->image.eh_frame_hdr,
                .eh_frame_hdr_size = mod->image.eh_frame_hdr_size,
        };
        return 0;
}

const struct cfi_space modmap_space = {
        .read = probe_read,
        .module = space_module,
        .executable = space_executable,
};
