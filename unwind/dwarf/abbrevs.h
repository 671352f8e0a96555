/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/abbrevs.h: abbreviations of one unit, kept by their codes. Private to unwind/.
 *
 * Millions of DIEs share some hundred abbreviations, and libdw takes a lock to look one up. It does not where the DIE
 * has it already: dwarf_abbrevs_see() gives it to the DIE, and says what the walks need to know of it.
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
        bool placed; /* may have addresses: declarations and abstract functions, which are most, have none */
};

struct dwarf_abbrevs {
        Dwarf_CU *cu; /* of this unit */
        struct dwarf_abbrev seen[DWARF_ABBREVS];
};

static inline struct dwarf_abbrev dwarf_abbrevs_see(struct dwarf_abbrevs *a, Dwarf_Die *die)
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
