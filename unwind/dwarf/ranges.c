/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/ranges.c: see ranges.h. */
#include "unwind/dwarf/ranges.h"

#include <dwarf.h>

bool dwarf_range_address(const struct dwarf_range_unit *u, uint64_t index, uint64_t *addr)
{
        struct dwarf_reader r;

        if (index > u->addr.size / u->address_size)
                return false;
        r = dwarf_reader_at(u->addr, index * u->address_size);
        *addr = dwarf_fixed(&r, u->address_size);
        return !r.bad;
}

struct dwarf_range_cursor dwarf_ranges_begin(const struct dwarf_range_unit *u, uint64_t value, bool by_index)
{
        struct dwarf_range_cursor c = { .unit = u, .base = u->base };

        if (by_index) {
                struct dwarf_reader r = dwarf_reader_at(u->list, u->lists_base);

                if (value > dwarf_left(&r) / u->offset_size)
                        r.bad = true;
                dwarf_skip(&r, value * u->offset_size);
                value = u->lists_base + dwarf_fixed(&r, u->offset_size);
                c.at = dwarf_reader_at(u->list, value);
                c.at.bad = c.at.bad || r.bad;
        } else {
                c.at = dwarf_reader_at(u->list, u->version < 5 ? value + u->lists_base : value);
        }
        return c;
}

static uint64_t indexed(struct dwarf_range_cursor *c)
{
        uint64_t addr = 0;

        if (!dwarf_range_address(c->unit, dwarf_uleb(&c->at), &addr))
                c->at.bad = true;
        return addr;
}

/* Reads one entry of .debug_rnglists (DWARF 5, 7.25). Returns false at the end of the list. Entries that are not a
 * range yield an empty one. */
static bool read_new(struct dwarf_range_cursor *c, uint64_t *low, uint64_t *high)
{
        uint8_t size = c->unit->address_size;

        *low = *high = 0;
        switch (dwarf_fixed(&c->at, 1)) {
        case DW_RLE_base_addressx:
                c->base = indexed(c);
                break;
        case DW_RLE_startx_endx:
                *low = indexed(c);
                *high = indexed(c);
                break;
        case DW_RLE_startx_length:
                *low = indexed(c);
                *high = *low + dwarf_uleb(&c->at);
                break;
        case DW_RLE_offset_pair:
                *low = c->base + dwarf_uleb(&c->at);
                *high = c->base + dwarf_uleb(&c->at);
                break;
        case DW_RLE_base_address:
                c->base = dwarf_fixed(&c->at, size);
                break;
        case DW_RLE_start_end:
                *low = dwarf_fixed(&c->at, size);
                *high = dwarf_fixed(&c->at, size);
                break;
        case DW_RLE_start_length:
                *low = dwarf_fixed(&c->at, size);
                *high = *low + dwarf_uleb(&c->at);
                break;
        default: /* DW_RLE_end_of_list, or unknown */
                return false;
        }
        return !c->at.bad;
}

/* Reads one entry of .debug_ranges (DWARF 4, 2.17.3). */
static bool read_old(struct dwarf_range_cursor *c, uint64_t *low, uint64_t *high)
{
        uint8_t size = c->unit->address_size;
        uint64_t select_base = size == 8 ? UINT64_MAX : UINT32_MAX;
        uint64_t first = dwarf_fixed(&c->at, size), second = dwarf_fixed(&c->at, size);

        *low = *high = 0;
        if (c->at.bad || (!first && !second))
                return false;
        if (first == select_base) {
                c->base = second;
        } else {
                *low = c->base + first;
                *high = c->base + second;
        }
        return true;
}

bool dwarf_ranges_next(struct dwarf_range_cursor *c, uint64_t *low, uint64_t *high)
{
        bool (*read)(struct dwarf_range_cursor *, uint64_t *, uint64_t *) = c->unit->version < 5 ? read_old : read_new;

        while (read(c, low, high))
                if (*low < *high)
                        return true;
        return false;
}
