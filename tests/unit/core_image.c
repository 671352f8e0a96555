/* SPDX-License-Identifier: MIT */
/* ELF images in memory: this process's modules compared with the loader and the files; then constructed ones,
 * well-formed and hostile. */
#include "tests/unit/buffer_space.h"
#include "tests/unit/self_space.h"
#include "tests/unit/tap.h"

#include <elf.h>
#include <link.h>
#include <stdlib.h>

/* Compares a module with the dynamic loader's data. */
static int check_module(struct dl_phdr_info *info, size_t size, void *data)
{
        const struct self_module *found = NULL;
        uint64_t eh_frame_hdr = 0, dynamic = 0, end = 0;

        (void)size;
        (void)data;
        for (int i = 0; i < info->dlpi_phnum; i++) {
                const ElfW(Phdr) *p = &info->dlpi_phdr[i];

                if (p->p_type == PT_GNU_EH_FRAME)
                        eh_frame_hdr = info->dlpi_addr + p->p_vaddr;
                if (p->p_type == PT_DYNAMIC)
                        dynamic = info->dlpi_addr + p->p_vaddr;
                if (p->p_type == PT_LOAD)
                        end = (info->dlpi_addr + p->p_vaddr + p->p_memsz + 4095) & ~(uint64_t)4095;
        }
        for (size_t i = 0; i < self.module_count; i++) {
                if (self.modules[i].image.eh_frame_hdr == eh_frame_hdr)
                        found = &self.modules[i];
        }
        tap_ok(found && found->image.bias == info->dlpi_addr && found->image.dynamic == dynamic &&
                       found->image.end == end,
               "same data as dl_iterate_phdr() for %s", found ? found->path : info->dlpi_name);
        return 0;
}

/* Compares the build-id of the program with that in its file. */
static void check_own_build_id(void)
{
        char command[256], text[2 * IMAGE_BUILD_ID_MAX + 2] = "", ours[2 * IMAGE_BUILD_ID_MAX + 2] = "";
        const struct image *image = &self.modules[0].image;
        FILE *p;

        snprintf(command, sizeof(command), "readelf -n /proc/%d/exe | sed -n 's/ *Build ID: //p'", getpid());
        p = popen(command, "r");
        if (p && fgets(text, sizeof(text), p))
                text[strcspn(text, "\n")] = '\0';
        if (p)
                pclose(p);
        for (uint32_t i = 0; i < image->build_id_len; i++)
                snprintf(ours + 2 * i, 3, "%02x", image->build_id[i]);
        if (!tap_ok(!strcmp(text, ours), "build-id as printed by readelf"))
                printf("#   %s, readelf %s\n", ours, text);
}

static void check_vdso(void)
{
        const struct image *vdso = NULL;

        for (size_t i = 0; i < self.module_count; i++) {
                if (!strcmp(self.modules[i].path, "[vdso]"))
                        vdso = &self.modules[i].image;
        }
        tap_ok(vdso && vdso->build_id_len && vdso->eh_frame_hdr && vdso->dynamic,
               "the vDSO has build-id, .eh_frame_hdr and dynamic section");
}

/* A constructed image: ELF header, program headers, a note. */
#define BASE 0x7f0000000000u
#define VADDR 0x400000u
static struct {
        Elf64_Ehdr e;
        Elf64_Phdr p[6];
        struct {
                Elf64_Nhdr other;
                char other_name[8];
                uint8_t other_desc[16];
                Elf64_Nhdr n;
                char name[4];
                uint8_t desc[20];
        } note;
        uint8_t tail[256]; /* readable bytes after the image */
} file;

enum { LOAD, LOAD2, HDR, DYN, NOTE, OTHER };

