/* SPDX-License-Identifier: MIT */
#include "preload/program/interpose.h"

#include <dlfcn.h>

void *next_definition(const char *name, void **cache)
{
        void *fn = __atomic_load_n(cache, __ATOMIC_RELAXED);

        if (!fn) {
                fn = dlsym(RTLD_NEXT, name);
                __atomic_store_n(cache, fn, __ATOMIC_RELAXED);
        }
        return fn;
}
