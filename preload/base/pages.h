/* SPDX-License-Identifier: MIT */
/* preload/base/pages.h: the page size of the kernel, as it told the program at its start. */
#ifndef CRASHPRE_PRELOAD_PAGES_H
#define CRASHPRE_PRELOAD_PAGES_H

#include <stddef.h>

/* Reads AT_PAGESZ from the auxiliary vector behind `envp` (getauxval(3)). At load. */
void pages_init(char **envp);

/* In bytes; ARCH_PAGE_MIN before pages_init(). Async-signal-safe. */
size_t pages_size(void);

#endif
