/* SPDX-License-Identifier: MIT */
/* unwind/symbols/symbols.h: names and lines of addresses: ELF symbols of the module, its separate debug file,
 * .gnu_debugdata; lines and inlined calls from DWARF in either file, its split units (.dwo, .dwp) and dwz's common
 * file; for code made at run time, images for gdb and /tmp/perf-PID.map.
 *
 * Files are opened below the target's root and verified by build-id (device and inode if there is none); a mismatch
 * is always reported. For a deleted or replaced file .dynsym is read from the target's memory. Queries of all threads
 * are resolved together so that each table is read once. DWARF is read by a forked child (dwarf/stage.h). Not
 * async-signal-safe.
 */
#ifndef CRASHPRE_UNWIND_SYMBOLS_H
#define CRASHPRE_UNWIND_SYMBOLS_H

#include "unwind/dwarf/symbol_line.h"
#include "unwind/target/target.h"

struct symbol_query {
        int module;    /* in: index into the target's modules, or -1 */
        uint64_t addr; /* in: run-time address to look up (pc, or pc - 1 for callers) */
        char *symbol; /* out: new, the ELF symbol without its version, of a variable if there is no function; NULL: none */
        char *function;  /* out: new, demangled (demangle.h), or a copy of symbol, or of perf-PID.map; NULL: none */
        uint64_t offset; /* out: addr minus the symbol's address */
        /* out: new, innermost first; the last is the physical function, into which all others are inlined. Its name:
         * linkage name, else the ELF symbol, else the name in DWARF; in Fortran and Ada the name in DWARF. */
        struct symbol_line *lines;
        size_t line_count; /* out: 0: no debugging information */
};

struct symbols; /* opened files of one target */

/* Returns a new object, freed by symbols_free() before its target; NULL if out of memory. `debug_dirs` is a
 * colon-separated list (NULL: /usr/lib/debug). Messages about missing or wrong files are passed to `note`. */
typedef void symbols_note(void *ctx, const char *message);
struct symbols *symbols_new(struct target *t, const char *debug_dirs, symbols_note *note, void *ctx);
void symbols_free(struct symbols *s);

/* Resolves all queries. Returns 0 or -ENOMEM. Sets status and debug_file of every module queried. */
int symbols_resolve(struct symbols *s, struct symbol_query *q, size_t n);

/* Limits of symbols_resolve(): `deadline_ns` (CLOCK_MONOTONIC; 0: none), `bytes` of memory for debugging information
 * (0: 1 GiB). Queries at lower indexes are resolved first. */
void symbols_set_limits(struct symbols *s, uint64_t deadline_ns, uint64_t bytes);

/* If several rows of a line table have the same address, gdb uses the one that begins a statement, which is the
 * default here; llvm-symbolizer uses the last one. This function selects the latter, for comparison with
 * llvm-symbolizer. */
void symbols_take_last_rows(struct symbols *s);

/* Frees the results of a query; its inputs remain. */
void symbol_query_clear(struct symbol_query *q);

/* Finds .debug_frame of a module (uncompressed, borrowed until symbols_free()) in the file or its debug file. Returns
 * 0 or -ENOENT. */
int symbols_debug_frame(struct symbols *s, int module, const uint8_t **data, size_t *size);

/* Returns the start of the function that contains `addr` in the target, by the ELF symbols of its module; 0: unknown. */
uint64_t symbols_function(struct symbols *s, int module, uint64_t addr);

/* Finds the address of a module's .eh_frame in the target from the section headers of its file. Returns 0 or -ENOENT.
 */
int symbols_eh_frame(struct symbols *s, int module, uint64_t *addr);

/* The choice among several symbols follows gdb; the rules are in symbol_table.h. */

#endif
