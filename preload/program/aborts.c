/* SPDX-License-Identifier: MIT */
/* preload/program/aborts.c: abort() for a caller that has blocked SIGABRT. Until glibc 2.40 abort() unblocked the
 * signal before raising it, so that this library's handler was called. Since 2.41 it first sets the action to the
 * default, by a direct system call, and unblocks the signal only afterwards: the kernel kills the process without
 * calling a handler (stdlib/abort.c). So this function resets the application's action and unblocks the signal first;
 * as without this library, the application's handler is not called.
 *
 * libc's own checks (assert, malloc) do not call this function. Async-signal-safe, as signal-safety(7) requires of
 * abort().
 */
#include "preload/program/aborts.h"
#include "preload/base/libc.h"
#include "preload/base/next.h"
#include "preload/base/startup.h"
#include "preload/base/syscalls.h"
#include "preload/crash/origin.h"
#include "preload/program/interpose.h"
#include "preload/signal/actions.h"
#include "preload/signal/claim.h"

#include <signal.h>
#include <string.h>

/* Declared as functions that return, so that the compiler makes the call of the real function a tail call, which leaves
 * no frame. */
typedef void abort_fn(void);
EXPORT abort_fn abort_hook __asm__("abort");

SEALED_DATA static abort_fn *real_abort = NULL;
SEALED_DATA static bool kills_blocked = false;

/* Whether the version is "2.41" or later. */
static bool is_since_2_41(const char *version)
{
        unsigned minor = 0;

        if (version[0] != '2' || version[1] != '.')
                return version[0] > '2';
        for (version += 2; *version >= '0' && *version <= '9'; version++)
                minor = minor * 10 + (unsigned)(*version - '0');
        return minor >= 41;
}

void aborts_init(void)
{
        void *next = next_definition(NEXT_abort);

        memcpy(&real_abort, &next, sizeof(next));
        origin_set_abort((uint64_t)next);
        kills_blocked = gnu_get_libc_version && is_since_2_41(gnu_get_libc_version());
}

static void unblock_abort(void)
{
        const uint64_t one = SIGNAL_BIT(SIGABRT);
        uint64_t blocked = 0;

        if (!kills_blocked || !interpose_active() || !actions_watched(SIGABRT))
                return;
        sys_sigprocmask(SIG_BLOCK, NULL, &blocked);
        if (!(blocked & one))
                return;
        if (!claim_is_mine()) /* otherwise it is called by a function of the application that a report calls */
                actions_reset(SIGABRT);
        sys_sigprocmask(SIG_UNBLOCK, &one, NULL);
}

/* An IFUNC resolver or another library's constructor may call abort() before aborts_init(). No handler is installed then: the
 * default action of the signal is what abort() leads to. */
static void abort_early(void)
{
        const uint64_t one = SIGNAL_BIT(SIGABRT);

        sys_sigprocmask(SIG_UNBLOCK, &one, NULL);
        sys_3(SYS_tgkill, sys_getpid(), sys_gettid(), SIGABRT);
        __builtin_trap();
}

void abort_hook(void)
{
        if (!real_abort)
                abort_early();
        unblock_abort();
        real_abort();
}
