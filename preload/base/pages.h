/* SPDX-License-Identifier: MIT */
/* preload/base/pages.h: the page size, read from the auxiliary vector. */
#ifndef CRASHPRE_PRELOAD_PAGES_H
#define CRASHPRE_PRELOAD_PAGES_H

#include <link.h>
#include <stddef.h>

/* Reads AT_PAGESZ from the auxiliary vector (getauxval(3)). Called at load time. */
void pages_init(const ElfW(auxv_t) * auxv);

/* In bytes; ARCH_PAGE_MIN before pages_init(). Async-signal-safe. */
size_t pages_size(void);

#endif
