/* SPDX-License-Identifier: MIT */
/* unwind/target/modules.c: mappings and modules, see modules.h. */
#include "unwind/target/modules.h"
#include "unwind/core/image/maps.h"
#include "unwind/target/files.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* How many modules before an address are checked for containing an anonymous mapping: an image may be mapped into a
 * gap of another one, but not deeply nested. */
enum { NESTING = 8 };

/* ---- mappings ---- */

static size_t count_lines(const char *text, size_t len)
{
        size_t n = 1;

        for (const char *p = text, *end = text + len; (p = memchr(p, '\n', (size_t)(end - p))); p++)
                n++;
        return n;
}

int modules_parse_maps(struct target *t, char *text, size_t len)
{
        struct mapping *v = calloc(count_lines(text, len), sizeof(*v));
        size_t n = 0;

        t->maps_text = text;
        if (!v)
                return -ENOMEM;
        for (char *line = text, *end = text + len; line < end;) {
                char *stop = memchr(line, '\n', (size_t)(end - line));
                struct maps_line l;

                if (!stop)
                        stop = end;
                if (maps_parse_line(line, (size_t)(stop - line), &l) == 0 && (!n || l.start >= v[n - 1].end)) {
                        struct mapping *m = &v[n++];
                        size_t at = l.path_len ? (size_t)(l.path - text) : 0;

                        *m = (struct mapping){ .start = l.start,
                                               .end = l.end,
                                               .offset = l.offset,
                                               .perms = l.perms,
                                               .dev = makedev(l.dev_major, l.dev_minor),
                                               .inode = l.inode,
                                               .deleted = l.deleted != 0,
                                               .module = -1,
                                               .path = "" };
                        if (l.path_len) {
                                text[at + l.path_len] = '\0';
                                m->path = text + at;
                        }
                }
                line = stop + 1;
        }
        t->mappings.v = v;
        t->mappings.n = n;
        return 0;
}

/* ---- files that have an executable mapping, or executable memory of no file behind one of theirs: code that was moved ---- */

struct file {
        const struct mapping *m; /* a mapping of the file; NULL: free */
        int module;              /* the latest module made from it, -1: none */
};

struct file_table {
        struct file *v;
        size_t size; /* a power of two */
};

static bool is_file(const struct mapping *m)
{
        return m->path[0] == '/';
}

static bool same_file(const struct mapping *a, const struct mapping *b)
{
        return a->inode == b->inode && a->dev == b->dev && (a->path == b->path || strcmp(a->path, b->path) == 0);
}

static struct file *file_of(const struct file_table *files, const struct mapping *m)
{
        size_t i = (size_t)(((m->inode * 31 + m->dev) * 0x9e3779b97f4a7c15ull) >> 32) & (files->size - 1);

        while (files->v[i].m && !same_file(files->v[i].m, m))
                i = (i + 1) & (files->size - 1);
        return &files->v[i];
}

static bool is_anonymous(const struct mapping *m)
{
        return !m->path[0] || strncmp(m->path, "[anon", 5) == 0; /* "[anon:name]": proc(5) */
}

/* Whether the program may have moved the code of `before`, a mapping of a file, to `m`, the next executable one. */
static bool may_be_moved(const struct mapping *before, const struct mapping *m)
{
        return before && (m->perms & MAPS_EXEC) && (is_anonymous(m) || (is_file(m) && !same_file(before, m)));
}

static void add_file(const struct file_table *files, const struct mapping *m)
{
        struct file *f = file_of(files, m);

        f->m = m;
        f->module = -1;
}

static int files_with_code(const struct mapping_list *list, struct file_table *files)
{
        const struct mapping *before = NULL; /* the latest mapping of a file that is not executable */
        size_t n = 0;

        for (size_t i = 0; i < list->n; i++)
                n += (list->v[i].perms & MAPS_EXEC) != 0;
        files->size = 16;
        while (files->size < n * 4)
                files->size *= 2;
        files->v = calloc(files->size, sizeof(*files->v));
        if (!files->v)
                return -ENOMEM;
        for (size_t i = 0; i < list->n; i++) {
                const struct mapping *m = &list->v[i];

                if (may_be_moved(before, m))
                        add_file(files, before);
                if (is_file(m) && i && (m[-1].perms & MAPS_EXEC) && is_anonymous(m - 1))
                        add_file(files, m); /* the header may be in the memory before it */
                if (is_file(m) && (m->perms & MAPS_EXEC))
                        add_file(files, m);
                else if (is_file(m))
                        before = m;
        }
        return 0;
}

/* ---- images ---- */

static int space_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
        return target_read(ctx, addr, buf, len);
}

