/* SPDX-License-Identifier: MIT */
/* unwind/symbols/internal.h: declarations shared by symbols.c (ELF symbols), lines.c (DWARF) and files.c. Private.
 * Not async-signal-safe. */
#ifndef CRASHPRE_UNWIND_SYMBOLS_INTERNAL_H
#define CRASHPRE_UNWIND_SYMBOLS_INTERNAL_H

#include "unwind/elf/debug_files.h"
#include "unwind/symbols/symbols.h"

/* The files found for one module, opened at the first query. */
struct module_files {
        bool opened, frame_tried;
        bool gnat_asked, gnat; /* the module contains Ada code */
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
        struct module_files *files; /* one per module */
        bool last_rows;             /* set by symbols_take_last_rows() */
        uint64_t deadline_ns, bytes;
};

/* Returns the files of module `module`, borrowed; opens them at the first call. Sets status and debug_file of the
 * module. */
struct module_files *symbols_open(struct symbols *s, int module);

/* Name queries that are in no module, and have no name yet: by images for gdb in the target's memory, by /tmp/perf-PID.map. `q` ascends
 * by address. Return 0 or -ENOMEM. */
int symbols_jit(struct symbols *s, struct symbol_query **q, size_t n);
int symbols_perf_map(struct symbols *s, struct symbol_query **q, size_t n);

/* True if there is a .debug_info section, compressed or not. */
bool symbols_has_dwarf(const struct elf_file *f);

/* Fills the lines of queries whose names are already known. `order` ascends by module and address, invalid queries
 * first; `q` is the caller's array, in order of priority. Returns 0 or -ENOMEM. */
int symbol_lines_resolve(struct symbols *s, struct symbol_query *q, struct symbol_query **order, size_t n);

#endif
