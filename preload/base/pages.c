/* SPDX-License-Identifier: MIT */
#include "preload/base/pages.h"
#include "preload/base/startup.h"
#include "unwind/core/cfi/arch.h"

SEALED_DATA static size_t size = ARCH_PAGE_MIN;

void pages_init(const ElfW(auxv_t) * auxv)
{
        for (; auxv->a_type != AT_NULL; auxv++)
                if (auxv->a_type == AT_PAGESZ)
                        size = auxv->a_un.a_val;
}

size_t pages_size(void)
{
        return size;
}