static void make_image(void)
{
        const uint64_t note = offsetof(__typeof__(file), note);

        memset(&file, 0, sizeof(file));
        memcpy(file.e.e_ident, ELFMAG, SELFMAG);
        file.e.e_ident[EI_CLASS] = ELFCLASS64;
        file.e.e_ident[EI_DATA] = ELFDATA2LSB;
        file.e.e_type = ET_DYN;
        file.e.e_machine = EM_X86_64;
        file.e.e_phoff = offsetof(__typeof__(file), p);
        file.e.e_phentsize = sizeof(Elf64_Phdr);
        file.e.e_phnum = 6;
        file.p[LOAD] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_vaddr = VADDR, .p_memsz = 0x1800 };
        file.p[LOAD2] =
                (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = 0x2345, .p_vaddr = VADDR + 0x4345, .p_memsz = 0x1000 };
        file.p[HDR] = (Elf64_Phdr){ .p_type = PT_GNU_EH_FRAME, .p_vaddr = VADDR + 0x1000, .p_memsz = 0x100 };
        file.p[DYN] = (Elf64_Phdr){ .p_type = PT_DYNAMIC, .p_vaddr = VADDR + 0x4400, .p_memsz = 0x100 };
        file.p[NOTE] =
                (Elf64_Phdr){ .p_type = PT_NOTE, .p_vaddr = VADDR + note, .p_memsz = sizeof(file.note), .p_align = 4 };
        file.note.other = (Elf64_Nhdr){ .n_namesz = 6, .n_descsz = 15, .n_type = 1 };
        memcpy(file.note.other_name, "other", 6);
        file.note.n = (Elf64_Nhdr){ .n_namesz = 4, .n_descsz = 20, .n_type = NT_GNU_BUILD_ID };
        memcpy(file.note.name, "GNU", 4);
        for (uint8_t i = 0; i < 20; i++)
                file.note.desc[i] = (uint8_t)(0xa0 + i);
}

static int read_image(struct image *out)
{
        struct cfi_space *space = buffers_clear();

        buffers_add(BASE, &file, sizeof(file), false);
        return image_read(space, BASE, out);
}

static void check_constructed(void)
{
        struct image image;

        make_image();
        tap_is((unsigned)read_image(&image), 0, "a constructed image is read");
        tap_is(image.base, BASE, "base");
        tap_is(image.bias, BASE - VADDR, "bias");
        tap_is(image.end, BASE + 0x6000, "end of the last segment, rounded to a page");
        tap_is(image.eh_frame_hdr, BASE + 0x1000, ".eh_frame_hdr");
        tap_is(image.eh_frame_hdr_size, 0x100, "size of .eh_frame_hdr");
        tap_is(image.dynamic, BASE + 0x4400, "dynamic section");
        tap_ok(image.build_id_len == 20 && !memcmp(image.build_id, file.note.desc, 20), "build-id after another note");
        file.p[LOAD].p_offset = 0x40; /* a segment that begins within its first page, as created by old linkers */
        file.p[LOAD].p_vaddr = VADDR + 0x40;
        tap_ok(!read_image(&image) && image.bias == BASE - VADDR,
               "bias of a segment that does not begin at a page boundary");
}

#define REFUSED(title, statement)                                                       \
        do {                                                                            \
                struct image image_;                                                    \
                make_image();                                                           \
                statement;                                                              \
                tap_is((unsigned)-read_image(&image_), ENOEXEC, "rejected: %s", title); \
        } while (0)

static void check_rejected(void)
{
        struct image image;

        REFUSED("wrong ELF magic", file.e.e_ident[0] = 'M');
        REFUSED("32-bit", file.e.e_ident[EI_CLASS] = ELFCLASS32);
        REFUSED("big-endian", file.e.e_ident[EI_DATA] = ELFDATA2MSB);
        REFUSED("another machine", file.e.e_machine = EM_AARCH64);
        REFUSED("an object file", file.e.e_type = ET_REL);
        REFUSED("a core", file.e.e_type = ET_CORE);
        REFUSED("odd size of program headers", file.e.e_phentsize = 57);
        REFUSED("no program headers", file.e.e_phnum = 0);
        REFUSED("PN_XNUM program headers", file.e.e_phnum = PN_XNUM);
        REFUSED("program headers at an overflowing offset", file.e.e_phoff = UINT64_MAX - 8);
        REFUSED("no PT_LOAD segment", file.p[LOAD].p_type = file.p[LOAD2].p_type = PT_NULL);
        REFUSED("a segment whose end overflows", file.p[LOAD2].p_memsz = UINT64_MAX - 100);
        REFUSED("a segment at the end of the address space", file.p[LOAD2].p_vaddr = UINT64_MAX - 0x1000);
        make_image();
        file.e.e_phnum = 100;
        tap_is((unsigned)-read_image(&image), EFAULT, "unreadable program headers");
        tap_is((unsigned)-image_read(&buffers.space, 0x1000, &image), EFAULT, "unmapped memory");
}

