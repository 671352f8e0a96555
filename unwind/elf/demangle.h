/* SPDX-License-Identifier: MIT */
/* unwind/elf/demangle.h: readable names of symbols: C++ (Itanium ABI), Rust and D, by libiberty. */
#ifndef CRASHPRE_UNWIND_ELF_DEMANGLE_H
#define CRASHPRE_UNWIND_ELF_DEMANGLE_H

/* New: demangled C++, Rust or D name, or a copy of `symbol`; NULL only without memory. */
char *demangle(const char *symbol);

/* The same without the return type that mangled names of templates contain: as gdb names functions that it has
 * debugging information for. */
char *demangle_call(const char *symbol);

#endif
