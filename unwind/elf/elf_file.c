/* SPDX-License-Identifier: MIT */
/* unwind/elf/elf_file.c: see elf_file.h. */
#include "unwind/elf/elf_file.h"
#include "unwind/core/cfi/arch.h"
#include "unwind/elf/inflate.h"
#include "unwind/target/files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef ELFCOMPRESS_ZSTD
#define ELFCOMPRESS_ZSTD 2 /* gABI, "Compression Header"; not yet in glibc 2.36 */
#endif

enum {
        MAX_SECTIONS = 1 << 20, /* objects built with -ffunction-sections have many; more are implausible */
        SHORT_NAME = 128,
        MAX_NOTES = 1 << 16, /* bytes of one note section */
        MAX_NOTE_SECTIONS = 64,
        MAX_NAMES = 1 << 26, /* bytes of the names of sections */
};
static const uint64_t max_contents = (uint64_t)512 << 20; /* a sparse file may claim any size */

int elf_file_read(const struct elf_file *f, uint64_t offset, void *buf, size_t len)
{
        if (offset > f->size || len > f->size - offset)
                return -EBADMSG;
        if (f->memory) {
                memcpy(buf, f->memory + offset, len);
                return 0;
        }
        return files_pread(f->fd, buf, len, (uint64_t)(f->start + offset)) == (ssize_t)len ? 0 : -EBADMSG;
}

static bool is_supported(const Elf64_Ehdr *h)
{
        return memcmp(h->e_ident, ELFMAG, SELFMAG) == 0 && h->e_ident[EI_CLASS] == ELFCLASS64 &&
               h->e_ident[EI_DATA] == ELFDATA2LSB && h->e_machine == ARCH_ELF_MACHINE;
}

/* Section 0 contains the values that do not fit into the header (gABI, "extended section numbering"). */
static int read_sections(struct elf_file *f)
{
        uint64_t count = f->header.e_shnum, names = f->header.e_shstrndx;
        Elf64_Shdr zero;

        if (!f->header.e_shoff || f->header.e_shentsize != sizeof(Elf64_Shdr))
                return 0;
        if (elf_file_read(f, f->header.e_shoff, &zero, sizeof(zero)))
                return 0; /* without section headers, or truncated: continue with what works without sections */
        count = count ? count : zero.sh_size;
        names = names == SHN_XINDEX ? zero.sh_link : names;
        if (!count || count > MAX_SECTIONS)
                return 0;
        f->sections = calloc(count, sizeof(*f->sections));
        if (!f->sections)
                return -ENOMEM;
        if (elf_file_read(f, f->header.e_shoff, f->sections, count * sizeof(*f->sections)))
                return 0;
        f->section_count = count;
        if (names < count && f->sections[names].sh_type == SHT_STRTAB && f->sections[names].sh_size < f->size &&
            f->sections[names].sh_size < MAX_NAMES) {
                size_t size = f->sections[names].sh_size;

                f->names = malloc(size + 1);
                if (!f->names)
                        return -ENOMEM;
                if (elf_file_read(f, f->sections[names].sh_offset, f->names, size))
                        size = 0;
                f->names[size] = '\0';
                f->names_size = size;
        }
        return 0;
}

static int init(struct elf_file *f)
{
        int err = -ENOEXEC;

        if (f->size >= sizeof(f->header) && !elf_file_read(f, 0, &f->header, sizeof(f->header)) &&
            is_supported(&f->header))
                err = read_sections(f);
        if (err)
                elf_file_close(f);
        return err;
}

int elf_file_open(struct elf_file *f, int fd, uint64_t start)
{
        struct stat st;

        *f = (struct elf_file){ .fd = fd, .owns_fd = true, .start = start };
        if (files_stat(fd, &st) == 0 && st.st_size > 0 && (uint64_t)st.st_size > start)
                f->size = (uint64_t)st.st_size - start;
        return init(f);
}

int elf_file_open_memory(struct elf_file *f, uint8_t *memory, size_t size)
{
        *f = (struct elf_file){ .memory = memory, .size = size };
        return init(f);
}

void elf_file_close(struct elf_file *f)
{
        if (f->owns_fd)
                close(f->fd);
        free(f->memory);
        free(f->sections);
        free(f->names);
        *f = (struct elf_file){ 0 };
}

const char *elf_file_section_name(const struct elf_file *f, const Elf64_Shdr *s)
{
        return s->sh_name < f->names_size ? f->names + s->sh_name : "";
}

const Elf64_Shdr *elf_file_section(const struct elf_file *f, const char *name)
{
        for (size_t i = 1; i < f->section_count; i++)
                if (strcmp(elf_file_section_name(f, &f->sections[i]), name) == 0)
                        return &f->sections[i];
        return NULL;
}

size_t elf_file_section_at(const struct elf_file *f, uint64_t vaddr)
{
        for (size_t i = 1; i < f->section_count; i++) {
                const Elf64_Shdr *s = &f->sections[i];

                if ((s->sh_flags & SHF_ALLOC) && !(s->sh_flags & SHF_TLS) && vaddr >= s->sh_addr &&
                    vaddr - s->sh_addr < s->sh_size)
                        return i;
        }
        return 0;
}

/* SHF_COMPRESSED: gABI, "Compression Header". */
static int read_header(const struct elf_file *f, const Elf64_Shdr *s, struct elf_packing *out)
{
        Elf64_Chdr header;

        if (s->sh_size < sizeof(header) || elf_file_read(f, s->sh_offset, &header, sizeof(header)))
                return -EBADMSG;
        if (header.ch_type != ELFCOMPRESS_ZLIB && header.ch_type != ELFCOMPRESS_ZSTD)
                return -EBADMSG;
        out->packed = true;
        out->format = header.ch_type == ELFCOMPRESS_ZSTD ? INFLATE_ZSTD : INFLATE_ZLIB;
        out->head = sizeof(header);
        out->size = header.ch_size;
        return 0;
}