struct cfi_space modules_space(struct target *t)
{
        return (struct cfi_space){ .ctx = t, .read = space_read };
}

/* An image whose memory cannot be read, accessed through the file it was mapped from. */
struct file_view {
        const struct target *t;
        int fd;
};

static int file_view_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
        const struct file_view *view = ctx;
        const struct mapping *m = target_mapping(view->t, addr);

        if (!m || m->end - addr < len)
                return -EFAULT;
        return files_pread(view->fd, buf, len, (uint64_t)(m->offset + (addr - m->start))) == (ssize_t)len ? 0 : -EFAULT;
}

static int image_from_file(struct target *t, const struct mapping *m, struct image *out)
{
        struct file_view view = { .t = t, .fd = files_open_mapped(t, m) };
        struct cfi_space space = { .ctx = &view, .read = file_view_read };
        int err;

        if (view.fd < 0)
                return -EFAULT;
        err = image_read(&space, m->start, out);
        close(view.fd);
        return err;
}

static int read_image(struct target *t, const struct mapping *m, struct image *out)
{
        struct cfi_space space = modules_space(t);
        unsigned char magic[SELFMAG];
        int err = -EFAULT;

        memset(out, 0, sizeof(*out));
        if (target_read(t, m->start, magic, sizeof(magic)) == 0) {
                if (memcmp(magic, ELFMAG, SELFMAG) != 0)
                        return -ENOEXEC;
                err = image_read(&space, m->start, out);
        }
        return err == -EFAULT && is_file(m) ? image_from_file(t, m, out) : err;
}

/* ---- grouping ---- */

struct builder {
        struct target *t;
        struct file_table files;
        size_t room;
};

/* `file`: a mapping of the module's file, usually the first one. */
static int new_module(struct builder *b, const struct mapping *m, const struct mapping *file, const struct image *image)
{
        struct module_list *list = &b->t->modules;
        struct module *module;

        if (list->n >= b->room) {
                size_t room = b->room ? b->room * 2 : 32;
                struct module *v = realloc(list->v, room * sizeof(*v));

                if (!v)
                        return -ENOMEM;
                list->v = v;
                b->room = room;
        }
        module = &list->v[list->n];
        *module = (struct module){ .path = strdup(file->path),
                                   .base = m->start,
                                   .end = m->end,
                                   .image = *image,
                                   .file_offset = m->offset,
                                   .dev = file->dev,
                                   .inode = file->inode,
                                   .deleted = file->deleted };
        if (!module->path)
                return -ENOMEM;
        if (image->base && image->end > module->end)
                module->end = image->end;
        list->n++;
        return 0;
}

static void add_to_module(struct builder *b, struct mapping *m, int index)
{
        struct module *module = &b->t->modules.v[index];

        m->module = index;
        if (m->perms & MAPS_EXEC)
                module->has_code = true;
        if (m->end > module->end)
                module->end = m->end;
}

/* True if `m` belongs to the latest module of its file, which is determined by the image's extent, with one
 * exception: a program may map its own file as data before the loader maps it; such a module never gets code, and the
 * header is mapped again (writable only in old layouts, in which the data segment shares the header's page). */
static bool continues_module(const struct builder *b, const struct mapping *m, int index)
{
        const struct module *module = &b->t->modules.v[index];

        if (!module->image.base)
                return m->start == module->end && m->offset > module->file_offset;
        if (m->offset == module->file_offset && !(m->perms & MAPS_WRITE) && !module->has_code)
                return false;
        return m->start < module->image.end;
}

static int add_file_mapping(struct builder *b, struct mapping *m)
{
        struct file *f = file_of(&b->files, m);
        struct image image;
        int err;

        if (!f->m)
                return 0; /* mapped as data only */
        if (f->module >= 0 && continues_module(b, m, f->module)) {
                add_to_module(b, m, f->module);
                return 0;
        }
        err = read_image(b->t, m, &image);
        if (err == -EFAULT && (m->perms & (MAPS_EXEC | MAPS_WRITE)) == MAPS_EXEC)
                image.bias = m->start - m->offset; /* still a module, with information from its file only */
        else if (err)
                return 0;
        if (err)
                image.base = 0;
        err = new_module(b, m, m, &image);
        if (err)
                return err;
        f->module = (int)b->t->modules.n - 1;
        add_to_module(b, m, f->module);
        return 0;
}

static int add_vdso(struct builder *b, struct mapping *m)
{
        struct image image;
        int err = read_image(b->t, m, &image);

        if (err)
                return 0;
        err = new_module(b, m, m, &image);
        if (!err)
                add_to_module(b, m, (int)b->t->modules.n - 1);
        return err;
}

