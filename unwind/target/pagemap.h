/* SPDX-License-Identifier: MIT */
/* unwind/target/pagemap.h: pages of a live process, by /proc/PID/pagemap (unwind/core/image/maps.h). Not async-signal-safe. */
#ifndef CRASHPRE_UNWIND_PAGEMAP_H
#define CRASHPRE_UNWIND_PAGEMAP_H

#include "unwind/target/target.h"

/* Reads the entry of the page at `address`. Returns false if that is not permitted, or the target is no live process. */
bool pagemap_entry(const struct target *t, uint64_t address, uint64_t *entry);

/* Looks for a guard region at `address`, where an access failed with SEGV_MAPERR although it is mapped, and sets t->guard. A region
 * that is found becomes a mapping of its own, and the memory up to the next one another; earlier pointers to mappings are invalid
 * then. */
void pagemap_find_guard(struct target *t, uint64_t address);

#endif
