/* SPDX-License-Identifier: MIT */
/* preload/base/linkmap.h: the loader's own list of modules, for processes that cannot see /proc (a chroot without it).
 *
 * Signal context: async-signal-safe. The list (link.h: struct r_debug, struct link_map) is read by probes and bounded,
 * without the loader's lock: it may be held, and the list may be in the middle of a change.
 */
#ifndef CRASHPRE_PRELOAD_LINKMAP_H
#define CRASHPRE_PRELOAD_LINKMAP_H

#include "unwind/core/image/image.h"

/* Remembers where the auxiliary vector is (getauxval(3)): it follows `envp`. At load. */
void linkmap_remember(char **envp);

/* Calls fn(ctx, image, path) for the program (as it was called: AT_EXECFN), each library and the vDSO; `path` lives
 * until fn returns. Needs probe_begin(); `space` is only read from. */
void linkmap_each(const struct cfi_space *space, void (*fn)(void *ctx, const struct image *image, const char *path),
                  void *ctx);

#endif