/* An image whose header was moved to anonymous memory together with its code: the dynamic section is still in a mapping of its file. */
static int add_moved(struct builder *b, struct mapping *m)
{
        const struct mapping_list *list = &b->t->mappings;
        const struct mapping *next = m + 1, *file;
        struct image image;
        int err;

        if (!(m->perms & MAPS_EXEC) || next == list->v + list->n || !is_file(next) || read_image(b->t, m, &image))
                return 0;
        file = image.dynamic ? target_mapping(b->t, image.dynamic) : NULL;
        if (!file || !is_file(file))
                return 0;
        err = new_module(b, m, file, &image);
        if (err)
                return err;
        add_to_module(b, m, (int)b->t->modules.n - 1);
        if (file_of(&b->files, file)->m)
                file_of(&b->files, file)->module = (int)b->t->modules.n - 1;
        return 0;
}

/* Marks modules whose code is in executable memory of another origin. */
static void find_moved_code(struct target *t)
{
        size_t next = 0; /* the first module that begins after the mapping */

        for (size_t i = 0; i < t->mappings.n; i++) {
                const struct mapping *m = &t->mappings.v[i];

                while (next < t->modules.n && t->modules.v[next].base <= m->start)
                        next++;
                if (m->module >= 0 || !(m->perms & MAPS_EXEC))
                        continue;
                for (size_t k = next; k-- > 0 && next - k <= NESTING;)
                        t->modules.v[k].has_code |= image_has_text(&t->modules.v[k].image, m->start);
        }
}

/* Removes modules without code and updates the mappings' module indexes. */
static int drop_data(struct builder *b)
{
        struct module_list *list = &b->t->modules;
        int *where = malloc((list->n + 1) * sizeof(*where));
        size_t n = 0;

        if (!where)
                return -ENOMEM;
        for (size_t i = 0; i < list->n; i++) {
                where[i] = -1;
                if (list->v[i].has_code) {
                        where[i] = (int)n;
                        list->v[n++] = list->v[i];
                } else {
                        free(list->v[i].path);
                }
        }
        list->n = n;
        for (size_t i = 0; i < b->t->mappings.n; i++)
                if (b->t->mappings.v[i].module >= 0)
                        b->t->mappings.v[i].module = where[b->t->mappings.v[i].module];
        free(where);
        return 0;
}

static bool belongs_to(const struct mapping *m, const struct image *image)
{
        return is_anonymous(m) ? m->start < image->end : (m->perms & MAPS_EXEC) && image_has_text(image, m->start);
}

/* Zero-initialized data, and code that was moved to anonymous (huge) pages or to a file of hugetlbfs, belong to the image that contains
 * their addresses. */
static void assign_rest(struct target *t)
{
        size_t next = 0; /* the first module that begins after the mapping */

        for (size_t i = 0; i < t->mappings.n; i++) {
                struct mapping *m = &t->mappings.v[i];

                while (next < t->modules.n && t->modules.v[next].base <= m->start)
                        next++;
                if (m->module >= 0)
                        continue;
                for (size_t k = next; k-- > 0 && next - k <= NESTING;) {
                        if (belongs_to(m, &t->modules.v[k].image)) {
                                m->module = (int)k;
                                break;
                        }
                }
        }
}

/* Fetches the first page of each candidate, in one call. */
static void prefetch_headers(struct builder *b)
{
        struct target *t = b->t;
        const struct mapping *before = NULL;
        struct memory_range *ranges;
        size_t n = 0;

        if (!t->ops->prefetch)
                return;
        ranges = malloc((t->mappings.n + 1) * sizeof(*ranges));
        if (!ranges)
                return;
        for (size_t i = 0; i < t->mappings.n; i++) {
                const struct mapping *m = &t->mappings.v[i];

                if (is_file(m) && (!before || !same_file(before, m)) && file_of(&b->files, m)->m)
                        ranges[n++] = (struct memory_range){ m->start, 1 };
                before = is_file(m) ? m : before;
        }
        t->ops->prefetch(t, ranges, n);
        free(ranges);
}

int modules_build(struct target *t)
{
        struct builder b = { .t = t };
        int err = files_with_code(&t->mappings, &b.files);

        if (err)
                return err;
        prefetch_headers(&b);
        for (size_t i = 0; !err && i < t->mappings.n; i++) {
                struct mapping *m = &t->mappings.v[i];

                if (is_file(m))
                        err = add_file_mapping(&b, m);
                else if (strcmp(m->path, "[vdso]") == 0)
                        err = add_vdso(&b, m);
                else if (is_anonymous(m))
                        err = add_moved(&b, m);
        }
        if (!err)
                find_moved_code(t);
        if (!err)
                err = drop_data(&b);
        if (!err)
                assign_rest(t);
        free(b.files.v);
        return err;
}
