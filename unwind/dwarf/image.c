/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/image.c: see image.h. */
#include "unwind/dwarf/image.h"
#include "unwind/core/cfi/arch.h"
#include "unwind/dwarf/late.h"
#include "unwind/elf/inflate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
        PAGE = 1 << 16, /* a multiple of all page sizes */
        NAMES = 256,    /* bytes for the names of all sections */
};

static const char *const names[DWARF_SECTIONS] = { "info",     "abbrev", "str",      "str_offsets", "line",
                                                   "line_str", "ranges", "rnglists", "addr",        "aranges" };

struct dwarf_source dwarf_image_source(const struct elf_file *f, enum dwarf_section kind, bool dwo)
{
        struct dwarf_source s = { .file = f };
        char name[32];

        snprintf(name, sizeof(name), ".zdebug_%s%s", names[kind], dwo ? ".dwo" : "");
        s.section = elf_file_section(f, name);
        if (!s.section || s.section->sh_type == SHT_NOBITS) {
                snprintf(name, sizeof(name), ".debug_%s%s", names[kind], dwo ? ".dwo" : "");
                s.section = elf_file_section(f, name);
        }
        if (s.section && s.section->sh_type == SHT_NOBITS)
                s.section = NULL;
        return s;
}

/* ---- size and location of a section ---- */

struct part {
        const struct dwarf_source *from;
        uint64_t stored, stored_size; /* in the file: the bytes, without the header of a compressed section */
        uint64_t size;                /* of the section in memory */
        bool packed;
        enum inflate_format format;
        bool late;      /* inflated on demand */
        uint64_t place; /* offset of its pages in the image */
        uint64_t shift; /* offset of the section in its first page */
};

static int measure(struct part *p, const struct dwarf_source *from)
{
        const Elf64_Shdr *s = from->section;
        struct elf_packing packing;
        int err;

        *p = (struct part){ .from = from };
        if (!s)
                return 0;
        if (s->sh_offset > from->file->size || s->sh_size > from->file->size - s->sh_offset)
                return -EBADMSG;
        err = elf_file_packing(from->file, s, &packing);
        p->packed = packing.packed;
        p->format = packing.format;
        p->stored = s->sh_offset + packing.head;
        p->stored_size = s->sh_size - packing.head;
        p->size = packing.size;
        if (!err && from->sliced && (from->offset > p->size || from->size > p->size - from->offset))
                err = -EBADMSG;
        if (!err && from->sliced && !p->packed) {
                p->stored += from->offset;
                p->size = p->stored_size = from->size;
        }
        return err;
}

/* ---- filling ---- */

