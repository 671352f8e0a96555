/* SPDX-License-Identifier: MIT */
/* unwind/elf/demangle.h: demangles symbol names: C++ (Itanium ABI), Rust, D and Ada, with libiberty, and Fortran. Not
 * async-signal-safe.
 *
 * Names longer than 64 KiB, or with more than 1,000 nested types or arguments of a template, are truncated and end in
 * "...". A mark of a compiler's copy of a function is kept as
 * libiberty prints it for C++: "f() [clone .cold]". */
#ifndef CRASHPRE_UNWIND_ELF_DEMANGLE_H
#define CRASHPRE_UNWIND_ELF_DEMANGLE_H

#include <stdbool.h>

/* Returns the demangled C++, Rust, D or Fortran name, or a copy of `symbol` without a number at its end ("nested.0"),
 * new; NULL only if out of memory. The return type of a template is left out, as gdb does for functions with debugging
 * information: a name is the same with and without it. */
char *demangle(const char *symbol);

/* True if `symbol` may be GNAT's encoding of an Ada name: "pack__proc", "_ada_main". C and Nim have such names too, so
 * the caller must know that the code is Ada. */
bool demangle_maybe_ada(const char *symbol);

/* Returns the Ada name that GNAT's `symbol` encodes ("pack.proc"), or a copy (new); NULL only if out of memory. */
char *demangle_ada(const char *symbol);

#endif
