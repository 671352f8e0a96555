/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/symbol_line.h: a source line from debugging information. Plain data. */
#ifndef CRASHPRE_UNWIND_DWARF_SYMBOL_LINE_H
#define CRASHPRE_UNWIND_DWARF_SYMBOL_LINE_H

#include <stdbool.h>
#include <stdint.h>

/* One call at an address: an inlined function, or the physical function. */
struct symbol_line {
        char *function;        /* new, demangled; NULL: unknown */
        char *symbol;          /* new, linkage name; NULL: none */
        bool from_source;      /* `function` is DW_AT_name: the ELF symbol is no better */
        char *file;            /* new, absolute; NULL: unknown */
        uint32_t line, column; /* 0: unknown */
};

#endif
