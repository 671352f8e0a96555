/* SPDX-License-Identifier: MIT */
/* unwind/symbols/jit.c: names of code made at run time, from the ELF images that a program keeps in its memory for gdb: a list at the
 * exported variable __jit_debug_descriptor ("JIT Compilation Interface" in the manual of gdb; LLVM has it).
 *
 * Images and list are the program's, and may be damaged: they are copied, and number and size are bounded. */
#include "unwind/core/image/dynsym.h"
#include "unwind/elf/demangle.h"
#include "unwind/elf/symbol_table.h"
#include "unwind/symbols/internal.h"
#include "unwind/target/clock.h"
#include "unwind/target/modules.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
        ENTRIES = 65536,
        IMAGE_MAX = 16 << 20, /* bytes of one image, and of all together: */
        ALL_MAX = 256 << 20,
};

/* gdb's struct jit_descriptor and struct jit_code_entry. */
struct descriptor {
        uint32_t version, action;
        uint64_t relevant, first;
};
struct code_entry {
        uint64_t next, previous, image, size;
};

/* The section headers of a relocatable file contain run-time addresses here, its symbols offsets in their sections. */
static void relocate_symbols(uint8_t *image, uint64_t size)
{
        Elf64_Ehdr e;

        memcpy(&e, image, sizeof(e));
        if (e.e_type != ET_REL || e.e_shentsize != sizeof(Elf64_Shdr) || e.e_shoff > size ||
            e.e_shnum > (size - e.e_shoff) / sizeof(Elf64_Shdr))
                return;
        for (size_t i = 0; i < e.e_shnum; i++) {
                Elf64_Shdr table, section;

                memcpy(&table, image + e.e_shoff + i * sizeof(table), sizeof(table));
                if (table.sh_type != SHT_SYMTAB || table.sh_offset > size || table.sh_size > size - table.sh_offset)
                        continue;
                for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= table.sh_size; at += sizeof(Elf64_Sym)) {
                        Elf64_Sym s;

                        memcpy(&s, image + table.sh_offset + at, sizeof(s));
                        if (!s.st_shndx || s.st_shndx >= e.e_shnum)
                                continue;
                        memcpy(&section, image + e.e_shoff + s.st_shndx * sizeof(section), sizeof(section));
                        s.st_value += section.sh_addr;
                        memcpy(image + table.sh_offset + at, &s, sizeof(s));
                }
        }
}

static int name_from(const struct elf_file *f, struct symbol_query *q, uint64_t deadline_ns)
{
        struct symbol_want want = { .vaddr = q->addr };
        int err = symbol_table_search(f, SYMBOL_TABLE_FULL, &want, 1, deadline_ns);

        if (!err && want.name && !want.is_data) {
                q->symbol = strdup(want.name);
                q->function = demangle(want.name);
                q->offset = q->addr - want.addr;
                if (!q->symbol || !q->function)
                        err = -ENOMEM;
        }
        free(want.name);
        return err == -ENOMEM ? err : 0;
}

static int use_image(struct symbols *s, const struct code_entry *entry, struct symbol_query **q, size_t n,
                     uint64_t deadline_ns)
{
        uint8_t *copy = malloc(entry->size);
        struct elf_file f;
        int err = 0;

        if (!copy)
                return -ENOMEM;
        if (target_read(s->t, entry->image, copy, entry->size)) {
                free(copy);
                return 0;
        }
        relocate_symbols(copy, entry->size);
        if (elf_file_open_memory(&f, copy, entry->size))
                return 0;
        for (size_t i = 0; !err && i < n; i++)
                if (!q[i]->function && elf_file_section_at(&f, q[i]->addr))
                        err = name_from(&f, q[i], deadline_ns);
        elf_file_close(&f);
        return err;
}

static int use_list(struct symbols *s, uint64_t descriptor, struct symbol_query **q, size_t n)
{
        uint64_t deadline_ns = clock_share(s->deadline_ns), at, all = 0;
        struct code_entry entry;
        struct descriptor d;
        int err = 0;

        if (target_read(s->t, descriptor, &d, sizeof(d)) || d.version != 1)
                return 0;
        at = d.first;
        for (unsigned i = 0; !err && at && i < ENTRIES && !clock_is_past(deadline_ns); i++, at = entry.next) {
                if (target_read(s->t, at, &entry, sizeof(entry)))
                        break;
                if (entry.size < sizeof(Elf64_Ehdr) || entry.size > IMAGE_MAX || (all += entry.size) > ALL_MAX)
                        continue;
                err = use_image(s, &entry, q, n, deadline_ns);
        }
        return err;
}

int symbols_jit(struct symbols *s, struct symbol_query **q, size_t n)
{
        struct cfi_space space = modules_space(s->t);
        struct dynsym variable;
        int err = 0;

        for (size_t i = 0; !err && i < s->t->modules.n; i++) {
                const struct image *image = &s->t->modules.v[i].image;

                if (image->base && !dynsym_find(&space, image, "__jit_debug_descriptor", &variable))
                        err = use_list(s, variable.addr, q, n);
        }
        return err;
}
