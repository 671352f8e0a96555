/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/names.h: the name of a function in DWARF. Private to unwind/. Not async-signal-safe. */
#ifndef CRASHPRE_UNWIND_DWARF_NAMES_H
#define CRASHPRE_UNWIND_DWARF_NAMES_H

#include <elfutils/libdw.h>
#include <stdbool.h>

struct dwarf_name {
        const char *linkage; /* borrowed; NULL: not emitted by the compiler */
        const char *plain;   /* borrowed: DW_AT_name, NULL: none */
        bool declared;       /* the declaration is a separate DIE */
        Dwarf_Die named;     /* the DIE that has `plain`: the declaration if there is one */
};

/* Follows DW_AT_abstract_origin and DW_AT_specification, also into other units and the alternate file. */
struct dwarf_name dwarf_name_of(Dwarf_Die *die);

/* Returns `plain`, preceded by the namespaces and classes around its DIE ("a::b::f"; "a.b.f" in D), if the language
 * of the unit that uses it (`user` is one of its DIEs; shared units have no language) has such names. A function nested
 * in another one is "module.outer.inner" in D, and "outer::inner" in Fortran, as in gdb. New; NULL only if out of memory
 * or if there is no name. */
char *dwarf_name_qualified(const struct dwarf_name *name, Dwarf_Die *user);

/* Where the name of a function comes from, by the DW_AT_language of the unit of `user`. */
enum dwarf_naming {
        DWARF_NAMING_LINKAGE, /* the linkage name, demangled, contains the scopes and parameters: C++, Rust, D */
        DWARF_NAMING_SCOPES, /* DW_AT_name and the scopes around it: Fortran, where each compiler mangles differently; Pascal */
        DWARF_NAMING_GNAT, /* DW_AT_name, in which GNAT encodes the scopes: Ada */
};
enum dwarf_naming dwarf_naming(Dwarf_Die *user);

/* True if functions may be defined inside classes in the DW_AT_language of the unit. */
bool dwarf_language_nests(Dwarf_Die *unit);

#endif
