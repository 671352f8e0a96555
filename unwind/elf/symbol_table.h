/* SPDX-License-Identifier: MIT */
/* unwind/elf/symbol_table.h: which symbol names an address: gdb's choice, in one pass over a table for many addresses.
 * Private to unwind/.
 *
 * The rules were found by comparison with gdb 13 on libc, libstdc++, python3, bash, perl, sqlite3, node and ld.so,
 * with and without symbol tables: only symbols of the very section the address is in count; a symbol whose size
 * covers the address goes before a label without size that is nearer; without such a symbol the nearest label does,
 * unless a sized symbol lies between; past the end of all there is no name. Of several symbols of one size at one
 * address a global or weak one goes before a local one; then the one whose name comes last by strcmp() is taken.
 */
#ifndef CRASHPRE_UNWIND_SYMBOL_TABLE_H
#define CRASHPRE_UNWIND_SYMBOL_TABLE_H

#include "unwind/elf/elf_file.h"
#include "unwind/target/target.h"

struct symbol_candidate {
        bool set, global; /* or weak; an indirect function counts as local here */
        uint64_t addr, size;
        uint64_t name; /* offset of its name in the string table */
};

/* One address. `vaddr` is set by the caller, `name` zeroed; the wants ascend by vaddr. */
struct symbol_want {
        uint64_t vaddr;
        char *name;    /* out: new; NULL: none */
        uint64_t addr; /* out: virtual address of the symbol */
        /* Private to the search. */
        size_t section;
        struct symbol_candidate covering, sized, label;
};

/* Looks into .symtab or .dynsym of `f`; n > 0. An answer replaces an earlier one (from another file of the same
 * module) if its symbol is nearer. 0 or -ENOMEM. */
enum symbol_table_kind { SYMBOL_TABLE_FULL, SYMBOL_TABLE_DYNAMIC };
bool symbol_table_present(const struct elf_file *f, enum symbol_table_kind kind);
int symbol_table_search(const struct elf_file *f, enum symbol_table_kind kind, struct symbol_want *wants, size_t n);

/* The same from .dynsym in the target's memory, for files that cannot be had. */
int symbol_table_search_memory(struct target *t, const struct module *m, struct symbol_want *wants, size_t n);

/* Names those addresses that stand in stubs of the procedure linkage table: "puts@plt". */
int symbol_table_search_plt(const struct elf_file *f, struct symbol_want *wants, size_t n);

#endif
