/* SPDX-License-Identifier: MIT */
/* preload/base/modmap.h: the modules of the crashing process: the ELF images in its memory map (memmap.h) or, without
 * /proc, those in the loader's list (linkmap.h).
 *
 * Signal context: async-signal-safe; no function of ld.so is called (its lock may be held). Static storage, one user at
 * a time: the thread that claimed the crash.
 */
#ifndef CRASHPRE_PRELOAD_MODMAP_H
#define CRASHPRE_PRELOAD_MODMAP_H

#include "unwind/core/image/image.h"

#include <stddef.h>
#include <stdint.h>

struct modmap_module {
        struct image image;
        uint64_t start, end; /* of its mappings */
        const char *path;    /* not NUL-terminated; valid as long as the memory map it was read from */
        size_t path_len;
};

struct modmap {
        const struct modmap_module *module; /* sorted by address */
        size_t module_count;
        bool truncated; /* there may be more, which modmap_find() finds */
};

/* Reads the memory map and the modules again; requires probe_begin(). The result, and that of memmap_last(), is valid
 * until the next call. */
const struct modmap *modmap_read(void);

/* The modules read last; none before the first modmap_read(). */
const struct modmap *modmap_last(void);

/* The module, of those read last, that contains `addr`, or NULL. */
const struct modmap_module *modmap_find(uint64_t addr);

/* The CFI engine's access to the process, based on the map and the modules read last. */
extern const struct cfi_space modmap_space;

#endif
