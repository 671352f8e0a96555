/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/unit.h: one compilation unit: attributes of its root DIE, and its split unit (.dwo, .dwp). Private to
 * unwind/. Not async-signal-safe. */
#ifndef CRASHPRE_UNWIND_DWARF_UNIT_H
#define CRASHPRE_UNWIND_DWARF_UNIT_H

#include "unwind/dwarf/image.h"
#include "unwind/dwarf/walk.h"

struct dwarf_unit {
        Dwarf_Die die; /* the root DIE in the program's file */
        struct dwarf_bounds bounds;
        struct dwarf_range_unit ranges;
        const char *comp_dir; /* borrowed, or NULL */
        bool has_lines;
        uint64_t lines;       /* offset in .debug_line */
        const char *dwo_name; /* borrowed; NULL: not a split unit */
        uint64_t dwo_id;
        uint64_t dwo_ranges_base; /* version 4: added to the split unit's offsets into .debug_ranges */
};

/* Reads the root DIE `die` of a unit of `image`. Returns false if it contains no code (type units and similar), or is
 * malformed. */
bool dwarf_unit_read(struct dwarf_unit *u, const struct dwarf_image *image, Dwarf_Die *die);

/* The split unit. The caller closes `image` after use. */
struct dwarf_split {
        struct dwarf_image image;
        Dwarf_Die die;
        struct dwarf_range_unit ranges;
};

/* Finds the unit in a .dwo file. Returns 0, -ENOENT (the file belongs to another unit), -EBADMSG, -ENOMEM. */
int dwarf_split_from_dwo(struct dwarf_split *s, const struct dwarf_unit *u, const struct elf_file *dwo, uint64_t max);

/* Finds the unit in a .dwp file by its index. Returns like dwarf_split_from_dwo(). */
int dwarf_split_from_dwp(struct dwarf_split *s, const struct dwarf_unit *u, const struct elf_file *dwp, uint64_t max);

#endif
