/* SPDX-License-Identifier: MIT */
/* preload/facts/slots.h: the slots of a module through which it calls functions of other modules (its global offset table), to let them
 * lead to functions of this library where the loader's symbol search does not.
 *
 * Not async-signal-safe.
 */
#ifndef CRASHPRE_PRELOAD_SLOTS_H
#define CRASHPRE_PRELOAD_SLOTS_H

#include <link.h>
#include <stdbool.h>
#include <stdint.h>

struct slots_module;

/* Calls fn(ctx, module, name, slot) for each slot of a function that the module refers to; `module` and `name` are valid during
 * the call. */
void slots_each(const struct dl_phdr_info *info,
                void (*fn)(void *ctx, const struct slots_module *module, const char *name, uint64_t *slot), void *ctx);

/* Whether the slot is not bound yet: it contains an address in the module's own PLT. */
bool slots_is_unbound(const struct slots_module *module, const uint64_t *slot);

/* Stores `value`; a slot that the loader has made read-only is read-only afterwards. */
void slots_set(const struct slots_module *module, uint64_t *slot, uint64_t value);

/* Whether `addr` lies in the module. */
bool slots_module_contains(const struct dl_phdr_info *info, uint64_t addr);

#endif
