/* SPDX-License-Identifier: MIT */
/* preload/program/stepaside.c: prctl(), for programs that intercept their own system calls
 * (Documentation/admin-guide/syscall-user-dispatch.rst).
 *
 * While the thread's selector is set to block, each system call raises SIGSYS, including those of this library's
 * handlers: the first of them would kill a program whose emulation depends on its handler for SIGSYS. The address of
 * the selector is known only to the program. So the library restores the program's signal actions and disables itself.
 */
#include "preload/base/syscalls.h"
#include "preload/program/interpose.h"
#include "preload/signal/actions.h"
#include "preload/signal/mask.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/prctl.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH /* linux/prctl.h since 5.11 */
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_OFF 0
#endif

EXPORT int prctl(int operation, ...)
{
        unsigned long arg[4];
        va_list ap;
        long r;

        va_start(ap, operation);
        for (int i = 0; i < 4; i++)
                arg[i] = va_arg(ap, unsigned long);
        va_end(ap);
        if (operation == PR_SET_SYSCALL_USER_DISPATCH && arg[0] != PR_SYS_DISPATCH_OFF && interpose_active())
                interpose_step_aside();
        r = sys_5(SYS_prctl, operation, (long)arg[0], (long)arg[1], (long)arg[2], (long)arg[3]);
        if (r >= 0)
                return (int)r;
        errno = (int)-r;
        return -1;
}