/* Adds a second segment of notes in `tail`, padded to 8 bytes. */
static void add_notes(uint64_t align)
{
        static const Elf64_Nhdr other = { .n_namesz = 6, .n_descsz = 15, .n_type = 1 };
        static const Elf64_Nhdr n = { .n_namesz = 4, .n_descsz = 8, .n_type = NT_GNU_BUILD_ID };
        const uint64_t tail = offsetof(__typeof__(file), tail);

        memcpy(file.tail, &other, sizeof(other));
        memcpy(file.tail + 40, &n, sizeof(n));
        memcpy(file.tail + 52, "GNU", 4);
        memcpy(file.tail + 56, "8 bytes!", 8);
        file.p[OTHER] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_vaddr = VADDR + tail, .p_memsz = 64, .p_align = align };
}

static void check_notes(void)
{
        struct image image;

        make_image();
        add_notes(8);
        tap_ok(!read_image(&image) && image.build_id_len == 20, "the first of two build-ids is used");
        file.note.n.n_type = 1;
        tap_ok(!read_image(&image) && image.build_id_len == 8 && !memcmp(image.build_id, "8 bytes!", 8),
               "build-id in a second segment, padded to 8");
        add_notes(4);
        tap_ok(!read_image(&image) && !image.build_id_len, "the same segment padded to 4 has no build-id");
}

/* Invalid parts are omitted. */
#define WITHOUT(title, statement, condition)                                      \
        do {                                                                      \
                struct image image;                                               \
                make_image();                                                     \
                statement;                                                        \
                tap_ok(!read_image(&image) && (condition), "omitted: %s", title); \
        } while (0)

static void check_omitted(void)
{
        WITHOUT(".eh_frame_hdr outside the image", file.p[HDR].p_vaddr = 0x10, !image.eh_frame_hdr);
        WITHOUT(".eh_frame_hdr longer than the image", file.p[HDR].p_memsz = UINT64_MAX, !image.eh_frame_hdr);
        WITHOUT("dynamic section outside", file.p[DYN].p_vaddr = UINT64_MAX, !image.dynamic);
        WITHOUT("build-id longer than its segment", file.note.n.n_descsz = 64, !image.build_id_len);
        WITHOUT("build-id of no bytes", file.note.n.n_descsz = 0, !image.build_id_len);
        WITHOUT("build-id of 65 bytes", (file.note.n.n_descsz = 65, file.p[NOTE].p_memsz = 0x200), !image.build_id_len);
        WITHOUT("note of another name", file.note.name[2] = 'X', !image.build_id_len);
        WITHOUT("note of another type", file.note.n.n_type = 4, !image.build_id_len);
        WITHOUT("a note of 4 GB before it", file.note.other.n_descsz = UINT32_MAX, !image.build_id_len);
        WITHOUT("names of 4 GB", file.note.other.n_namesz = UINT32_MAX, !image.build_id_len);
        WITHOUT("notes that cannot be read", file.p[NOTE].p_vaddr = VADDR + 0x1000, !image.build_id_len);
        WITHOUT("type of a build-id, name of another", file.note.other.n_type = 3, image.build_id_len == 20);
}

/* Sets every byte of the constructed image to a few values: tests for crashes, mainly in sanitizer builds. */
static void check_every_byte(void)
{
        static const uint8_t values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
        struct image image;
        int read = 0;

        for (size_t i = 0; i < offsetof(__typeof__(file), tail); i++) {
                for (size_t j = 0; j < sizeof(values); j++) {
                        make_image();
                        ((uint8_t *)&file)[i] = values[j];
                        read += !read_image(&image);
                        if (image.build_id_len > IMAGE_BUILD_ID_MAX)
                                tap_ok(false, "byte %zu: build-id of %u bytes", i, image.build_id_len);
                }
        }
        tap_ok(read > 100, "each byte modified: %d images read", read);
}

int main(void)
{
        self_load();
        dl_iterate_phdr(check_module, NULL);
        check_own_build_id();
        check_vdso();
        check_constructed();
        check_rejected();
        check_notes();
        check_omitted();
        check_every_byte();
        return tap_done();
}
