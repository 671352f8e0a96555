/* SPDX-License-Identifier: MIT */
/* unwind/elf/program.c: see program.h. */
#include "unwind/elf/program.h"
#include "unwind/elf/debug_files.h"
#include "unwind/target/arch.h"
#include "unwind/target/clock.h"
#include "unwind/target/files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
        MAX_SEGMENTS = 4096,
        MAX_DYNAMIC = 1 << 16,
        MAX_SECONDS = 20, /* for the debug file */
};

/* ---- what kind of file ---- */

/* elf_file_open() accepts only files for this processor. */
static enum program_kind kind_of_header(int fd, unsigned *bits)
{
        Elf64_Ehdr h;

        if (files_pread(fd, &h, sizeof(h), 0) < (ssize_t)sizeof(Elf32_Ehdr) || memcmp(h.e_ident, ELFMAG, SELFMAG))
                return PROGRAM_NOT_ELF;
        *bits = h.e_ident[EI_CLASS] == ELFCLASS64 ? 64 : 32;
        if (h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_ident[EI_DATA] != ELFDATA2LSB || h.e_machine != ARCH_ELF_MACHINE)
                return PROGRAM_FOREIGN;
        return h.e_type == ET_EXEC || h.e_type == ET_DYN ? PROGRAM_DYNAMIC : PROGRAM_NOT_A_PROGRAM;
}

static bool is_pie(const struct elf_file *f, const Elf64_Phdr *dynamic)
{
        size_t n = dynamic->p_filesz / sizeof(Elf64_Dyn);

        for (size_t i = 0; i < n && i < MAX_DYNAMIC; i++) {
                Elf64_Dyn d;

                if (elf_file_read(f, dynamic->p_offset + i * sizeof(d), &d, sizeof(d)) || d.d_tag == DT_NULL)
                        return false;
                if (d.d_tag == DT_FLAGS_1)
                        return d.d_un.d_val & DF_1_PIE;
        }
        return false;
}

/* Without an interpreter no libraries are loaded: static, static-pie, or a library itself. */
static void read_segments(const struct elf_file *f, struct program_facts *out)
{
        Elf64_Phdr dynamic = { 0 };

        for (size_t i = 0; i < f->header.e_phnum && i < MAX_SEGMENTS; i++) {
                Elf64_Phdr p;

                if (elf_file_read(f, f->header.e_phoff + i * sizeof(p), &p, sizeof(p)))
                        break;
                if (p.p_type == PT_DYNAMIC)
                        dynamic = p;
                if (p.p_type == PT_INTERP && p.p_filesz && p.p_filesz < sizeof(out->interpreter) &&
                    elf_file_read(f, p.p_offset, out->interpreter, p.p_filesz))
                        out->interpreter[0] = '\0';
        }
        if (!out->interpreter[0])
                out->kind = f->header.e_type == ET_DYN && dynamic.p_type && !is_pie(f, &dynamic) ? PROGRAM_LIBRARY
                                                                                                 : PROGRAM_STATIC;
}

/* ---- what is in it ---- */

static bool contains(const struct elf_file *f, const char *section, const char *bytes, size_t len)
{
        const Elf64_Shdr *s = elf_file_section(f, section);
        bool found = false;
        uint8_t *data;
        size_t size;

        if (s && s->sh_type != SHT_NOBITS && !elf_file_contents(f, s, &data, &size)) {
                found = memmem(data, size, bytes, len);
                free(data);
        }
        return found;
}

/* Searches the string tables, which contain the names of libraries and symbols. clang exports the run-time's symbols,
 * gcc does not. */
static void read_sanitizer(const struct elf_file *f, struct program_facts *out)
{
        static const char library[] = "\0libasan.so", start[] = "\0__asan_init";

        out->asan_shared = contains(f, ".dynstr", library, sizeof(library) - 1);
        out->asan_static = !out->asan_shared && (contains(f, ".dynstr", start, sizeof(start)) ||
                                                 contains(f, ".strtab", start, sizeof(start)));
}

/* Returns the number of entries in the search table of .eh_frame_hdr (LSB, .eh_frame_hdr) in the encoding that every
 * linker uses: version 1, pointer sdata4, count udata4. */
