/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/unit.c: see unit.h. */
#include "unwind/dwarf/unit.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>

struct root {
        Dwarf_Attribute low, high, ranges, lines, comp_dir, dwo_name, dwo_id;
        Dwarf_Attribute addr_base, lists_base, old_ranges_base;
};

static int keep(Dwarf_Attribute *a, void *ctx)
{
        struct root *r = ctx;

        switch (a->code) {
        case DW_AT_low_pc:
                r->low = *a;
                break;
        case DW_AT_high_pc:
                r->high = *a;
                break;
        case DW_AT_ranges:
                r->ranges = *a;
                break;
        case DW_AT_stmt_list:
                r->lines = *a;
                break;
        case DW_AT_comp_dir:
                r->comp_dir = *a;
                break;
        case DW_AT_dwo_name:
        case DW_AT_GNU_dwo_name:
                r->dwo_name = *a;
                break;
        case DW_AT_GNU_dwo_id:
                r->dwo_id = *a;
                break;
        case DW_AT_addr_base:
        case DW_AT_GNU_addr_base:
                r->addr_base = *a;
                break;
        case DW_AT_rnglists_base:
                r->lists_base = *a;
                break;
        case DW_AT_GNU_ranges_base:
                r->old_ranges_base = *a;
                break;
        }
        return DWARF_CB_OK;
}

static uint64_t number(Dwarf_Attribute *a, uint64_t otherwise)
{
        Dwarf_Word v;

        return a->code && dwarf_formudata(a, &v) == 0 ? v : otherwise;
}

static struct dwarf_bytes tail(struct dwarf_bytes b, uint64_t offset)
{
        if (offset >= b.size)
                return (struct dwarf_bytes){ 0 };
        return (struct dwarf_bytes){ .data = b.data + offset, .size = b.size - (size_t)offset };
}

/* Without the attribute the tables of a section begin after its header (DWARF 5, 7.26 to 7.28). */
static uint64_t after_header(uint8_t offset_size, bool counted)
{
        return (offset_size == 8 ? 16u : 8u) + (counted ? 4u : 0u);
}

bool dwarf_unit_read(struct dwarf_unit *u, const struct dwarf_image *image, Dwarf_Die *die)
{
        struct root r = { 0 };
        Dwarf_Half version;
        uint8_t type, address_size, offset_size;
        uint64_t low;

        if (dwarf_tag(die) != DW_TAG_compile_unit && dwarf_tag(die) != DW_TAG_skeleton_unit)
                return false;
        *u = (struct dwarf_unit){ .die = *die };
        if (dwarf_cu_info(die->cu, &version, &type, NULL, NULL, &u->dwo_id, &address_size, &offset_size))
                return false;
        dwarf_getattrs(die, keep, &r, 0);
        u->bounds = (struct dwarf_bounds){ .low = r.low, .high = r.high, .ranges = r.ranges };
        u->ranges = (struct dwarf_range_unit){
                .list = image->section[version < 5 ? DWARF_RANGES : DWARF_RNGLISTS],
                .addr = tail(image->section[DWARF_ADDR],
                             number(&r.addr_base, version < 5 ? 0 : after_header(offset_size, false))),
                .lists_base = version < 5 ? 0 : number(&r.lists_base, after_header(offset_size, true)),
                .version = (uint8_t)version,
                .offset_size = offset_size,
                .address_size = address_size,
        };
        if (r.low.code && dwarf_bounds_address(&r.low, &u->ranges, &low))
                u->ranges.base = low;
        u->comp_dir = r.comp_dir.code ? dwarf_formstring(&r.comp_dir) : NULL;
        u->has_lines = r.lines.code != 0;
        u->lines = number(&r.lines, UINT64_MAX);
        u->dwo_name = r.dwo_name.code ? dwarf_formstring(&r.dwo_name) : NULL;
        u->dwo_id = number(&r.dwo_id, u->dwo_id);
        u->dwo_ranges_base = number(&r.old_ranges_base, 0);
        return address_size == 8 || address_size == 4;
}

/* ---- split units ---- */

static bool is_split_of(Dwarf_Die *die, Dwarf_CU *cu, const struct dwarf_unit *u)
{
        struct root r = { 0 };
        uint64_t id = 0;
        Dwarf_Half version = 0;

        if (dwarf_tag(die) != DW_TAG_compile_unit)
                return false;
        dwarf_cu_info(cu, &version, NULL, NULL, NULL, &id, NULL, NULL);
        if (version < 5) {
                dwarf_getattrs(die, keep, &r, 0);
                id = number(&r.dwo_id, 0);
        }
        return id == u->dwo_id;
}

/* Offsets between sections of a .dwo file are relative to their starts; addresses are in the program's file, and so
 * are ranges up to version 4. */
static int open_split(struct dwarf_split *s, const struct dwarf_unit *u, struct dwarf_source src[DWARF_SECTIONS],
                      uint64_t max)
{
        Dwarf_CU *cu = NULL;
        int err;

        err = dwarf_image_open(&s->image, src, max);
        if (err)
                return err;
        s->ranges = u->ranges;
        if (u->ranges.version < 5) {
                s->ranges.lists_base = u->dwo_ranges_base;
        } else {
                s->ranges.list = s->image.section[DWARF_RNGLISTS];
                s->ranges.lists_base = after_header(u->ranges.offset_size, true);
        }
        while (dwarf_get_units(s->image.dwarf, cu, &cu, NULL, NULL, &s->die, NULL) == 0)
                if (is_split_of(&s->die, cu, u))
                        return 0;
        dwarf_image_close(&s->image);
        return -ENOENT;
}

