/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/walk.h: finds the functions, and the calls inlined into them, that contain given addresses of one
 * unit. Private to unwind/. Not async-signal-safe.
 *
 * One walk over the unit's tree resolves all its wanted addresses. It enters only subtrees that may contain one:
 * namespaces, and functions, inlined calls and blocks whose ranges contain one. dwarf_getscopes() starts at the root
 * for every address and is 15 times slower.
 */
#ifndef CRASHPRE_UNWIND_DWARF_WALK_H
#define CRASHPRE_UNWIND_DWARF_WALK_H

#include "unwind/dwarf/ranges.h"

#include <elfutils/libdw.h>

struct dwarf_frame {
        Dwarf_Die die; /* DW_TAG_subprogram, or DW_TAG_inlined_subroutine */
        bool has_file;
        uint64_t call_file; /* of an inlined call: the call site in the enclosing function */
        uint32_t call_line, call_column;
};

struct dwarf_chain {
        uint64_t addr;              /* in */
        struct dwarf_frame *frames; /* out, new: outermost first */
        size_t count, room;
        size_t physical; /* index of the physical function: frames before it are those it is nested in */
};

/* `chains` ascend by address. `unit` is the unit's root, `ranges` describes its range lists. `types` also enters
 * classes: functions may be defined in them (Rust, D). Returns 0, -ENOMEM, or -EBADMSG: part of the tree is malformed
 * and results may be missing. */
int dwarf_walk(Dwarf_Die *unit, const struct dwarf_range_unit *ranges, bool types, struct dwarf_chain *chains,
               size_t n);

/* The address range attributes of one DIE. */
struct dwarf_bounds {
        Dwarf_Attribute low, high, ranges; /* code 0: missing */
};

/* Reads the value of an address attribute of any form. Returns false if it cannot be determined. */
bool dwarf_bounds_address(Dwarf_Attribute *a, const struct dwarf_range_unit *u, uint64_t *addr);

/* Calls `hit` with each range of the DIE. Returns false if it has none. */
bool dwarf_bounds_each(struct dwarf_bounds *b, const struct dwarf_range_unit *u,
                       void (*hit)(void *ctx, uint64_t low, uint64_t high), void *ctx);

#endif
