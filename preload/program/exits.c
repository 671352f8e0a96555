/* SPDX-License-Identifier: MIT */
/* preload/program/exits.c: _exit() and _Exit(), so that a crash is reported if its handler ends the process by them
 * (see occasion_exit()).
 *
 * exit() and quick_exit() need no interposition: they call functions that this library registers (init.c).
 * Async-signal-safe, as signal-safety(7) requires of _exit().
 */
#include "preload/base/guard.h"
#include "preload/base/syscalls.h"
#include "preload/crash/occasion.h"
#include "preload/program/interpose.h"

#include <stdlib.h>
#include <unistd.h>

static _Noreturn void leave(int status)
{
        if (interpose_active()) {
                guard_leave_foreign();
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
