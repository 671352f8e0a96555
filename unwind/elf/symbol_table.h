/* SPDX-License-Identifier: MIT */
/* unwind/elf/symbol_table.h: finds the symbol of an address as gdb does, in one pass over a table for many addresses.
 * Private to unwind/. Not async-signal-safe.
 *
 * The rules were determined by comparison with gdb 13 on libc, libstdc++, python3, bash, perl, sqlite3, node and
 * ld.so, with and without symbol tables: only symbols of the section that contains the address are considered; a
 * symbol whose size covers the address is preferred to a nearer label without size; without such a symbol the nearest
 * label is used, unless a sized symbol is between it and the address; past the end of all symbols there is no name.
 * Of several symbols of one size at one address a global or weak one is preferred to a local one; then the one whose
 * name is the last by strcmp() is used. An address in a section without code has the name of the object there: data was called.
 */
#ifndef CRASHPRE_UNWIND_SYMBOL_TABLE_H
#define CRASHPRE_UNWIND_SYMBOL_TABLE_H

#include "unwind/elf/elf_file.h"
#include "unwind/target/target.h"

struct symbol_candidate {
        bool set, global; /* or weak; an indirect function counts as local */
        uint64_t addr, size;
        uint64_t name; /* offset of its name in the string table */
};

/* One address. The caller sets `vaddr` and zeroes `name` and `is_data`; the wants are in ascending order of vaddr. */
struct symbol_want {
        uint64_t vaddr;
        char *name;    /* out: new; NULL: none */
        uint64_t addr; /* out: virtual address of the symbol */
        bool is_data;  /* out: the address is in a section without code, and the symbol that of an object */
        /* Used by the search only. */
        size_t section;
        struct symbol_candidate covering, sized, label;
};

/* Searches .symtab or .dynsym of `f`; n > 0. A symbol replaces one found earlier (in another file of the same module)
 * if it is nearer. Returns 0, -ENOMEM, or -ETIME: `deadline_ns` (CLOCK_MONOTONIC; 0: none) passed, and the symbols of that
 * table are not used. The same holds for the other searches. */
enum symbol_table_kind { SYMBOL_TABLE_FULL, SYMBOL_TABLE_DYNAMIC };
/* True if `f` has that table. */
bool symbol_table_present(const struct elf_file *f, enum symbol_table_kind kind);
int symbol_table_search(const struct elf_file *f, enum symbol_table_kind kind, struct symbol_want *wants, size_t n,
                        uint64_t deadline_ns);

/* Like symbol_table_search(), on .dynsym in the target's memory, for files that are not accessible. */
int symbol_table_search_memory(struct target *t, const struct module *m, struct symbol_want *wants, size_t n,
                               uint64_t deadline_ns);

/* True if the table has a symbol, defined or not, whose name begins with `prefix` (up to 31 characters). Searches the
 * names as text: reading each symbol takes 20 times as long. Gives up at `deadline_ns`. */
bool symbol_table_mentions(const struct elf_file *f, enum symbol_table_kind kind, const char *prefix,
                           uint64_t deadline_ns);

/* Names the addresses in stubs of the procedure linkage table: "puts@plt". */
int symbol_table_search_plt(const struct elf_file *f, struct symbol_want *wants, size_t n, uint64_t deadline_ns);

#endif
