/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/ranges.h: lists of address ranges (.debug_ranges, .debug_rnglists). Private to unwind/.
 * Async-signal-safe.
 *
 * libdw's dwarf_ranges() is not used: for a split unit it opens files itself, by names taken from the program's file
 * and not below the target's root.
 */
#ifndef CRASHPRE_UNWIND_DWARF_RANGES_H
#define CRASHPRE_UNWIND_DWARF_RANGES_H

#include "unwind/dwarf/bytes.h"

/* Properties of a unit that its lists depend on. Sections are borrowed. */
struct dwarf_range_unit {
        struct dwarf_bytes list; /* .debug_ranges up to version 4, then .debug_rnglists */
        struct dwarf_bytes addr; /* .debug_addr, starting at the unit's first address */
        uint64_t base;           /* DW_AT_low_pc of the unit */
        /* start of the table of lists for DW_FORM_rnglistx; added to offsets before version 5 */
        uint64_t lists_base;
        uint8_t version, offset_size, address_size;
};

struct dwarf_range_cursor {
        const struct dwarf_range_unit *unit;
        struct dwarf_reader at;
        uint64_t base;
};

/* Reads number `index` of the unit's addresses. Returns false if there is none. */
bool dwarf_range_address(const struct dwarf_range_unit *u, uint64_t index, uint64_t *addr);

/* Starts at the list at an offset of the section, or (`by_index`, DW_FORM_rnglistx) at the list of that number. `u`
 * is borrowed. */
struct dwarf_range_cursor dwarf_ranges_begin(const struct dwarf_range_unit *u, uint64_t value, bool by_index);

/* Reads the next non-empty range [*low, *high). Returns false at the end or if the list is malformed. */
bool dwarf_ranges_next(struct dwarf_range_cursor *c, uint64_t *low, uint64_t *high);

#endif
