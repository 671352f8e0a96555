/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/names.h: what a function is called in DWARF. Private to unwind/. */
#ifndef CRASHPRE_UNWIND_DWARF_NAMES_H
#define CRASHPRE_UNWIND_DWARF_NAMES_H

#include <elfutils/libdw.h>
#include <stdbool.h>

struct dwarf_name {
        const char *linkage; /* borrowed; NULL: the compiler did not say */
        const char *plain;   /* borrowed: DW_AT_name, NULL: nameless */
        bool declared;       /* the declaration is apart from it */
        Dwarf_Die named;     /* the DIE that has `plain`: that of the declaration where there is one */
};

/* Follows DW_AT_abstract_origin and DW_AT_specification, into other units and the alternate file too. */
struct dwarf_name dwarf_name_of(Dwarf_Die *die);

/* `plain` with the namespaces and classes around its DIE before it ("a::b::f"; "a.b.f" in D), where the language of
 * the unit that uses it (`user` is a DIE of it; shared units say none) has such names. New; NULL only without memory or
 * name. */
char *dwarf_name_qualified(const struct dwarf_name *name, Dwarf_Die *user);

/* DW_AT_language of a unit: are functions defined inside classes there? */
bool dwarf_language_nests(Dwarf_Die *unit);

#endif
