/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/module.h: lines and inlined calls for the addresses of one module. Private to unwind/.
 *
 * This is the part that reads what a file says, with libdw and by itself: it may crash, hang or eat memory on a file
 * made for that. It runs in a process of its own (stage.h), which ends with it: what libdw allocates is not
 * freed.
 */
#ifndef CRASHPRE_UNWIND_DWARF_MODULE_H
#define CRASHPRE_UNWIND_DWARF_MODULE_H

#include "unwind/dwarf/line_program.h"
#include "unwind/dwarf/symbol_line.h"
#include "unwind/elf/elf_file.h"
#include "unwind/target/target.h"

struct dwarf_pc {
        uint64_t vaddr; /* as the file counts addresses */
        size_t order;   /* units with low numbers are answered first */
};

struct dwarf_module {
        struct target *target;       /* for opening further files where it would find them */
        const struct elf_file *file; /* the one with .debug_info */
        const char *file_path;       /* its name: .dwo and alternate files lie beside it */
        const char *module_path;     /* that of the program or library: NAME.dwp lies beside it */
        const char *debug_dirs;
        const struct dwarf_pc *pcs; /* ascending, each address once */
        size_t count;
        uint64_t max; /* bytes of inflated sections */
        enum line_rule rule;

        /* Lines of pcs[index], innermost first. Borrowed: strings and array are gone after the call. */
        void (*answer)(void *ctx, size_t index, const struct symbol_line *lines, size_t n);
        void (*note)(void *ctx, const char *message);
        void *ctx;
};

void dwarf_module_resolve(const struct dwarf_module *m);

#endif
