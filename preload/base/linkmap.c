/* SPDX-License-Identifier: MIT */
#include "preload/base/linkmap.h"
#include "preload/base/keep.h"
#include "preload/base/probe.h"
#include "preload/base/startup.h"

#include <elf.h>
#include <limits.h>
#include <link.h>

#define MAX_ENTRIES 32768 /* of any list: a corrupted one may be endless */

SEALED_DATA static const ElfW(auxv_t) *auxv = NULL;

void linkmap_remember(const ElfW(auxv_t) * vector)
{
        auxv = vector;
}

static uint64_t aux(uint64_t type)
{
        ElfW(auxv_t) a;

        for (unsigned i = 0; auxv && i < MAX_ENTRIES; i++) {
                if (probe_read(NULL, (uint64_t)(auxv + i), &a, sizeof(a)) < 0 || a.a_type == AT_NULL)
                        return 0;
                if (a.a_type == type)
                        return a.a_un.a_val;
        }
        return 0;
}

/* Finds a program header of the running program. */
static bool program_header(uint32_t type, ElfW(Phdr) * out)
{
        uint64_t at = aux(AT_PHDR), count = aux(AT_PHNUM);

        for (uint64_t i = 0; i < count && i < MAX_ENTRIES; i++)
                if (probe_read(NULL, at + i * sizeof(*out), out, sizeof(*out)) == 0 && out->p_type == type)
                        return true;
        return false;
}

/* The load bias of the program, from its PT_PHDR. */
static uint64_t program_bias(void)
{
        ElfW(Phdr) self;

        return program_header(PT_PHDR, &self) ? aux(AT_PHDR) - self.p_vaddr : 0;
}

/* The loader stores the address of its list in the program's DT_DEBUG (System V gABI, "Dynamic Section"). */
static uint64_t first_entry(void)
{
        ElfW(Phdr) dynamic;
        struct r_debug debug;
        ElfW(Dyn) d;

        if (!program_header(PT_DYNAMIC, &dynamic))
                return 0;
        for (unsigned i = 0; i < MAX_ENTRIES; i++) {
                uint64_t at = program_bias() + dynamic.p_vaddr + i * sizeof(d);

                if (probe_read(NULL, at, &d, sizeof(d)) < 0 || d.d_tag == DT_NULL)
                        return 0;
                if (d.d_tag == DT_DEBUG)
                        return probe_read(NULL, d.d_un.d_ptr, &debug, sizeof(debug)) < 0 ? 0 : (uint64_t)debug.r_map;
        }
        return 0;
}

bool linkmap_find_dynamic(uint64_t start, uint64_t end, uint64_t *bias, uint64_t *dynamic)
{
        uint64_t at = first_entry();
        struct link_map l;

        for (unsigned i = 0; at && i < MAX_ENTRIES && probe_read(NULL, at, &l, sizeof(l)) == 0; i++) {
                if ((uint64_t)l.l_ld >= start && (uint64_t)l.l_ld < end) {
                        *bias = l.l_addr;
                        *dynamic = (uint64_t)l.l_ld;
                        return true;
                }
                at = (uint64_t)l.l_next;
        }
        return false;
}

void linkmap_each(const struct cfi_space *space, void (*fn)(void *ctx, const struct image *image, const char *path),
                  void *ctx)
{
        uint64_t at = first_entry(), vdso = aux(AT_SYSINFO_EHDR);
        struct image image;
        struct link_map l;
        char path[PATH_MAX];

        for (unsigned i = 0; at && i < MAX_ENTRIES; i++, at = (uint64_t)l.l_next) {
                uint64_t base;

                if (probe_read(NULL, at, &l, sizeof(l)) < 0)
                        break;
                /* The program header table is in the program's first page; a library's first page is at its load
                 * address. */
                base = i ? l.l_addr : aux(AT_PHDR) & ~((uint64_t)keep_page_size() - 1);
                if (!base || base == vdso || image_read(space, base, &image) < 0)
                        continue;
                if (probe_string(i ? (uint64_t)l.l_name : aux(AT_EXECFN), path, sizeof(path)) < 0)
                        path[0] = 0;
                fn(ctx, &image, path);
        }
        if (vdso && image_read(space, vdso, &image) == 0)
                fn(ctx, &image, "[vdso]");
}
