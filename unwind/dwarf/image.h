/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/image.h: DWARF sections for libdw, in an ELF image of our own making. Private to unwind/.
 *
 * libdw inflates every compressed section of a file as soon as it opens it, the large ones that nobody asks for too,
 * and it believes the file's section headers. So it never sees a file: it gets an image in memory with a header that
 * we wrote and only those sections that are wanted, mapped from the file (a file of 200 MB costs the pages that are
 * touched) or inflated into place. One image can take sections from several files, and slices of sections (.dwp).
 *
 * The mapped pages are the file's: where it shrinks, reading them raises SIGBUS. Whoever uses an image must be able
 * to die of that (stage.h).
 */
#ifndef CRASHPRE_UNWIND_DWARF_IMAGE_H
#define CRASHPRE_UNWIND_DWARF_IMAGE_H

#include "unwind/dwarf/bytes.h"
#include "unwind/elf/elf_file.h"

#include <elfutils/libdw.h>

enum dwarf_section {
        DWARF_INFO,
        DWARF_ABBREV,
        DWARF_STR,
        DWARF_STR_OFFSETS,
        DWARF_LINE,
        DWARF_LINE_STR,
        DWARF_RANGES,
        DWARF_RNGLISTS,
        DWARF_ADDR,
        DWARF_ARANGES,
        DWARF_SECTIONS
};

struct dwarf_image {
        struct dwarf_bytes section[DWARF_SECTIONS]; /* size 0: not there */
        Dwarf *dwarf;                               /* NULL: no .debug_info, or libdw would not have it */
        Elf *elf;
        uint8_t *map;
        size_t map_size;
};

/* Where one section of an image comes from: a section of a file, or part of it. */
struct dwarf_source {
        const struct elf_file *file;
        const Elf64_Shdr *section; /* NULL: the image goes without */
        bool sliced;               /* only `size` bytes from `offset` on of the (inflated) section */
        uint64_t offset, size;
};

/* ".debug_info", or ".debug_info.dwo" as `dwo` says; ".zdebug_" too. A source without section if it is not there. */
struct dwarf_source dwarf_image_source(const struct elf_file *f, enum dwarf_section kind, bool dwo);

/* 0, -ENOENT (no .debug_info), -EBADMSG or -ENOMEM. `max` bounds what may be inflated. */
int dwarf_image_open(struct dwarf_image *image, const struct dwarf_source sources[DWARF_SECTIONS], uint64_t max);
/* A section is about to be read from `offset` on, and up to there: what is inflated as it is read is inflated once. */
void dwarf_image_reach(const struct dwarf_image *image, enum dwarf_section kind, uint64_t offset);
void dwarf_image_close(struct dwarf_image *image); /* harmless on a zeroed one */

#endif
