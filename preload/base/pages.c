/* SPDX-License-Identifier: MIT */
#include "preload/base/pages.h"
#include "preload/base/startup.h"
#include "unwind/core/cfi/arch.h"

#include <elf.h>

STARTUP_DATA static size_t size = ARCH_PAGE_MIN;

void pages_init(char **envp)
{
        const unsigned long *aux;

        while (*envp)
                envp++;
        for (aux = (const unsigned long *)(const void *)(envp + 1); aux[0]; aux += 2)
                if (aux[0] == AT_PAGESZ)
                        size = aux[1];
}

size_t pages_size(void)
{
        return size;
}
