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

/* What the kernel told the program (getauxval(3)); 0: nothing. */
struct told {
        uint64_t phdr, phnum, execfn, vdso;
};

static struct told read_auxv(void)
{
        struct told t = { 0 };
        ElfW(auxv_t) a;

        for (unsigned i = 0; auxv && i < MAX_ENTRIES; i++) {
                if (probe_read(NULL, (uint64_t)(auxv + i), &a, sizeof(a)) < 0 || a.a_type == AT_NULL)
                        break;
                if (a.a_type == AT_PHDR)
                        t.phdr = a.a_un.a_val;
                else if (a.a_type == AT_PHNUM)
                        t.phnum = a.a_un.a_val;
                else if (a.a_type == AT_EXECFN)
                        t.execfn = a.a_un.a_val;
                else if (a.a_type == AT_SYSINFO_EHDR)
                        t.vdso = a.a_un.a_val;
        }
        return t;
}

/* Returns the address of the running program's dynamic section, 0 if it has none. */
static uint64_t program_dynamic(const struct told *t)
{
        uint64_t bias = 0, dynamic = 0; /* the load bias, from PT_PHDR */
        ElfW(Phdr) p;

        for (uint64_t i = 0; i < t->phnum && i < MAX_ENTRIES; i++) {
                if (probe_read(NULL, t->phdr + i * sizeof(p), &p, sizeof(p)))
                        continue;
                if (p.p_type == PT_PHDR)
                        bias = t->phdr - p.p_vaddr;
                else if (p.p_type == PT_DYNAMIC)
                        dynamic = p.p_vaddr;
        }
        return dynamic ? bias + dynamic : 0;
}

/* The loader stores the address of its list in the program's DT_DEBUG (System V gABI, "Dynamic Section"). */
static uint64_t first_entry(const struct told *t)
{
        uint64_t at = program_dynamic(t);
        struct r_debug debug;
        ElfW(Dyn) d;

        for (unsigned i = 0; at && i < MAX_ENTRIES; i++, at += sizeof(d)) {
                if (probe_read(NULL, at, &d, sizeof(d)) < 0 || d.d_tag == DT_NULL)
                        return 0;
                if (d.d_tag == DT_DEBUG)
                        return probe_read(NULL, d.d_un.d_ptr, &debug, sizeof(debug)) < 0 ? 0 : (uint64_t)debug.r_map;
        }
        return 0;
}

bool linkmap_find_dynamic(uint64_t start, uint64_t end, uint64_t *bias, uint64_t *dynamic)
{
        struct told told = read_auxv();
        uint64_t at = first_entry(&told);
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
        struct told told = read_auxv();
        uint64_t at = first_entry(&told), vdso = told.vdso;
        struct image image;
        struct link_map l;
        char path[PATH_MAX];

        for (unsigned i = 0; at && i < MAX_ENTRIES; i++, at = (uint64_t)l.l_next) {
                uint64_t base;

                if (probe_read(NULL, at, &l, sizeof(l)) < 0)
                        break;
                /* The program header table is in the program's first page; a library's first page is at its load
                 * address. */
                base = i ? l.l_addr : told.phdr & ~((uint64_t)keep_page_size() - 1);
                if (!base || base == vdso || image_read(space, base, &image) < 0)
                        continue;
                if (probe_string(i ? (uint64_t)l.l_name : told.execfn, path, sizeof(path)) < 0)
                        path[0] = 0;
                fn(ctx, &image, path);
        }
        if (vdso && image_read(space, vdso, &image) == 0)
                fn(ctx, &image, "[vdso]");
}
