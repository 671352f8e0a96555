/* SPDX-License-Identifier: MIT */
/* unwind/elf/debug_files.c: see debug_files.h. */
#include "unwind/elf/debug_files.h"
#include "unwind/target/clock.h"
#include "unwind/target/files.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum {
        MAX_VDSO = 1 << 20,
        MAX_LINK = 4096,    /* bytes of .gnu_debuglink */
        MAX_TAIL = 1 << 24, /* bytes behind the last section */
};

/* ---- the module's own file ---- */

static bool same_build_id(const struct image *image, const struct elf_file *f)
{
        uint8_t id[IMAGE_BUILD_ID_MAX];
        size_t len;

        return elf_file_build_id(f, id, sizeof(id), &len) == 0 && len == image->build_id_len &&
               memcmp(id, image->build_id, len) == 0;
}

/* Without a build-id the same inode is sufficient; otherwise the file's headers, which contain the sizes of all
 * segments and the offset of the section table, must equal those in memory. */
static bool same_headers(struct target *t, const struct module *m, const struct elf_file *f)
{
        uint8_t ours[1024], theirs[1024];
        size_t len = f->header.e_phoff + (size_t)f->header.e_phnum * f->header.e_phentsize;

        if (f->header.e_phoff > sizeof(ours) || len > sizeof(ours))
                len = sizeof(ours);
        return m->image.base && target_read(t, m->image.base, theirs, len) == 0 &&
               elf_file_read(f, 0, ours, len) == 0 && memcmp(ours, theirs, len) == 0;
}

static bool is_mapped_file(struct target *t, const struct module *m, const struct elf_file *f)
{
        struct stat st;

        if (m->image.build_id_len)
                return same_build_id(&m->image, f);
        if (!m->deleted && files_stat(f->fd, &st) == 0 && st.st_ino == m->inode && st.st_dev == m->dev)
                return true;
        return same_headers(t, m, f);
}

static int open_image(struct target *t, const struct module *m, struct elf_file *out)
{
        size_t size = m->end - m->base < MAX_VDSO ? (size_t)(m->end - m->base) : MAX_VDSO;
        uint8_t *bytes = malloc(size);
        ssize_t got;

        if (!bytes)
                return -ENOMEM;
        got = t->ops->read(t, m->base, bytes, size);
        return elf_file_open_memory(out, bytes, got > 0 ? (size_t)got : 0);
}

static int open_path(struct target *t, const struct module *m, struct elf_file *out, char *why, size_t size)
{
        int fd = m->deleted ? -ENOENT : files_open(t, m->path), err;

        if (fd < 0) {
                snprintf(why, size, "%s: %s", m->path,
                         m->deleted ? "the file was deleted since it was loaded" : strerror(-fd));
                return fd;
        }
        err = elf_file_open(out, fd, m->file_offset);
        if (!err && is_mapped_file(t, m, out))
                return 0;
        snprintf(why, size, "%s: the file was replaced since it was loaded (%s)", m->path,
                 err                     ? "it is no ELF file"
                 : m->image.build_id_len ? "its build-id differs"
                                         : "its headers differ");
        if (!err)
                elf_file_close(out);
        return -ESTALE;
}

enum origin debug_files_open_module(struct target *t, int module, struct elf_file *out, char *why, size_t why_size)
{
        const struct module *m = &t->modules.v[module];
        int fd;

        why[0] = '\0';
        if (m->path[0] != '/')
                return open_image(t, m, out) == 0 ? ORIGIN_MEMORY : ORIGIN_NONE;
        if (open_path(t, m, out, why, why_size) == 0)
                return ORIGIN_PATH;
        fd = files_open_mapped_module(t, module);
        if (fd < 0 || elf_file_open(out, fd, m->file_offset))
                return ORIGIN_NONE;
        if (is_mapped_file(t, m, out))
                return ORIGIN_MAPPED;
        elf_file_close(out);
        return ORIGIN_NONE;
}

/* ---- the separate debug file ---- */

/* Calls `try` with each directory of a colon-separated list until it returns 0. */
struct search {
        struct target *t;
        const struct module *m;
        const struct elf_file *main;
        struct elf_file *out;
        char *path; /* PATH_MAX bytes */
        char link[256];
        uint32_t crc;
        uint64_t until; /* CLOCK_MONOTONIC: for the CRC of all files of that name */
        char *why;
        size_t why_size;
};

static int each_dir(struct search *s, const char *dirs, int (*try)(struct search *s, const char *dir))
{
        char dir[PATH_MAX];

        while (*dirs) {
                size_t len = strcspn(dirs, ":");

                if (len && len < sizeof(dir)) {
                        memcpy(dir, dirs, len);
                        dir[len] = '\0';
                        if (try(s, dir) == 0)
                                return 0;
                }
                dirs += len + (dirs[len] == ':');
        }
        return -ENOENT;
}

/* Debug files may be installed in the target's root or in ours. */
static int open_debug(const struct search *s)
{
        int fd = files_open(s->t, s->path), err;

        if (fd < 0 && s->t->root[0]) {
                struct target here = { .pid = s->t->pid };

                fd = files_open(&here, s->path);
        }
        if (fd < 0)
                return fd;
        err = elf_file_open(s->out, fd, 0);
        return err;
}

