/* SPDX-License-Identifier: MIT */
/* unwind/symbols.h: names for addresses: ELF symbols of the module, its separate debug file, .gnu_debugdata.
 *
 * Files are opened through the target's root, compared by build-id (device and inode where there is none), never
 * believed silently; a deleted or replaced file is read from the target's memory (.dynsym). Queries of all threads
 * come together so that each table is passed over once.
 */
#ifndef CRASHPRE_UNWIND_SYMBOLS_H
#define CRASHPRE_UNWIND_SYMBOLS_H

#include "unwind/target.h"

struct symbol_query {
        int module;      /* in: index into the target's modules, or -1 */
        uint64_t addr;   /* in: run-time address to look up (pc, or pc - 1 for callers) */
        char *symbol;    /* out: new, the ELF symbol less its version; NULL: none */
        char *function;  /* out: new, demangled (C++, Rust, D), or a copy of symbol; NULL: none */
        uint64_t offset; /* out: addr minus the symbol's address */
};

struct symbols; /* opened files of one target */

/* New; freed by symbols_free(), before its target. `debug_dirs` is a colon list (NULL: /usr/lib/debug). Messages
 * about missing or wrong files go to `note`. */
typedef void symbols_note(void *ctx, const char *message);
struct symbols *symbols_new(struct target *t, const char *debug_dirs, symbols_note *note, void *ctx);
void symbols_free(struct symbols *s);

/* Answers all queries. 0, or -ENOMEM. Sets status and debug_file of every module that was asked for. */
int symbols_resolve(struct symbols *s, struct symbol_query *q, size_t n);

/* .debug_frame of a module (uncompressed, borrowed until symbols_free()), from the file or its debug file. 0 or
 * -ENOENT. */
int symbols_debug_frame(struct symbols *s, int module, const uint8_t **data, size_t *size);

/* New: demangled C++, Rust or D name, or a copy of `symbol`; NULL only without memory. */
char *symbols_demangle(const char *symbol);

/* Which of several symbols names an address: as in gdb; the rules stand in symbol_table.h. */

#endif
