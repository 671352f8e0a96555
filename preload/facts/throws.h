/* SPDX-License-Identifier: MIT */
/* preload/facts/throws.h: the stacks of C++ throws, kept so that an exception that is thrown again can be traced to where it
 * came from (CRASHPRE_THROW_SITES).
 */
#ifndef CRASHPRE_PRELOAD_THROWS_H
#define CRASHPRE_PRELOAD_THROWS_H

#include "unwind/core/terms/wire.h"

struct throw_site {
        uint64_t object; /* what was thrown; 0: no throw, or one that is being written down just now */
        uint64_t type;   /* its std::type_info */
        uint32_t count;
        uint64_t pc[WIRE_THROW_FRAMES]; /* return addresses, innermost first */
};

enum { THROW_SITES = 256 };

/* By object, see throws_slot(): a later throw of an object of the same slot takes the place of an earlier one. */
extern struct throw_site throw_sites[THROW_SITES];

/* Exceptions are allocated by malloc(), 16 bytes apart at least. Async-signal-safe. */
static inline struct throw_site *throws_slot(uint64_t object)
{
        return &throw_sites[(object >> 4 ^ object >> 12) % THROW_SITES];
}

/* Stands before __cxa_throw in every module that is loaded so far and calls it from elsewhere: by the modules' own
 * tables, since a function of that name in this library would have to find the real one for plugins, too. A run-time
 * that is linked in, and plugins loaded later, are left alone. Ordinary code, at load. */
void throws_hook(void);

#endif