/* "ZLIB" and the size in big-endian order. Without this header a section is not compressed in spite of its name. */
static int read_old_header(const struct elf_file *f, const Elf64_Shdr *s, struct elf_packing *out)
{
        uint8_t header[12];

        if (s->sh_size < sizeof(header) || elf_file_read(f, s->sh_offset, header, sizeof(header)))
                return -EBADMSG;
        if (memcmp(header, "ZLIB", 4) != 0)
                return 0;
        out->packed = true;
        out->head = sizeof(header);
        for (size_t i = 4; i < sizeof(header); i++)
                out->size = (i == 4 ? 0 : out->size << 8) | header[i];
        return 0;
}

int elf_file_packing(const struct elf_file *f, const Elf64_Shdr *s, struct elf_packing *out)
{
        int err = 0;

        *out = (struct elf_packing){ .size = s->sh_size };
        if (s->sh_flags & SHF_COMPRESSED)
                err = read_header(f, s, out);
        else if (strncmp(elf_file_section_name(f, s), ".zdebug", 7) == 0)
                err = read_old_header(f, s, out);
        if (!err && out->packed && !inflate_plausible(out->format, s->sh_size - out->head, out->size))
                err = -EBADMSG;
        return err;
}

/* Takes `bytes`. */
static int inflate_all(uint8_t *bytes, size_t len, const struct elf_packing *packing, uint8_t **data)
{
        const struct inflate_source from = { packing->format, bytes + packing->head, len - packing->head };
        int err = -EBADMSG;

        *data = NULL;
        if (packing->size && packing->size <= max_contents) {
                *data = malloc(packing->size);
                err = *data ? inflate_stream(&from, *data, packing->size) : -ENOMEM;
        }
        if (err) {
                free(*data);
                *data = NULL;
        }
        free(bytes);
        return err;
}

int elf_file_contents(const struct elf_file *f, const Elf64_Shdr *s, uint8_t **data, size_t *size)
{
        size_t len = s->sh_size;
        struct elf_packing packing;
        uint8_t *bytes;

        if (s->sh_type == SHT_NOBITS || !len || s->sh_size > f->size)
                return -ENOENT;
        if (s->sh_size > max_contents || elf_file_packing(f, s, &packing))
                return -EBADMSG;
        bytes = malloc(len);
        if (!bytes)
                return -ENOMEM;
        if (elf_file_read(f, s->sh_offset, bytes, len)) {
                free(bytes);
                return -EBADMSG;
        }
        *size = packing.size;
        if (packing.packed)
                return inflate_all(bytes, len, &packing, data);
        *data = bytes;
        return 0;
}

void elf_file_string(const struct elf_file *f, const Elf64_Shdr *strings, uint64_t offset, char *buf, size_t size)
{
        uint64_t left;

        buf[0] = '\0';
        if (offset >= strings->sh_size || strings->sh_type == SHT_NOBITS || strings->sh_offset >= f->size)
                return;
        left = strings->sh_size - offset;
        if (offset >= f->size - strings->sh_offset)
                return;
        if (left > f->size - strings->sh_offset - offset)
                left = f->size - strings->sh_offset - offset;
        if (left > size - 1)
                left = size - 1;
        /* Most names are short: the rest is read only for longer ones. */
        if (left > SHORT_NAME && !elf_file_read(f, strings->sh_offset + offset, buf, SHORT_NAME) &&
            memchr(buf, '\0', SHORT_NAME))
                return;
        if (elf_file_read(f, strings->sh_offset + offset, buf, (size_t)left))
                left = 0;
        buf[left] = '\0';
}

static bool id_in_notes(const uint8_t *notes, size_t size, uint8_t *id, size_t max, size_t *len)
{
        size_t at = 0;

        while (size - at >= sizeof(Elf64_Nhdr)) {
                Elf64_Nhdr n;
                size_t name, desc;

                memcpy(&n, notes + at, sizeof(n));
                name = at + sizeof(n);
                if (n.n_namesz > size - name)
                        return false;
                desc = name + ((n.n_namesz + 3u) & ~3u);
                if (desc > size || n.n_descsz > size - desc)
                        return false;
                if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == 4 && memcmp(notes + name, "GNU", 4) == 0) {
                        *len = n.n_descsz < max ? n.n_descsz : max;
                        memcpy(id, notes + desc, *len);
                        return *len > 0;
                }
                at = desc + ((n.n_descsz + 3u) & ~3u);
                if (at > size)
                        return false;
        }
        return false;
}

int elf_file_build_id(const struct elf_file *f, uint8_t *id, size_t max, size_t *len)
{
        for (size_t i = 1, looked_at = 0; i < f->section_count && looked_at < MAX_NOTE_SECTIONS; i++) {
                const Elf64_Shdr *s = &f->sections[i];
                uint8_t *notes;
                size_t size;
                bool found;

                if (s->sh_type != SHT_NOTE || s->sh_size > MAX_NOTES || (s->sh_flags & SHF_COMPRESSED))
                        continue;
                looked_at++;
                if (elf_file_contents(f, s, &notes, &size))
                        continue;
                found = id_in_notes(notes, size, id, max, len);
                free(notes);
                if (found)
                        return 0;
        }
        return -ENOENT;
}
