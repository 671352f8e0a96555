/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/symbol_line.h: a source line that debugging information names. Plain data. */
#ifndef CRASHPRE_UNWIND_DWARF_SYMBOL_LINE_H
#define CRASHPRE_UNWIND_DWARF_SYMBOL_LINE_H

#include <stdint.h>

/* One call at an address: the function it was inlined from, or the one that is there. From debugging information. */
struct symbol_line {
        char *function;        /* new, demangled; NULL: unknown */
        char *symbol;          /* new, linkage name; NULL: none */
        char *file;            /* new, absolute; NULL: unknown */
        uint32_t line, column; /* 0: unknown */
};

#endif
