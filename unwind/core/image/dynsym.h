/* SPDX-License-Identifier: MIT */
/* unwind/core/image/dynsym.h: a symbol by its name from the dynamic symbol table of an image in a target's memory.
 *
 * What the loader would do, without the loader: its lock may be held and its lists may be broken. Reads through a
 * struct cfi_space's read only, allocates nothing: async-signal-safe, shared by handler and helper. The tables may be
 * hostile: every walk is bounded.
 */
#ifndef CRASHPRE_UNWIND_CORE_DYNSYM_H
#define CRASHPRE_UNWIND_CORE_DYNSYM_H

#include "unwind/core/image/image.h"

struct dynsym {
        uint64_t addr; /* at run time */
        uint64_t size; /* 0 unknown */
};

/* Finds a function or object that `image` defines, whatever its version. Needs the table DT_GNU_HASH. 0, -ENOENT, or
 * -EFAULT where the tables cannot be read. */
int dynsym_find(const struct cfi_space *space, const struct image *image, const char *name, struct dynsym *out);

#endif
