/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/ranges.h: lists of address ranges (.debug_ranges, .debug_rnglists). Private to unwind/.
 *
 * Not libdw's dwarf_ranges(): for a split unit that one opens files by itself, under names that the program's file
 * gives it, and not below the root of the target.
 */
#ifndef CRASHPRE_UNWIND_DWARF_RANGES_H
#define CRASHPRE_UNWIND_DWARF_RANGES_H

#include "unwind/dwarf/bytes.h"

/* What a unit says about its lists. Sections are borrowed. */
struct dwarf_range_unit {
        struct dwarf_bytes list; /* .debug_ranges up to version 4, then .debug_rnglists */
        struct dwarf_bytes addr; /* .debug_addr from the unit's first address on */
        uint64_t base;           /* DW_AT_low_pc of the unit */
        uint64_t lists_base;     /* where the table of lists for DW_FORM_rnglistx begins; added to offsets before 5 */
        uint8_t version, offset_size, address_size;
};

struct dwarf_range_cursor {
        const struct dwarf_range_unit *unit;
        struct dwarf_reader at;
        uint64_t base;
};

/* Number `index` of the unit's addresses. False: there is none. */
bool dwarf_range_address(const struct dwarf_range_unit *u, uint64_t index, uint64_t *addr);

/* The list at an offset of the section, or (`by_index`, DW_FORM_rnglistx) the one of that number. */
struct dwarf_range_cursor dwarf_ranges_begin(const struct dwarf_range_unit *u, uint64_t value, bool by_index);

/* The next range [*low, *high) that is not empty; false at the end or where the list is malformed. */
bool dwarf_ranges_next(struct dwarf_range_cursor *c, uint64_t *low, uint64_t *high);

#endif
