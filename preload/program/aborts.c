/* SPDX-License-Identifier: MIT */
/* preload/program/aborts.c: abort() where the caller has blocked SIGABRT. Until glibc 2.40 it unblocked the signal before it
 * raised it, so that our handler saw it. Since 2.41 it makes the action the default one, by a system call of its own,
 * and unblocks the signal only then: the kernel kills, and asks no handler (stdlib/abort.c). So the same is done here
 * first, with the action that the application knows: its own handler is as little called as without us.
 *
 * What libc calls for its own checks (assert, malloc) is not this function. Async-signal-safe, as signal-safety(7)
 * demands of abort().
 */
#include "preload/program/aborts.h"
#include "preload/base/startup.h"
#include "preload/base/syscalls.h"
#include "preload/crash/origin.h"
#include "preload/program/interpose.h"
#include "preload/signal/actions.h"
#include "preload/signal/claim.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <signal.h>
#include <string.h>

#define ABRT (1ull << (SIGABRT - 1))

/* Declared as functions that return, so that the call of the real one is a jump and leaves no frame. */
typedef void abort_fn(void);
EXPORT abort_fn abort_hook __asm__("abort");

STARTUP_DATA static abort_fn *real_abort = NULL;
STARTUP_DATA static bool kills_blocked = false;

/* Is it "2.41" or later? */
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
        void *next = dlsym(RTLD_NEXT, "abort");

        memcpy(&real_abort, &next, sizeof(next));
        origin_set_abort((uint64_t)next);
        kills_blocked = is_since_2_41(gnu_get_libc_version());
}

static void open_abort(void)
{
        const uint64_t one = ABRT;
        uint64_t blocked = 0;

        if (!kills_blocked || !interpose_active() || !actions_watched(SIGABRT))
                return;
        sys_sigprocmask(SIG_BLOCK, NULL, &blocked);
        if (!(blocked & ABRT))
                return;
        if (!claim_is_mine()) /* else it is a function of the application that we have called (handler.c) */
                actions_reset(SIGABRT);
        sys_sigprocmask(SIG_UNBLOCK, &one, NULL);
}

void abort_hook(void)
{
        open_abort();
        real_abort();
}