/* Compressed data is mapped while it is needed, unless the file is in memory. */
static int fill_packed(const struct part *p, uint8_t *to)
{
        const struct elf_file *f = p->from->file;
        uint64_t shift = (f->start + p->stored) % PAGE;
        size_t span = (size_t)(shift + p->stored_size);
        uint8_t *mapping = NULL;
        struct inflate_source from;
        int err;

        if (mmap(to, p->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != to)
                return -ENOMEM;
        if (!f->memory)
                mapping = mmap(NULL, span, PROT_READ, MAP_PRIVATE | MAP_POPULATE, f->fd,
                               (off_t)(f->start + p->stored - shift));
        if (mapping == MAP_FAILED)
                return -ENOMEM;
        from = (struct inflate_source){ p->format, mapping ? mapping + shift : f->memory + p->stored, p->stored_size };
        if (p->late && dwarf_late_open(to, p->size, &from, mapping, span))
                return 0;
        err = mprotect(to, p->size, PROT_READ | PROT_WRITE) ? -ENOMEM : inflate_stream(&from, to, p->size);
        if (mapping)
                munmap(mapping, span);
        return err;
}

static int fill(const struct part *p, uint8_t *map)
{
        uint8_t *to = map + p->place;
        const struct elf_file *f = p->from->file;
        size_t span = (size_t)(p->shift + p->size);

        if (!p->packed && !f->memory &&
            mmap(to, span, PROT_READ, MAP_PRIVATE | MAP_FIXED, f->fd, (off_t)(f->start + p->stored - p->shift)) == to)
                return 0;
        if (p->packed)
                return fill_packed(p, to);
        /* A failed mmap() may have removed the reservation. */
        if (mmap(to, span, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != to)
                return -ENOMEM;
        return elf_file_read(f, p->stored, to + p->shift, p->size);
}

/* ---- the image ---- */

static uint64_t pages(uint64_t size)
{
        return (size + PAGE - 1) & ~(uint64_t)(PAGE - 1);
}

/* Assigns separate pages to each section, followed by an empty page, so that libdw reads zeros past the end. */
static int assign_pages(struct part *parts, uint64_t max, size_t *total)
{
        uint64_t at = PAGE, inflated = 0;

        for (int i = 0; i < DWARF_SECTIONS; i++) {
                struct part *p = &parts[i];
                const struct elf_file *f = p->from->file;

                if (!p->size)
                        continue;
                if (p->packed || f->memory)
                        inflated += p->size;
                if (inflated > max || p->size > (uint64_t)1 << 40)
                        return -ENOMEM;
                p->place = at;
                p->shift = !p->packed ? (f->start + p->stored) % PAGE : 0;
                at += pages(p->shift + p->size) + PAGE;
        }
        *total = (size_t)at;
        return 0;
}

struct head {
        Elf64_Ehdr elf;
        Elf64_Shdr sections[DWARF_SECTIONS + 2];
        char names[NAMES];
};
_Static_assert(sizeof(struct head) <= PAGE, "the header needs one page");

static void write_head(struct head *h, const struct dwarf_image *image)
{
        size_t count = 1, used = 1;

        for (int i = 0; i < DWARF_SECTIONS; i++) {
                Elf64_Shdr *s = &h->sections[count];

                if (!image->section[i].size)
                        continue;
                *s = (Elf64_Shdr){ .sh_name = (Elf64_Word)used,
                                   .sh_type = SHT_PROGBITS,
                                   .sh_offset = (uint64_t)(image->section[i].data - image->map),
                                   .sh_size = image->section[i].size,
                                   .sh_addralign = 1 };
                used += (size_t)snprintf(h->names + used, sizeof(h->names) - used, ".debug_%s", names[i]) + 1;
                count++;
        }
        h->sections[count] = (Elf64_Shdr){
                .sh_type = SHT_STRTAB, .sh_offset = offsetof(struct head, names), .sh_size = used, .sh_addralign = 1
        };
        h->elf = (Elf64_Ehdr){ .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
                               .e_type = ET_EXEC,
                               .e_machine = ARCH_ELF_MACHINE,
                               .e_version = EV_CURRENT,
                               .e_ehsize = sizeof(Elf64_Ehdr),
                               .e_shentsize = sizeof(Elf64_Shdr),
                               .e_shoff = offsetof(struct head, sections),
                               .e_shnum = (Elf64_Half)(count + 1),
                               .e_shstrndx = (Elf64_Half)count };
}

static int build(struct dwarf_image *image, const struct part *parts)
{
        image->map = mmap(NULL, image->map_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (image->map == MAP_FAILED) {
                image->map = NULL;
                return -ENOMEM;
        }
        for (int i = 0; i < DWARF_SECTIONS; i++) {
                const struct part *p = &parts[i];
                bool slice = p->packed && p->from->sliced;
                int err = p->size ? fill(p, image->map) : 0;

                if (err && i == DWARF_INFO)
                        return err;
                if (err || !p->size)
                        continue; /* a section that cannot be read does not prevent the use of the others */
                image->section[i].data = image->map + p->place + p->shift + (slice ? p->from->offset : 0);
                image->section[i].size = (size_t)(slice ? p->from->size : p->size);
        }
        if (mprotect(image->map, PAGE, PROT_READ | PROT_WRITE))
                return -ENOMEM;
        write_head((struct head *)(void *)image->map, image);
        return 0;
}

int dwarf_image_open(struct dwarf_image *image, const struct dwarf_source sources[DWARF_SECTIONS], uint64_t max)
{
        struct part parts[DWARF_SECTIONS];
        int err;

        *image = (struct dwarf_image){ 0 };
        for (int i = 0; i < DWARF_SECTIONS; i++)
                if (measure(&parts[i], &sources[i]))
                        parts[i] = (struct part){ .from = &sources[i] };
        /* If .debug_aranges lists the units of the addresses, only those units and the ones before them are read. */
        parts[DWARF_INFO].late = parts[DWARF_ABBREV].late = parts[DWARF_LINE].late = parts[DWARF_ARANGES].size > 0;
        if (!parts[DWARF_INFO].size)
                return sources[DWARF_INFO].section ? -EBADMSG : -ENOENT;
        err = assign_pages(parts, max, &image->map_size);
        if (!err)
                err = build(image, parts);
        if (!err) {
                elf_version(EV_CURRENT);
                image->elf = elf_memory((char *)image->map, image->map_size);
                image->dwarf = image->elf ? dwarf_begin_elf(image->elf, DWARF_C_READ, NULL) : NULL;
                err = image->dwarf ? 0 : -EBADMSG;
        }
        if (err)
                dwarf_image_close(image);
        return err;
}

void dwarf_image_reach(const struct dwarf_image *image, enum dwarf_section kind, uint64_t offset)
{
        if (offset < image->section[kind].size)
                dwarf_late_reach(image->section[kind].data + offset);
}

void dwarf_image_close(struct dwarf_image *image)
{
        if (image->dwarf)
                dwarf_end(image->dwarf);
        if (image->elf)
                elf_end(image->elf);
        dwarf_late_forget(image->map, image->map_size);
        if (image->map)
                munmap(image->map, image->map_size);
        *image = (struct dwarf_image){ 0 };
}
