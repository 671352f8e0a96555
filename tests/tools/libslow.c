/* SPDX-License-Identifier: MIT */
/* tests/tools/libslow.c: a library whose constructor holds the loader's lock until somebody writes to descriptor 100 (tests/tools/delivery.c). */
#include <unistd.h>

static __attribute__((constructor)) void load(void)
{
        char byte = 'b';

        if (write(101, &byte, 1) == 1 && read(100, &byte, 1) < 0)
                _exit(77);
}
