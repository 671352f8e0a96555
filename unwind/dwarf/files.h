/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/files.h: the files beside the one with DWARF: split units, packages of them, dwz's common file.
 * Private to unwind/. Each is looked for where the target would find it, then where we do; none is used unless it has
 * the right identity (build-id; the unit's signature is compared by unit.h). */
#ifndef CRASHPRE_UNWIND_DWARF_FILES_H
#define CRASHPRE_UNWIND_DWARF_FILES_H

#include "unwind/dwarf/module.h"
#include "unwind/dwarf/unit.h"

/* The file that .gnu_debugaltlink names. 0, -ENOENT (there is no link), -ESTALE (a link, but not the file). `name`
 * gets what the link says. */
int dwarf_files_open_alt(const struct dwarf_module *m, struct elf_file *out, char *name, size_t name_size);

/* NAME.dwp of the program, else of the file itself. 0 or -ENOENT. */
int dwarf_files_open_dwp(const struct dwarf_module *m, struct elf_file *out);

/* The `attempt`th place (from 0) where the .dwo file of a unit may be. 0, -EAGAIN (not there: try the next), -ENOENT
 * (no further places). */
int dwarf_files_open_dwo(const struct dwarf_module *m, const struct dwarf_unit *u, int attempt, struct elf_file *out);

#endif
