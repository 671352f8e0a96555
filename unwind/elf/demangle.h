/* SPDX-License-Identifier: MIT */
/* unwind/elf/demangle.h: demangles symbol names: C++ (Itanium ABI), Rust and D, with libiberty. Not
 * async-signal-safe. */
#ifndef CRASHPRE_UNWIND_ELF_DEMANGLE_H
#define CRASHPRE_UNWIND_ELF_DEMANGLE_H

/* Returns the demangled C++, Rust or D name, or a copy of `symbol` (new); NULL only if out of memory. */
char *demangle(const char *symbol);

/* Like demangle(), without the return type that mangled names of templates contain: as gdb prints functions that have
 * debugging information. */
char *demangle_call(const char *symbol);

#endif
