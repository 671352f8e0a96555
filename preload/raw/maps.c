/* SPDX-License-Identifier: MIT */
#include "unwind/core/image/maps.h"
#include "preload/raw/line.h"
#include "preload/raw/sections.h"
#include "unwind/core/terms/raw_format.h"

static struct sigsafe_out *const out = &raw.out;

void rawsection_modules(void)
{
        sigsafe_str(out, RAW_SECTION_MODULES "\n");
        for (size_t i = 0; i < raw.modules->module_count; i++) {
                const struct modmap_module *m = &raw.modules->module[i];

                sigsafe_hex(out, m->start);
                sigsafe_char(out, ' ');
                sigsafe_hex(out, m->end);
                sigsafe_char(out, ' ');
                if (m->image.build_id_len)
                        sigsafe_hex_bytes(out, m->image.build_id, m->image.build_id_len);
                else
                        sigsafe_char(out, '-');
                sigsafe_char(out, ' ');
                sigsafe_path(out, m->path, m->path_len);
                sigsafe_char(out, '\n');
        }
        if (raw.modules->truncated)
                crash_note(raw.crash, "there are more mappings than the list of modules has room for", NULL, 0);
}

static void put_range(const struct memmap_range *r)
{
        static const char letters[] = "rwx";

        sigsafe_hex(out, r->start);
        sigsafe_char(out, '-');
        sigsafe_hex(out, r->end);
        sigsafe_char(out, ' ');
        for (unsigned i = 0; i < 3; i++)
                sigsafe_char(out, r->perms & 1u << i ? letters[i] : '-');
        sigsafe_char(out, r->perms & MAPS_SHARED ? 's' : 'p');
        sigsafe_char(out, ' ');
        sigsafe_hex(out, r->offset);
        sigsafe_char(out, ' ');
        sigsafe_path(out, r->path, r->path_len);
        sigsafe_char(out, '\n');
}

/* If the map is truncated, writes the ranges that frames and registers point to first. */
static void put_named_ranges(void)
{
        const struct memmap_range *last = NULL;

        for (uint32_t i = 0; i < raw.crash->wire.frame_count + ARCH_DWARF_REGS; i++) {
                uint64_t addr = i < ARCH_DWARF_REGS ? raw.crash->wire.regs.v[i]
                                                    : raw.crash->wire.frames[i - ARCH_DWARF_REGS].pc;
                const struct memmap_range *r = memmap_find(raw.map, addr);

                if (r && r != last && (r->path < raw.map->text || r->path >= raw.map->text + raw.map->text_len))
                        put_range(r);
                last = r;
        }
}

void rawsection_maps(void)
{
        sigsafe_str(out, RAW_SECTION_MAPS "\n");
        if (raw.map->lines_omitted)
                put_named_ranges();
        sigsafe_lines(out, raw.map->text, raw.map->text_len);
        if (raw.map->error)
                rawline_dec(RAW_KEY_ERROR, -raw.map->error);
        if (raw.map->lines_omitted)
                rawline_dec(RAW_KEY_OMITTED, (int64_t)raw.map->lines_omitted);
}
