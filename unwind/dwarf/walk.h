/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/walk.h: which functions, and which calls inlined into them, hold some addresses of one unit. Private.
 *
 * One walk over the unit's tree answers all addresses wanted of it. It goes down only where one of them can be:
 * namespaces, and those functions, inlined calls and blocks whose ranges hold one. dwarf_getscopes() begins at the
 * root for every address and is 15 times slower.
 */
#ifndef CRASHPRE_UNWIND_DWARF_WALK_H
#define CRASHPRE_UNWIND_DWARF_WALK_H

#include "unwind/dwarf/ranges.h"

#include <elfutils/libdw.h>

struct dwarf_frame {
        Dwarf_Die die; /* DW_TAG_subprogram, or DW_TAG_inlined_subroutine */
        bool has_file;
        uint64_t call_file; /* of an inlined call: where it stands in the function around it */
        uint32_t call_line, call_column;
};

struct dwarf_chain {
        uint64_t addr;              /* in */
        struct dwarf_frame *frames; /* out, new: outermost first */
        size_t count, room;
        size_t physical; /* the function proper: frames before it are those it is nested in */
};

/* `chains` ascend by address. `unit` is the unit's root, `ranges` says how to read its lists. `types` enters classes
 * as well: functions may be defined in them (Rust, D). 0, -ENOMEM, or -EBADMSG: part of the tree is malformed, and the
 * answers are less for it. */
int dwarf_walk(Dwarf_Die *unit, const struct dwarf_range_unit *ranges, bool types, struct dwarf_chain *chains,
               size_t n);

/* The address range attributes of one DIE. */
struct dwarf_bounds {
        Dwarf_Attribute low, high, ranges; /* code 0: not there */
};

/* The value of an address attribute, whatever its form. */
bool dwarf_bounds_address(Dwarf_Attribute *a, const struct dwarf_range_unit *u, uint64_t *addr);

/* Calls `hit` with each range of the DIE. False: it has none. */
bool dwarf_bounds_each(struct dwarf_bounds *b, const struct dwarf_range_unit *u,
                       void (*hit)(void *ctx, uint64_t low, uint64_t high), void *ctx);

#endif