static const enum dwarf_section split_sections[] = { DWARF_INFO, DWARF_ABBREV, DWARF_STR, DWARF_STR_OFFSETS,
                                                     DWARF_RNGLISTS };
enum { SPLIT_SECTIONS = sizeof(split_sections) / sizeof(split_sections[0]) };

int dwarf_split_from_dwo(struct dwarf_split *s, const struct dwarf_unit *u, const struct elf_file *dwo, uint64_t max)
{
        struct dwarf_source src[DWARF_SECTIONS] = { 0 };

        *s = (struct dwarf_split){ 0 };
        for (size_t i = 0; i < SPLIT_SECTIONS; i++)
                src[split_sections[i]] = dwarf_image_source(dwo, split_sections[i], true);
        return open_split(s, u, src, max);
}

/* ---- .dwp (DWARF 5, 7.3.5; version 2 is GNU's, gcc.gnu.org/wiki/DebugFissionDWP) ---- */

struct dwp_index {
        uint32_t version, columns, units, slots;
        struct dwarf_reader ids, rows; /* hash table: signatures, and row numbers from 1 */
        struct dwarf_reader names;     /* the section of each column */
        struct dwarf_reader offsets, sizes;
};

static struct dwarf_reader part_of(struct dwarf_reader *r, uint64_t size)
{
        struct dwarf_reader part = *r;

        dwarf_skip(r, size);
        part.bad = r->bad;
        part.end = r->bad ? part.at : part.at + size;
        return part;
}

static bool read_index(struct dwp_index *x, struct dwarf_bytes bytes)
{
        struct dwarf_reader r = dwarf_reader_at(bytes, 0);

        x->version = (uint32_t)dwarf_fixed(&r, 4);
        if ((x->version & 0xffff) == 5)
                x->version = 5; /* two bytes, and two of padding */
        x->columns = (uint32_t)dwarf_fixed(&r, 4);
        x->units = (uint32_t)dwarf_fixed(&r, 4);
        x->slots = (uint32_t)dwarf_fixed(&r, 4);
        x->ids = part_of(&r, (uint64_t)x->slots * 8);
        x->rows = part_of(&r, (uint64_t)x->slots * 4);
        if (x->columns > 16)
                return false;
        x->names = part_of(&r, (uint64_t)x->columns * 4);
        x->offsets = part_of(&r, (uint64_t)x->columns * x->units * 4);
        x->sizes = part_of(&r, (uint64_t)x->columns * x->units * 4);
        return !r.bad && (x->version == 2 || x->version == 5);
}

/* A linear search of the slots is sufficient for the few units that a report needs. */
static uint32_t find_row(const struct dwp_index *x, uint64_t id)
{
        struct dwarf_reader ids = x->ids, rows = x->rows;

        for (uint32_t i = 0; i < x->slots; i++) {
                uint64_t slot = dwarf_fixed(&ids, 8);
                uint32_t row = (uint32_t)dwarf_fixed(&rows, 4);

                if (slot == id && row && row <= x->units)
                        return row;
        }
        return 0;
}

static int column_section(const struct dwp_index *x, uint32_t name)
{
        switch (name) {
        case 1:
                return DWARF_INFO;
        case 3:
                return DWARF_ABBREV;
        case 6:
                return DWARF_STR_OFFSETS;
        case 8:
                return x->version == 5 ? DWARF_RNGLISTS : -1;
        default:
                return -1;
        }
}

static void slice(const struct dwp_index *x, uint32_t row, struct dwarf_source src[DWARF_SECTIONS])
{
        struct dwarf_reader names = x->names, offsets = x->offsets, sizes = x->sizes;

        dwarf_skip(&offsets, (uint64_t)(row - 1) * x->columns * 4);
        dwarf_skip(&sizes, (uint64_t)(row - 1) * x->columns * 4);
        for (uint32_t i = 0; i < x->columns; i++) {
                int kind = column_section(x, (uint32_t)dwarf_fixed(&names, 4));
                uint64_t offset = dwarf_fixed(&offsets, 4), size = dwarf_fixed(&sizes, 4);

                if (kind < 0)
                        continue;
                src[kind].sliced = true;
                src[kind].offset = offset;
                src[kind].size = size;
        }
}

int dwarf_split_from_dwp(struct dwarf_split *s, const struct dwarf_unit *u, const struct elf_file *dwp, uint64_t max)
{
        const Elf64_Shdr *section = elf_file_section(dwp, ".debug_cu_index");
        struct dwarf_source src[DWARF_SECTIONS] = { 0 };
        struct dwarf_bytes bytes;
        struct dwp_index index;
        uint8_t *data;
        uint32_t row;

        *s = (struct dwarf_split){ 0 };
        if (!section || section->sh_size > max || elf_file_contents(dwp, section, &data, &bytes.size))
                return -ENOENT;
        bytes.data = data;
        row = read_index(&index, bytes) ? find_row(&index, u->dwo_id) : 0;
        for (size_t i = 0; row && i < SPLIT_SECTIONS; i++)
                src[split_sections[i]] = dwarf_image_source(dwp, split_sections[i], true);
        if (row)
                slice(&index, row, src);
        free(data);
        if (!row)
                return -ENOENT;
        return open_split(s, u, src, max);
}
