/* SPDX-License-Identifier: MIT */
/* unwind/symbols/internal.h: what symbols.c (ELF symbols), lines.c (DWARF) and files.c share. Private. */
#ifndef CRASHPRE_UNWIND_SYMBOLS_INTERNAL_H
#define CRASHPRE_UNWIND_SYMBOLS_INTERNAL_H

#include "unwind/elf/debug_files.h"
#include "unwind/symbols/symbols.h"

/* What was found for one module, opened when it is first asked for. */
struct module_files {
        bool opened, frame_asked;
        enum origin origin;
        bool has_main, has_mini, has_debug;
        struct elf_file main, mini, debug;
        uint8_t *frame; /* .debug_frame */
        size_t frame_size;
};

struct symbols {
        struct target *t;
        char *debug_dirs;
        symbols_note *note;
        void *ctx;
        struct module_files *files; /* one a module */
        bool last_rows;             /* symbols_take_last_rows() */
        uint64_t deadline_ns, bytes;
};

/* The files of module `module`, opened now if they were not. Borrowed. Sets status and debug_file of the module. */
struct module_files *symbols_open(struct symbols *s, int module);

/* Is there a .debug_info section, compressed or not? */
bool symbols_has_dwarf(const struct elf_file *f);

/* Fills the lines of queries whose names are known already. `order` ascends by module and address, queries of the
 * wrong kind come first; `q` is the caller's array, whose order says what is urgent. 0 or -ENOMEM. */
int symbol_lines_resolve(struct symbols *s, struct symbol_query *q, struct symbol_query **order, size_t n);

#endif
