/* SPDX-License-Identifier: MIT */
/* tests/coverage/exit.c: linked into helper, command and test programs of a coverage build (ld --wrap=_exit). gcov writes what it
 * has counted at exit(3); the processes that end by _exit(2) are those that read debugging information. */
#include <gcov.h>

_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);

_Noreturn void __wrap__exit(int status)
{
        __gcov_dump();
        __real__exit(status);
}
