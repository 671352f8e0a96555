/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/module.h: lines and inlined calls of the addresses of one module. Private to unwind/.
 *
 * This part interprets the contents of files, with libdw and by itself: a malicious file may make it crash, loop or
 * exhaust memory. It runs in a separate process (stage.h) and ends with it: memory allocated by libdw is not freed.
 */
#ifndef CRASHPRE_UNWIND_DWARF_MODULE_H
#define CRASHPRE_UNWIND_DWARF_MODULE_H

#include "unwind/dwarf/line_program.h"
#include "unwind/dwarf/symbol_line.h"
#include "unwind/elf/elf_file.h"
#include "unwind/target/target.h"

struct dwarf_pc {
        uint64_t vaddr; /* ELF virtual address */
        size_t order;   /* units with low numbers are processed first */
};

struct dwarf_module {
        struct target *target;       /* used to open further files below its root */
        const struct elf_file *file; /* the file that contains .debug_info */
        const char *file_path;       /* its name; .dwo and alternate files are searched for in its directory */
        const char *module_path;     /* that of the program or library; NAME.dwp is in its directory */
        const char *debug_dirs;
        const struct dwarf_pc *pcs; /* ascending, no duplicates */
        size_t count;
        uint64_t max; /* limit of the bytes of inflated sections */
        enum line_rule rule;

        /* Receives the lines of pcs[index], innermost first. Borrowed: valid only during the call. */
        void (*answer)(void *ctx, size_t index, const struct symbol_line *lines, size_t n);
        void (*note)(void *ctx, const char *message);
        void *ctx;
};

/* Resolves m->pcs; results are passed to m->answer, problems to m->note. Not async-signal-safe. */
void dwarf_module_resolve(const struct dwarf_module *m);

#endif
