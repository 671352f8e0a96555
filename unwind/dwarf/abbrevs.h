/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/abbrevs.h: cache of the abbreviations of one unit, indexed by their codes. Private to unwind/.
 *
 * Millions of DIEs share some hundred abbreviations, and libdw takes a lock for each look-up unless the DIE already
 * has its abbreviation: dwarf_abbrevs_lookup() sets it in the DIE, and returns the properties that the walks use.
 */
#ifndef CRASHPRE_UNWIND_DWARF_ABBREVS_H
#define CRASHPRE_UNWIND_DWARF_ABBREVS_H

#include "unwind/dwarf/bytes.h"

#include <dwarf.h>
#include <elfutils/libdw.h>

enum { DWARF_ABBREVS = 512 };

struct dwarf_abbrev {
        Dwarf_Abbrev *abbrev;
        int tag;
        bool placed; /* may have addresses: declarations and abstract functions, the majority, have none */
};

struct dwarf_abbrevs {
        Dwarf_CU *cu; /* the unit of the cache */
        struct dwarf_abbrev seen[DWARF_ABBREVS];
};

/* Sets the abbreviation of `die` and returns its properties. A DIE of another unit clears the cache. Not
 * async-signal-safe. */
static inline struct dwarf_abbrev dwarf_abbrevs_lookup(struct dwarf_abbrevs *a, Dwarf_Die *die)
{
        struct dwarf_reader r = { .at = die->addr, .end = (const uint8_t *)die->addr + 10 };
        uint64_t code = dwarf_uleb(&r);
        struct dwarf_abbrev s;

        if (a->cu != die->cu) {
                memset(a, 0, sizeof(*a));
                a->cu = die->cu;
        }
        if (code < DWARF_ABBREVS && a->seen[code].abbrev) {
                die->abbrev = a->seen[code].abbrev;
                return a->seen[code];
        }
        s.tag = dwarf_tag(die);
        s.placed = dwarf_hasattr(die, DW_AT_low_pc) || dwarf_hasattr(die, DW_AT_ranges);
        s.abbrev = die->abbrev;
        if (code < DWARF_ABBREVS && s.tag != DW_TAG_invalid)
                a->seen[code] = s;
        return s;
}

#endif
