/* SPDX-License-Identifier: MIT */
/* preload/base/linkmap.h: the dynamic loader's list of modules, for processes without access to /proc (a chroot without
 * it).
 *
 * Signal context: async-signal-safe. The list (link.h: struct r_debug, struct link_map) is read by probes, up to a
 * limit, without the loader's lock: the lock may be held, and the list may be inconsistent during a change.
 */
#ifndef CRASHPRE_PRELOAD_LINKMAP_H
#define CRASHPRE_PRELOAD_LINKMAP_H

#include "unwind/core/image/image.h"

#include <link.h>

/* Stores the address of the auxiliary vector (getauxval(3)). Called at load time. */
void linkmap_remember(const ElfW(auxv_t) * vector);

/* Finds the module whose dynamic section is in [start, end). Reads the list only, not the module. Requires probe_begin(). */
bool linkmap_find_dynamic(uint64_t start, uint64_t end, uint64_t *bias, uint64_t *dynamic);

/* Calls fn(ctx, image, path) for the program (path as passed to execve(2): AT_EXECFN), each library and the vDSO;
 * `path` is valid until fn returns. Requires probe_begin(); `space` is only used for reads. */
void linkmap_each(const struct cfi_space *space, void (*fn)(void *ctx, const struct image *image, const char *path),
                  void *ctx);

#endif
