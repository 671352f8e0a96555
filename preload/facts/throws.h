/* SPDX-License-Identifier: MIT */
/* preload/facts/throws.h: records the stack traces of C++ throws, so that the origin of an exception that is thrown
 * again can be reported (CRASHPRE_THROW_SITES).
 */
#ifndef CRASHPRE_PRELOAD_THROWS_H
#define CRASHPRE_PRELOAD_THROWS_H

#include "unwind/core/terms/wire.h"

struct throw_site {
        uint64_t object; /* the exception object; 0: unused, or being written */
        uint64_t type;   /* its std::type_info */
        uint32_t count;
        uint64_t pc[WIRE_THROW_FRAMES]; /* return addresses, innermost first */
};

enum { THROW_SITES = 256 };

/* Indexed by object, see throws_slot(): a later throw with the same slot overwrites an earlier one. */
extern struct throw_site throw_sites[THROW_SITES];

/* Exceptions are allocated by malloc(), 16 bytes apart at least. Async-signal-safe. */
static inline struct throw_site *throws_slot(uint64_t object)
{
        return &throw_sites[(object >> 4 ^ object >> 12) % THROW_SITES];
}

/* Hooks __cxa_throw in every loaded module that imports it, by changing the modules' relocated slots: interposing a
 * function of that name would require finding the real one for plugins, too. A statically linked run-time, and plugins
 * loaded later, are not hooked. Not async-signal-safe; called at load time. */
void throws_hook(void);

#endif
