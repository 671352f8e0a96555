/* SPDX-License-Identifier: MIT */
#include "unwind/core/image/image.h"
#include "unwind/core/cfi/arch.h"

#include <elf.h> /* for types and constants only */
#include <errno.h>

#define PHDRS_MAX 128      /* the kernel's limit is 65536 bytes of program headers; more than 20 are rare */
#define PHDRS_AT_MAX 65536 /* program headers follow the ELF header, in the first pages */
#define NOTES_MAX 64       /* notes read in one segment */

/* Run-time address range of a segment, within the image. */
struct range {
        uint64_t at, size;
};

static int read_at(const struct cfi_space *space, uint64_t at, void *buf, size_t len)
{
        return space->read(space->ctx, at, buf, len) ? -EFAULT : 0;
}

static bool is_our_image(const Elf64_Ehdr *e)
{
        return e->e_ident[EI_MAG0] == ELFMAG0 && e->e_ident[EI_MAG1] == ELFMAG1 && e->e_ident[EI_MAG2] == ELFMAG2 &&
               e->e_ident[EI_MAG3] == ELFMAG3 && e->e_ident[EI_CLASS] == ELFCLASS64 &&
               e->e_ident[EI_DATA] == ELFDATA2LSB && e->e_machine == ARCH_ELF_MACHINE &&
               (e->e_type == ET_EXEC || e->e_type == ET_DYN) && e->e_phentsize == sizeof(Elf64_Phdr) &&
               e->e_phnum > 0 && e->e_phnum <= PHDRS_MAX && e->e_phoff <= PHDRS_AT_MAX;
}

static int read_phdr(const struct cfi_space *space, const Elf64_Ehdr *e, uint64_t base, unsigned i, Elf64_Phdr *out)
{
        return read_at(space, base + e->e_phoff + i * sizeof(*out), out, sizeof(*out));
}

/* Widens [*start, *end) by the pages of a segment with the permission `flag`. */
static void add_segment(const Elf64_Phdr *p, uint32_t flag, uint64_t bias, uint64_t *start, uint64_t *end)
{
        uint64_t from = bias + p->p_vaddr / ARCH_PAGE_MIN * ARCH_PAGE_MIN, to = bias + p->p_vaddr + p->p_memsz;

        if (!(p->p_flags & flag) || to < from)
                return;
        to = (to + ARCH_PAGE_MIN - 1) / ARCH_PAGE_MIN * ARCH_PAGE_MIN;
        if (!*end || from < *start)
                *start = from;
        if (to > *end)
                *end = to;
}

/* Computes the load bias from the first PT_LOAD, the end from the highest: they should be sorted by address, but a
 * hostile file may not comply. */
static int measure(const struct cfi_space *space, const Elf64_Ehdr *e, struct image *image)
{
        bool found = false;
        uint64_t end = 0;

        for (unsigned i = 0; i < e->e_phnum; i++) {
                Elf64_Phdr p;

                if (read_phdr(space, e, image->base, i, &p))
                        return -EFAULT;
                if (p.p_type != PT_LOAD)
                        continue;
                if (!found) /* the ELF header is at file offset 0, and mappings are page-aligned */
                        image->bias = image->base + p.p_offset / ARCH_PAGE_MIN * ARCH_PAGE_MIN -
                                      p.p_vaddr / ARCH_PAGE_MIN * ARCH_PAGE_MIN;
                found = true;
                if (p.p_vaddr + p.p_memsz < p.p_vaddr)
                        return -ENOEXEC;
                if (p.p_vaddr + p.p_memsz > end)
                        end = p.p_vaddr + p.p_memsz;
                add_segment(&p, PF_X, image->bias, &image->text, &image->text_end);
                add_segment(&p, PF_W, image->bias, &image->data, &image->data_end);
        }
        if (!found || end > UINT64_MAX - ARCH_PAGE_MIN)
                return -ENOEXEC;
        image->end = image->bias + (end + ARCH_PAGE_MIN - 1) / ARCH_PAGE_MIN * ARCH_PAGE_MIN;
        return image->end > image->base ? 0 : -ENOEXEC;
}

/* Returns { 0, 0 } for a segment that is not within the image. */
static struct range segment(const struct image *image, const Elf64_Phdr *p)
{
        struct range r = { .at = image->bias + p->p_vaddr, .size = p->p_memsz };

        if (r.at < image->base || r.at >= image->end || r.size > image->end - r.at)
                r = (struct range){ 0 };
        return r;
}

static uint64_t align_up(uint64_t value, uint64_t align)
{
        return (value + align - 1) & ~(align - 1);
}

static bool is_gnu(const struct cfi_space *space, uint64_t at)
{
        char name[4];

        return !read_at(space, at, name, sizeof(name)) && name[0] == 'G' && name[1] == 'N' && name[2] == 'U' &&
               !name[3];
}

/* Searches the notes of one segment for the build-id. gABI: a note is three words, name, descriptor, the last two
 * padded to 4 bytes; in a segment aligned to 8 (.note.gnu.property) to 8. Unreadable notes count as having no
 * build-id. */
static void find_build_id(const struct cfi_space *space, struct range notes, uint64_t align, struct image *image)
{
        for (unsigned i = 0; i < NOTES_MAX && notes.size >= sizeof(Elf64_Nhdr); i++) {
                Elf64_Nhdr n;
                uint64_t desc, next;

                if (read_at(space, notes.at, &n, sizeof(n)))
                        return;
                desc = align_up(sizeof(n) + (uint64_t)n.n_namesz, align);
                next = align_up(desc + n.n_descsz, align);
                if (desc + n.n_descsz > notes.size)
                        return;
                if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == 4 && n.n_descsz <= IMAGE_BUILD_ID_MAX &&
                    is_gnu(space, notes.at + sizeof(n))) {
                        if (!read_at(space, notes.at + desc, image->build_id, n.n_descsz))
                                image->build_id_len = n.n_descsz;
                        return;
                }
                if (next >= notes.size)
                        return;
                notes.at += next;
                notes.size -= next;
        }
}

static void read_segment(const struct cfi_space *space, const Elf64_Phdr *p, struct image *image)
{
        struct range r = segment(image, p);

        if (!r.size)
                return;
        switch (p->p_type) {
        case PT_GNU_EH_FRAME:
                image->eh_frame_hdr = r.at;
                image->eh_frame_hdr_size = r.size;
                break;
        case PT_DYNAMIC:
                image->dynamic = r.at;
                break;
        case PT_NOTE:
                if (!image->build_id_len)
                        find_build_id(space, r, p->p_align == 8 ? 8 : 4, image);
                break;
        default:
                break;
        }
}

int image_read(const struct cfi_space *space, uint64_t base, struct image *out)
{
        Elf64_Ehdr e;
        int err;

        *out = (struct image){ .base = base };
        if (read_at(space, base, &e, sizeof(e)))
                return -EFAULT;
        if (!is_our_image(&e))
                return -ENOEXEC;
        err = measure(space, &e, out);
        if (err)
                return err;
        for (unsigned i = 0; i < e.e_phnum; i++) {
                Elf64_Phdr p;

                if (read_phdr(space, &e, base, i, &p))
                        return -EFAULT;
                read_segment(space, &p, out);
        }
        return 0;
}