static size_t count_functions(const struct elf_file *f)
{
        const Elf64_Shdr *s = elf_file_section(f, ".eh_frame_hdr");
        uint8_t head[12];
        uint32_t count;

        if (!s || s->sh_size < sizeof(head) || elf_file_read(f, s->sh_offset, head, sizeof(head)) || head[0] != 1 ||
            (head[1] & 0x0f) != 0x0b || head[2] != 0x03)
                return 0;
        memcpy(&count, head + 8, sizeof(count));
        return count;
}

static bool has_section(const struct elf_file *f, const char *name)
{
        const Elf64_Shdr *s = elf_file_section(f, name);

        return s && s->sh_type != SHT_NOBITS && s->sh_size;
}

static bool has_lines(const struct elf_file *f)
{
        return (has_section(f, ".debug_info") && has_section(f, ".debug_line")) || has_section(f, ".zdebug_info");
}

static void read_sections(const struct elf_file *f, struct program_facts *out)
{
        const Elf64_Shdr *text = elf_file_section(f, ".text");
        uint8_t *code;
        size_t size;

        out->go = has_section(f, ".go.buildinfo") || has_section(f, ".note.go.buildid");
        out->eh_frame = has_section(f, ".eh_frame");
        out->debug_frame = has_section(f, ".debug_frame");
        out->symbols = has_section(f, ".symtab");
        out->minidebug = has_section(f, ".gnu_debugdata");
        out->lines = has_lines(f);
        out->functions = count_functions(f);
        if (text && text->sh_type == SHT_PROGBITS && !elf_file_contents(f, text, &code, &size)) {
                out->frame_pointers = arch_count_frame_pointers(code, size);
                free(code);
        }
}

static void read_debug_file(const char *path, const char *dirs, const struct elf_file *f, struct program_facts *out)
{
        char *name = strdup(path);
        struct module m = { .path = name };
        struct target here = { .pid = getpid(), .deadline_ns = clock_now_ns() + MAX_SECONDS * NS_PER_S };
        struct elf_file debug;
        char why[512];
        size_t len = 0;

        if (!elf_file_build_id(f, m.image.build_id, sizeof(m.image.build_id), &len))
                m.image.build_id_len = (uint32_t)len;
        for (size_t i = 0; i < len; i++)
                snprintf(out->build_id + 2 * i, 3, "%02x", m.image.build_id[i]);
        if (name && !debug_files_open_separate(&here, &m, f, dirs, &debug, &out->debug_file, why, sizeof(why))) {
                out->debug_file_lines = has_lines(&debug);
                elf_file_close(&debug);
        }
        free(name);
}

/* Returns 0 with *f open for a PROGRAM_DYNAMIC, PROGRAM_STATIC or PROGRAM_LIBRARY, and closed for any other file; or
 * -errno. */
static int open_program(const char *path, struct program_facts *out, struct elf_file *f)
{
        struct target here = { .pid = getpid() };
        int fd = files_open(&here, path);

        *out = (struct program_facts){ .kind = PROGRAM_NOT_ELF };
        if (fd < 0)
                return fd;
        out->kind = kind_of_header(fd, &out->bits);
        if (out->kind != PROGRAM_DYNAMIC) {
                close(fd);
                return 0;
        }
        if (elf_file_open(f, fd, 0)) {
                out->kind = PROGRAM_NOT_ELF;
                return 0;
        }
        read_segments(f, out);
        return 0;
}

static bool is_open(const struct program_facts *facts)
{
        return facts->kind == PROGRAM_DYNAMIC || facts->kind == PROGRAM_STATIC || facts->kind == PROGRAM_LIBRARY;
}

int program_read_kind(const char *path, struct program_facts *out)
{
        struct elf_file f;
        int err = open_program(path, out, &f);

        if (!err && is_open(out))
                elf_file_close(&f);
        return err;
}

int program_read(const char *path, const char *debug_dirs, struct program_facts *out)
{
        struct elf_file f;
        int err = open_program(path, out, &f);

        if (err || !is_open(out))
                return err;
        read_sanitizer(&f, out);
        read_sections(&f, out);
        read_debug_file(path, debug_dirs, &f, out);
        elf_file_close(&f);
        return 0;
}

void program_clear(struct program_facts *facts)
{
        free(facts->debug_file);
        facts->debug_file = NULL;
}
