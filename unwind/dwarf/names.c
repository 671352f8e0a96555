/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/names.c: see names.h. */
#include "unwind/dwarf/names.h"
#include "unwind/dwarf/abbrevs.h"

#include <dwarf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
        MAX_REFERENCES = 16, /* from a concrete function to its declaration; 3 in practice */
        MAX_SCOPES = 64,
        MAX_NAME = 1 << 16,
};

/* ---- one function ---- */

struct references {
        Dwarf_Attribute linkage, name, origin, specification;
};

static int keep_reference(Dwarf_Attribute *a, void *ctx)
{
        struct references *r = ctx;

        switch (a->code) {
        case DW_AT_linkage_name:
        case DW_AT_MIPS_linkage_name:
                r->linkage = *a;
                break;
        case DW_AT_name:
                r->name = *a;
                break;
        case DW_AT_abstract_origin:
                r->origin = *a;
                break;
        case DW_AT_specification:
                r->specification = *a;
                break;
        }
        return DWARF_CB_OK;
}

static const char *text(Dwarf_Attribute *a)
{
        const char *s = a->code ? dwarf_formstring(a) : NULL;

        return s && *s ? s : NULL;
}

struct dwarf_name dwarf_name_of(Dwarf_Die *die)
{
        struct dwarf_name n = { .named = *die };
        Dwarf_Die at = *die;

        for (int i = 0; i < MAX_REFERENCES; i++) {
                struct references r = { 0 };
                Dwarf_Die next;

                dwarf_getattrs(&at, keep_reference, &r, 0);
                n.linkage = text(&r.linkage);
                if (!n.plain)
                        n.plain = text(&r.name);
                n.named = at;
                n.declared |= r.specification.code != 0;
                if (n.linkage || !(r.origin.code || r.specification.code) ||
                    !dwarf_formref_die(r.origin.code ? &r.origin : &r.specification, &next))
                        break;
                at = next;
        }
        return n;
}

/* ---- what is around it ---- */

/* Codes that the dwarf.h of elfutils 0.188 does not have (dwarfstd.org/languages.html). */
enum { LANG_C_PLUS_PLUS_17 = 0x2a, LANG_C_PLUS_PLUS_20 = 0x2b, LANG_FORTRAN_18 = 0x2d, LANG_ADA_2005, LANG_ADA_2012 };

static const struct language {
        int code;
        const char *separator;
        bool joined; /* the name of a nested function contains all that is around the outer one */
        enum dwarf_naming naming;
} languages[] = {
        { DW_LANG_C_plus_plus, "::", false, DWARF_NAMING_LINKAGE },
        { DW_LANG_C_plus_plus_03, "::", false, DWARF_NAMING_LINKAGE },
        { DW_LANG_C_plus_plus_11, "::", false, DWARF_NAMING_LINKAGE },
        { DW_LANG_C_plus_plus_14, "::", false, DWARF_NAMING_LINKAGE },
        { LANG_C_PLUS_PLUS_17, "::", false, DWARF_NAMING_LINKAGE },
        { LANG_C_PLUS_PLUS_20, "::", false, DWARF_NAMING_LINKAGE },
        { DW_LANG_Rust, "::", false, DWARF_NAMING_LINKAGE },
        { DW_LANG_D, ".", true, DWARF_NAMING_LINKAGE },
        { DW_LANG_Fortran77, "::", false, DWARF_NAMING_SCOPES },
        { DW_LANG_Fortran90, "::", false, DWARF_NAMING_SCOPES },
        { DW_LANG_Fortran95, "::", false, DWARF_NAMING_SCOPES },
        { DW_LANG_Fortran03, "::", false, DWARF_NAMING_SCOPES },
        { DW_LANG_Fortran08, "::", false, DWARF_NAMING_SCOPES },
        { LANG_FORTRAN_18, "::", false, DWARF_NAMING_SCOPES },
        { DW_LANG_Pascal83, NULL, false, DWARF_NAMING_SCOPES },
        { DW_LANG_Ada83, NULL, false, DWARF_NAMING_GNAT },
        { DW_LANG_Ada95, NULL, false, DWARF_NAMING_GNAT },
        { LANG_ADA_2005, NULL, false, DWARF_NAMING_GNAT },
        { LANG_ADA_2012, NULL, false, DWARF_NAMING_GNAT },
};

