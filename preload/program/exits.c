/* SPDX-License-Identifier: MIT */
/* preload/program/exits.c: _exit() and _Exit(), so that a handler that ends the process by them does not hide the crash (see
 * occasion_exit()).
 *
 * exit() and quick_exit() need no interposition: functions of ours run inside them (init.c). Async-signal-safe, as
 * signal-safety(7) demands of _exit().
 */
#include "preload/base/syscalls.h"
#include "preload/crash/occasion.h"
#include "preload/program/interpose.h"

#include <stdlib.h>
#include <unistd.h>

static _Noreturn void leave(int status)
{
        if (interpose_active()) {
                occasion_wait_for_death();
                occasion_exit();
        }
        sys_exit_group(status);
}

EXPORT void _exit(int status)
{
        leave(status);
}

EXPORT void _Exit(int status)
{
        leave(status);
}
