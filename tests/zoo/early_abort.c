/* SPDX-License-Identifier: MIT */
/* tests/zoo/early_abort.c: abort() in an IFUNC resolver, which the dynamic linker calls before any constructor.
 * build-flags: -Wl,-z,now */
#include <stdlib.h>

static __attribute__((used)) void (*resolve(void))(void)
{
        abort();
}

void early(void) __attribute__((ifunc("resolve")));

int main(void)
{
        early();
        return 0;
}
