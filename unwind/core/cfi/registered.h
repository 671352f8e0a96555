/* SPDX-License-Identifier: MIT */
/* unwind/core/cfi/registered.h: unwind tables that a program has given to libgcc for code that it made at run time
 * (__register_frame() and the like).
 *
 * libgcc keeps them in static variables that it does not export: a list of objects, since gcc 13 a b-tree. Both are recognized by their
 * contents. The alternative, to interpose __register_frame(), would need libgcc's function to call, and that of a library loaded by
 * dlopen() is in no scope in which this library could find it: exceptions through such code would no longer be caught.
 *
 * Signal context as in cfi.h; only `read` of the space is used. Everything read is treated as hostile: each loop is bounded,
 * and so is the sum of all.
 */
#ifndef CRASHPRE_UNWIND_CORE_REGISTERED_H
#define CRASHPRE_UNWIND_CORE_REGISTERED_H

#include "unwind/core/cfi/cfi.h"

#define REGISTERED_ROOTS 8
#define REGISTERED_FUNCTION "__register_frame" /* a module that exports it has the variables */

struct registered {
        uint64_t root[REGISTERED_ROOTS]; /* lists and trees */
        unsigned count;
        unsigned left; /* objects and entries of tables that all searches together may still read; set by the caller */
};

/* Adds what the variables in [data, data_end), those of a module, refer to. */
void registered_collect(const struct cfi_space *space, uint64_t data, uint64_t data_end, struct registered *out);

/* Returns the address of the table (a sequence of CIEs and FDEs, as in .eh_frame) that covers `pc`; 0: none, or r->left is used
 * up. */
uint64_t registered_find(const struct cfi_space *space, struct registered *r, uint64_t pc);

#endif
