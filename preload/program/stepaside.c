/* SPDX-License-Identifier: MIT */
/* preload/program/stepaside.c: prctl() and syscall(), for programs that restrict or intercept their own system calls.
 *
 * After seccomp(2) with a filter no further system call is made before a crash (sandbox.h). In two cases the library restores
 * the program's signal actions and disables itself, since the first system call of its handler would be the end:
 *
 * - SECCOMP_MODE_STRICT: the kernel kills for any call but read, write, _exit and sigreturn;
 * - system call user dispatch (Documentation/admin-guide/syscall-user-dispatch.rst): while the thread's selector is set to block,
 *   each system call raises SIGSYS, including those of this library's handlers. The address of the selector is known only to the
 *   program.
 */
#include "preload/base/arch.h"
#include "preload/base/libc.h"
#include "preload/base/next.h"
#include "preload/base/sandbox.h"
#include "preload/base/syscalls.h"
#include "preload/program/interpose.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <sys/prctl.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH /* linux/prctl.h since 5.11 */
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_OFF 0
#endif

static void step_aside(void)
{
        if (interpose_active())
                interpose_step_aside();
}

/* `filter`: NULL where a program only asks whether the kernel knows the operation. */
static void restricted(bool strict, const void *filter)
{
        if (strict)
                step_aside();
        else if (filter)
                sandbox_enter();
}

static void before_prctl(long operation, long first, long second)
{
        if (operation == PR_SET_SECCOMP && (first == SECCOMP_MODE_STRICT || first == SECCOMP_MODE_FILTER))
                restricted(first == SECCOMP_MODE_STRICT, (const void *)second); // NOLINT(performance-no-int-to-ptr)
        else if (operation == PR_SET_SYSCALL_USER_DISPATCH && first != PR_SYS_DISPATCH_OFF)
                step_aside();
}

EXPORT int prctl(int operation, ...)
{
        unsigned long arg[4];
        va_list ap;
        long r;

        va_start(ap, operation);
        for (int i = 0; i < 4; i++)
                arg[i] = va_arg(ap, unsigned long);
        va_end(ap);
        before_prctl(operation, (long)arg[0], (long)arg[1]);
        r = sys_5(SYS_prctl, operation, (long)arg[0], (long)arg[1], (long)arg[2], (long)arg[3]);
        if (r >= 0)
                return (int)r;
        set_errno((int)-r);
        return -1;
}

/* syscall(2), reached by a jump (arch.h: ARCH_FORWARD). */
void *before_syscall(long number, long first, long second, long third);
ARCH_FORWARD(syscall, before_syscall);

void *before_syscall(long number, long first, long second, long third)
{
        if (number == SYS_prctl)
                before_prctl(first, second, third);
        else if (number == SYS_seccomp && (first == SECCOMP_SET_MODE_STRICT || first == SECCOMP_SET_MODE_FILTER))
                restricted(first == SECCOMP_SET_MODE_STRICT, (const void *)third); // NOLINT(performance-no-int-to-ptr)
        return next_definition(NEXT_syscall);
}
