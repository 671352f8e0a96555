/* SPDX-License-Identifier: MIT */
/* unwind/core/image/dynsym.h: finds a symbol by name in the dynamic symbol table of an image in a target's memory.
 *
 * This repeats the loader's look-up without calling the loader: its lock may be held and its lists may be corrupted.
 * Reads only through struct cfi_space's `read`, allocates nothing: async-signal-safe, shared by handler and helper.
 * The tables may be hostile: every loop is bounded.
 */
#ifndef CRASHPRE_UNWIND_CORE_DYNSYM_H
#define CRASHPRE_UNWIND_CORE_DYNSYM_H

#include "unwind/core/image/image.h"

struct dynsym {
        uint64_t addr; /* run-time address */
        uint64_t size; /* 0: unknown */
};

/* Finds a function or object that `image` defines; symbol versions are ignored. Requires DT_GNU_HASH. Returns 0 and
 * fills *out, -ENOENT if there is no such symbol, or -EFAULT if the tables cannot be read. */
int dynsym_find(const struct cfi_space *space, const struct image *image, const char *name, struct dynsym *out);

/* Whether no call of `image` to another module binds lazily: the loader was told to bind all of them at load (ld -z now), or the
 * image has no PLT. False if its dynamic section cannot be read. LD_BIND_NOW leaves no trace in the image. */
bool dynsym_binds_at_load(const struct cfi_space *space, const struct image *image);

/* The hash of a name in DT_GNU_HASH. */
uint32_t dynsym_hash(const char *name);

#endif
