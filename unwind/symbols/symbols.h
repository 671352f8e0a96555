/* SPDX-License-Identifier: MIT */
/* unwind/symbols/symbols.h: names and lines for addresses: ELF symbols of the module, its separate debug file, .gnu_debugdata;
 * lines and inlined calls from DWARF in either file, its split units (.dwo, .dwp) and dwz's common file.
 *
 * Files are opened through the target's root, compared by build-id (device and inode where there is none), never
 * believed silently; a deleted or replaced file is read from the target's memory (.dynsym). Queries of all threads
 * come together so that each table is passed over once. DWARF is read by a forked child (dwarf/stage.h).
 */
#ifndef CRASHPRE_UNWIND_SYMBOLS_H
#define CRASHPRE_UNWIND_SYMBOLS_H

#include "unwind/dwarf/symbol_line.h"
#include "unwind/target/target.h"

struct symbol_query {
        int module;      /* in: index into the target's modules, or -1 */
        uint64_t addr;   /* in: run-time address to look up (pc, or pc - 1 for callers) */
        char *symbol;    /* out: new, the ELF symbol less its version; NULL: none */
        char *function;  /* out: new, demangled (C++, Rust, D), or a copy of symbol; NULL: none */
        uint64_t offset; /* out: addr minus the symbol's address */
        /* out: new, innermost first; the last is the physical function, into which all before it are inlined. Its name:
         * linkage name, else the ELF symbol, else the name in DWARF. */
        struct symbol_line *lines;
        size_t line_count; /* out: 0: no debugging information for it */
};

struct symbols; /* opened files of one target */

/* New; freed by symbols_free(), before its target. `debug_dirs` is a colon list (NULL: /usr/lib/debug). Messages
 * about missing or wrong files go to `note`. */
typedef void symbols_note(void *ctx, const char *message);
struct symbols *symbols_new(struct target *t, const char *debug_dirs, symbols_note *note, void *ctx);
void symbols_free(struct symbols *s);

/* Answers all queries. 0, or -ENOMEM. Sets status and debug_file of every module that was asked for. */
int symbols_resolve(struct symbols *s, struct symbol_query *q, size_t n);

/* What symbols_resolve() may use: until `deadline_ns` (CLOCK_MONOTONIC; 0: no end), `bytes` of memory for debugging
 * information (0: 1 GiB). Earlier queries are answered first. */
void symbols_set_limits(struct symbols *s, uint64_t deadline_ns, uint64_t bytes);

/* Where several rows of a line table stand at one address, gdb takes the one that begins a statement, and so do we;
 * llvm-symbolizer takes the last one, and so do we after this: for comparison with it. */
void symbols_take_last_rows(struct symbols *s);

/* Frees what a query was answered with; its question stays. */
void symbol_query_clear(struct symbol_query *q);

/* .debug_frame of a module (uncompressed, borrowed until symbols_free()), from the file or its debug file. 0 or
 * -ENOENT. */
int symbols_debug_frame(struct symbols *s, int module, const uint8_t **data, size_t *size);

/* Where .eh_frame of a module is in the target, by the section headers of its file. 0 or -ENOENT. */
int symbols_eh_frame(struct symbols *s, int module, uint64_t *addr);

/* Which of several symbols names an address: as in gdb; the rules stand in symbol_table.h. */

#endif
