/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/files.c: see files.h. */
#include "unwind/dwarf/files.h"
#include "unwind/target/files.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ID = 64 };

/* Formats `path`; returns false if it is too long. */
__attribute__((format(printf, 2, 3))) static bool path_of(char path[PATH_MAX], const char *format, ...)
{
        va_list args;
        int len;

        va_start(args, format);
        len = vsnprintf(path, PATH_MAX, format, args);
        va_end(args);
        return len > 0 && len < PATH_MAX;
}

static int open_either(const struct target *t, const char *path, struct elf_file *out)
{
        int fd = files_open(t, path);

        if (fd < 0 && t->root[0]) {
                struct target here = { .pid = t->pid };

                fd = files_open(&here, path);
        }
        return fd < 0 ? fd : elf_file_open(out, fd, 0);
}

static int dir_length(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? (int)(slash - path) : 0;
}

/* ---- dwz ---- */

struct link {
        char name[PATH_MAX];
        uint8_t id[MAX_ID];
        size_t id_len;
};

/* .gnu_debugaltlink: a file name, its NUL, and the build-id of that file up to the end (DWARF 5 supplement of dwz). */
static int read_link(const struct elf_file *f, struct link *l)
{
        const Elf64_Shdr *s = elf_file_section(f, ".gnu_debugaltlink");
        uint8_t *data;
        size_t size, len;
        int err = -ENOENT;

        if (!s || elf_file_contents(f, s, &data, &size))
                return -ENOENT;
        len = strnlen((const char *)data, size);
        if (len && len < sizeof(l->name) && size - len > 1 && size - len - 1 <= MAX_ID) {
                memcpy(l->name, data, len + 1);
                l->id_len = size - len - 1;
                memcpy(l->id, data + len + 1, l->id_len);
                err = 0;
        }
        free(data);
        return err;
}

static int try_alt(const struct dwarf_module *m, const struct link *l, const char *path, struct elf_file *out)
{
        uint8_t id[MAX_ID];
        size_t len;

        if (open_either(m->target, path, out))
                return -ENOENT;
        if (elf_file_build_id(out, id, sizeof(id), &len) == 0 && len == l->id_len && memcmp(id, l->id, len) == 0)
                return 0;
        elf_file_close(out);
        return -ESTALE;
}

/* Searches one debug directory: by build-id and, if the name contains ".dwz/", by the rest of the name. */
static int try_alt_below(const struct dwarf_module *m, const struct link *l, const char *dir, int dir_len,
                         struct elf_file *out)
{
        const char *dwz = strstr(l->name, "/.dwz/");
        char path[PATH_MAX], hex[2 * MAX_ID + 1];

        for (size_t i = 0; i < l->id_len; i++)
                snprintf(hex + 2 * i, 3, "%02x", l->id[i]);
        if (path_of(path, "%.*s/.build-id/%.2s/%s.debug", dir_len, dir, hex, hex + 2) && try_alt(m, l, path, out) == 0)
                return 0;
        if (dwz && path_of(path, "%.*s%s", dir_len, dir, dwz))
                return try_alt(m, l, path, out);
        return -ENOENT;
}

int dwarf_files_open_alt(const struct dwarf_module *m, struct elf_file *out, char *name, size_t name_size)
{
        char path[PATH_MAX];
        struct link l;

        if (read_link(m->file, &l))
                return -ENOENT;
        snprintf(name, name_size, "%s", l.name);
        if (l.name[0] == '/' ? path_of(path, "%s", l.name)
                             : path_of(path, "%.*s/%s", dir_length(m->file_path), m->file_path, l.name))
                if (try_alt(m, &l, path, out) == 0)
                        return 0;
        for (const char *dir = m->debug_dirs; *dir;) {
                size_t len = strcspn(dir, ":");

                if (len && len < PATH_MAX && try_alt_below(m, &l, dir, (int)len, out) == 0)
                        return 0;
                dir += len + (dir[len] == ':');
        }
        return -ESTALE;
}

/* ---- split units ---- */

int dwarf_files_open_dwp(const struct dwarf_module *m, struct elf_file *out)
{
        char path[PATH_MAX];

        if (path_of(path, "%s.dwp", m->module_path) && open_either(m->target, path, out) == 0)
                return 0;
        if (path_of(path, "%s.dwp", m->file_path) && open_either(m->target, path, out) == 0)
                return 0;
        return -ENOENT;
}

/* The path chosen by the compiler; the same relative to the program's directory; the base name in that directory. */
static bool dwo_path(const struct dwarf_module *m, const struct dwarf_unit *u, int attempt, char path[PATH_MAX])
{
        const char *name = u->dwo_name, *base = strrchr(name, '/');

        switch (attempt) {
        case 0:
                if (name[0] == '/')
                        return path_of(path, "%s", name);
                return u->comp_dir && u->comp_dir[0] == '/' && path_of(path, "%s/%s", u->comp_dir, name);
        case 1:
                return path_of(path, "%.*s/%s", dir_length(m->module_path), m->module_path, name);
        default:
                return path_of(path, "%.*s/%s", dir_length(m->module_path), m->module_path, base ? base + 1 : name);
        }
}

int dwarf_files_open_dwo(const struct dwarf_module *m, const struct dwarf_unit *u, int attempt, struct elf_file *out)
{
        char path[PATH_MAX];

        if (attempt > 2)
                return -ENOENT;
        return dwo_path(m, u, attempt, path) && open_either(m->target, path, out) == 0 ? 0 : -EAGAIN;
}
