/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/image.h: DWARF sections for libdw, in an ELF image created here. Private to unwind/. Not
 * async-signal-safe.
 *
 * libdw inflates every compressed section of a file when it opens it, including large ones that are not needed, and
 * it trusts the file's section headers. So libdw is given an image in memory with a header written here and only the
 * required sections, mapped from the file (a file of 200 MB costs the pages that are touched) or inflated. One image
 * can contain sections from several files, and parts of sections (.dwp).
 *
 * The mapped pages are the file's: if it is truncated, reading them raises SIGBUS. A process that uses an image must
 * be expendable (stage.h).
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
        struct dwarf_bytes section[DWARF_SECTIONS]; /* size 0: missing */
        Dwarf *dwarf;                               /* NULL: no .debug_info, or libdw rejected it */
        Elf *elf;
        uint8_t *map;
        size_t map_size;
};

/* Source of one section of an image: a section of a file, or part of it. */
struct dwarf_source {
        const struct elf_file *file;
        const Elf64_Shdr *section; /* NULL: the image does not contain this section */
        bool sliced;               /* only `size` bytes at `offset` of the (inflated) section */
        uint64_t offset, size;
};

/* Finds ".debug_info", or ".debug_info.dwo" if `dwo` is set; also ".zdebug_". The returned section is NULL if there
 * is none. */
struct dwarf_source dwarf_image_source(const struct elf_file *f, enum dwarf_section kind, bool dwo);

/* Creates *image (new). `max` limits the bytes inflated. Returns 0, -ENOENT (no .debug_info), -EBADMSG or -ENOMEM. */
int dwarf_image_open(struct dwarf_image *image, const struct dwarf_source sources[DWARF_SECTIONS], uint64_t max);
/* Announces that a section will be read up to `offset`: a section inflated on demand is then inflated that far in one
 * step. */
void dwarf_image_reach(const struct dwarf_image *image, enum dwarf_section kind, uint64_t offset);
void dwarf_image_close(struct dwarf_image *image); /* does nothing for a zeroed one */

#endif