static int try_build_id(struct search *s, const char *dir)
{
        const struct image *image = &s->m->image;
        char hex[2 * IMAGE_BUILD_ID_MAX + 1];

        for (uint32_t i = 0; i < image->build_id_len; i++)
                snprintf(hex + 2 * i, 3, "%02x", image->build_id[i]);
        if (snprintf(s->path, PATH_MAX, "%s/.build-id/%.2s/%s.debug", dir, hex, hex + 2) >= PATH_MAX || open_debug(s))
                return -ENOENT;
        if (same_build_id(image, s->out))
                return 0;
        elf_file_close(s->out);
        return -ENOENT;
}

/* Where the contents of the file end that its headers describe. */
static uint64_t described_size(const struct elf_file *f)
{
        uint64_t end = f->header.e_shoff + f->section_count * sizeof(Elf64_Shdr);

        for (size_t i = 1; i < f->section_count; i++) {
                const Elf64_Shdr *s = &f->sections[i];

                if (s->sh_type != SHT_NOBITS && s->sh_offset <= f->size && s->sh_size <= f->size - s->sh_offset &&
                    s->sh_offset + s->sh_size > end)
                        end = s->sh_offset + s->sh_size;
        }
        return end;
}

/* Whether the file has the CRC of the link. A file may be sparse, and of any size. */
static bool has_crc(struct search *s)
{
        enum { PART = 1 << 18 };
        const struct elf_file *f = s->out;
        uint8_t *part = malloc(PART);
        uLong crc = crc32(0, NULL, 0);
        uint64_t at = 0;

        if (f->size > MAX_TAIL && f->size - MAX_TAIL > described_size(f)) {
                snprintf(s->why, s->why_size, "%s: ignored, since it is far larger than its sections", s->path);
                free(part);
                return false;
        }
        while (part && at < f->size) {
                size_t len = f->size - at < PART ? (size_t)(f->size - at) : PART;

                if (clock_is_past(s->until)) {
                        snprintf(s->why, s->why_size, "%s: ignored, since it is too large to compute its CRC in time",
                                 s->path);
                        break;
                }
                if (elf_file_read(f, at, part, len))
                        break;
                crc = crc32(crc, part, (uInt)len);
                at += len;
        }
        free(part);
        return at == f->size && (uint32_t)crc == s->crc;
}

/* A debuglink may refer to the file that contains it, if that was never stripped. */
static bool same_file(const struct elf_file *a, const struct elf_file *b)
{
        struct stat x, y;

        return a->owns_fd && b->owns_fd && files_stat(a->fd, &x) == 0 && files_stat(b->fd, &y) == 0 &&
               x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int try_link(struct search *s)
{
        if (open_debug(s))
                return -ENOENT;
        if (!same_file(s->main, s->out) &&
            ((s->m->image.build_id_len && same_build_id(&s->m->image, s->out)) || has_crc(s)))
                return 0;
        elf_file_close(s->out);
        return -ENOENT;
}

static int dir_length(const struct search *s)
{
        return (int)(strrchr(s->m->path, '/') - s->m->path);
}

static int try_link_below(struct search *s, const char *dir)
{
        if (snprintf(s->path, PATH_MAX, "%s%.*s/%s", dir, dir_length(s), s->m->path, s->link) >= PATH_MAX)
                return -ENOENT;
        return try_link(s);
}

/* Reads .gnu_debuglink: a file name, padded to four bytes, and a CRC-32 (gdb's manual, "Separate Debug Files"). */
static int read_link(struct search *s)
{
        const Elf64_Shdr *section = elf_file_section(s->main, ".gnu_debuglink");
        size_t size, len;
        uint8_t *data;
        int err = -ENOENT;

        if (!section || section->sh_size > MAX_LINK || s->m->path[0] != '/' ||
            elf_file_contents(s->main, section, &data, &size))
                return -ENOENT;
        len = strnlen((const char *)data, size);
        if (len && len < sizeof(s->link) && !memchr(data, '/', len) && ((len + 4) & ~(size_t)3) + 4 <= size) {
                memcpy(s->link, data, len);
                s->link[len] = '\0';
                memcpy(&s->crc, data + ((len + 4) & ~(size_t)3), sizeof(s->crc));
                err = 0;
        }
        free(data);
        return err;
}

int debug_files_open_separate(struct target *t, const struct module *m, const struct elf_file *main, const char *dirs,
                              struct elf_file *out, char **path, char *why, size_t why_size)
{
        static const char *const beside[] = { "", "/.debug" };
        char name[PATH_MAX];
        struct search s = { .t = t,
                            .m = m,
                            .main = main,
                            .out = out,
                            .path = name,
                            .until = clock_share(t->deadline_ns),
                            .why = why,
                            .why_size = why_size };
        int err = m->image.build_id_len >= 2 ? each_dir(&s, dirs, try_build_id) : -ENOENT;

        why[0] = '\0';
        if (err && main && read_link(&s) == 0) {
                for (size_t i = 0; err && i < 2; i++)
                        if (snprintf(name, sizeof(name), "%.*s%s/%s", dir_length(&s), m->path, beside[i], s.link) <
                            PATH_MAX)
                                err = try_link(&s);
                if (err)
                        err = each_dir(&s, dirs, try_link_below);
        }
        if (err)
                return -ENOENT;
        why[0] = '\0'; /* about another file of that name */
        *path = strdup(name);
        if (*path)
                return 0;
        elf_file_close(out);
        return -ENOMEM;
}