static const struct language *language_of(Dwarf_Die *user)
{
        static const struct language unknown = { .naming = DWARF_NAMING_LINKAGE };
        Dwarf_Die unit;
        int code = dwarf_diecu(user, &unit, NULL, NULL) ? dwarf_srclang(&unit) : -1;

        for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++)
                if (languages[i].code == code)
                        return &languages[i];
        return &unknown;
}

enum dwarf_naming dwarf_naming(Dwarf_Die *user)
{
        return language_of(user)->naming;
}

bool dwarf_language_nests(Dwarf_Die *unit)
{
        switch (dwarf_srclang(unit)) {
        case DW_LANG_Rust:
        case DW_LANG_D:
        case DW_LANG_Swift:
                return true;
        default:
                return false;
        }
}

/* Longer names do not occur: the file is malformed. */
static bool append(char **out, const char *part, const char *sep)
{
        size_t used = strlen(*out), size = used + strlen(part) + strlen(sep) + 1;
        char *grown = size < MAX_NAME ? realloc(*out, size) : NULL;

        if (!grown)
                return false;
        strcat(strcpy(grown + used, part), sep);
        *out = grown;
        return true;
}

/* Finds the child of `scope` that contains `target`: DIEs are stored in tree order. */
static bool child_around(struct dwarf_abbrevs *abbrevs, Dwarf_Die *scope, const Dwarf_Die *target, Dwarf_Die *out)
{
        Dwarf_Die die;

        if (dwarf_child(scope, &die) || (uintptr_t)die.addr > (uintptr_t)target->addr)
                return false;
        do {
                *out = die;
                dwarf_abbrevs_lookup(abbrevs, &die);
        } while (dwarf_siblingof(&die, &die) == 0 && (uintptr_t)die.addr <= (uintptr_t)target->addr);
        return true;
}

/* A class without a name, such as a lambda, adds no scope to its members, as in gdb. */
static bool append_scope(char **out, Dwarf_Die *scope, const struct language *language)
{
        const char *name = dwarf_diename(scope), *sep = language->separator;

        switch (dwarf_tag(scope)) {
        case DW_TAG_subprogram:
                if (!name || !(language->joined || language->naming == DWARF_NAMING_SCOPES))
                        return true;
                if (!language->joined)
                        **out = '\0';
                return append(out, name, sep);
        case DW_TAG_namespace:
                return append(out, name ? name : "(anonymous namespace)", sep);
        case DW_TAG_module:
        case DW_TAG_class_type:
        case DW_TAG_structure_type:
        case DW_TAG_union_type:
                if (!name)
                        **out = '\0';
                return !name || append(out, name, sep);
        default:
                return true;
        }
}

/* Finding the scope requires a search through the unit. A lambda, whose operator() gcc marks as artificial, has no
 * named scope; and gcc puts functions defined at namespace level directly into the unit, with a reference to the
 * declaration if that is elsewhere. */
static bool has_no_scope(const struct dwarf_name *name, Dwarf_Die *named, Dwarf_Die *unit)
{
        Dwarf_Attribute a;
        const char *producer;

        if (strcmp(name->plain, "operator()") == 0 && dwarf_hasattr(named, DW_AT_artificial))
                return true;
        if (name->declared || !dwarf_attr(unit, DW_AT_producer, &a))
                return false;
        producer = dwarf_formstring(&a);
        return producer && strncmp(producer, "GNU C", 5) == 0;
}

char *dwarf_name_qualified(const struct dwarf_name *name, Dwarf_Die *user)
{
        Dwarf_Die unit, scope, next, named = name->named;
        struct dwarf_abbrevs abbrevs = { 0 };
        const struct language *language = language_of(user);
        char *out = strdup("");
        bool scoped;

        if (!out || !name->plain) {
                free(out);
                return NULL;
        }
        scoped = language->separator && dwarf_diecu(user, &unit, NULL, NULL) &&
                 dwarf_diecu(&named, &scope, NULL, NULL) && !has_no_scope(name, &named, &unit);
        for (int i = 0; scoped && i < MAX_SCOPES && child_around(&abbrevs, &scope, &named, &next); i++) {
                if (next.addr == named.addr || !append_scope(&out, &next, language))
                        break;
                scope = next;
        }
        if (append(&out, name->plain, ""))
                return out;
        free(out);
        return NULL;
}
