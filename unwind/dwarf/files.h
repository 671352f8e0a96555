/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/files.h: opens the files that supplement DWARF: split units, packages of them, dwz's common file.
 * Private to unwind/. Each is searched for below the target's root, then in ours; a file is used only if its identity
 * matches (build-id; unit.h compares the unit's signature). Not async-signal-safe. */
#ifndef CRASHPRE_UNWIND_DWARF_FILES_H
#define CRASHPRE_UNWIND_DWARF_FILES_H

#include "unwind/dwarf/module.h"
#include "unwind/dwarf/unit.h"

/* Opens the file that .gnu_debugaltlink names. `name` receives the name in the link. Returns 0, -ENOENT (there is no
 * link), -ESTALE (a link, but no matching file). */
int dwarf_files_open_alt(const struct dwarf_module *m, struct elf_file *out, char *name, size_t name_size);

/* Opens NAME.dwp of the program, else of the file itself. Returns 0 or -ENOENT. */
int dwarf_files_open_dwp(const struct dwarf_module *m, struct elf_file *out);

/* Opens the .dwo file of a unit at its possible location number `attempt` (from 0). Returns 0, -EAGAIN (not there:
 * try the next), -ENOENT (no further locations). */
int dwarf_files_open_dwo(const struct dwarf_module *m, const struct dwarf_unit *u, int attempt, struct elf_file *out);

#endif
