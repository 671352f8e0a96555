/* SPDX-License-Identifier: MIT */
#include "preload/crash/debugger.h"
#include "preload/base/sigsafe.h"
#include "preload/base/syscalls.h"
#include "preload/facts/settings.h"
#include "preload/helper/spawn.h"
#include "preload/raw/stderr.h"
#include "unwind/core/terms/clock.h"

#include <errno.h>
#include <sys/prctl.h>

#define SLICE_NS 50000000ll  /* polling interval */
#define KEY "\nTracerPid:\t" /* proc(5), /proc/PID/status */

/* Reads TracerPid of the calling thread, since a debugger attaches to the threads one by one. Returns false also if
 * /proc is not readable; the wait then lasts for its full time. */
static bool is_traced(void)
{
        static char text[1024]; /* one user: the thread that claimed the crash. The line is among the first. */
        const size_t key = sizeof(KEY) - 1;
        int fd = sys_openat(AT_FDCWD, "/proc/thread-self/status", O_RDONLY | O_CLOEXEC, 0);
        ssize_t n;

        if (fd < 0)
                return false;
        n = sys_read(fd, text, sizeof(text));
        sys_close(fd);
        for (ssize_t i = 0; i + (ssize_t)key < n; i++)
                if (!__builtin_memcmp(text + i, KEY, key))
                        return text[i + (ssize_t)key] != '0';
        return false;
}

/* A line of JSON contains the pid already, and a log collector has no use for another one. */
static bool may_print(void)
{
        return settings.stderr_mode != SETTING_STDERR_NONE && settings.stderr_mode != SETTING_STDERR_JSON &&
               stderr_is_log();
}

static void print_notice(void)
{
        static struct sigsafe_out out; /* one user, as above */

        stderr_begin(&out);
        sigsafe_str(&out, "crashpre: waiting ");
        sigsafe_dec(&out, settings.wait_debugger_s);
        sigsafe_str(&out, " seconds for a debugger; type: gdb -p ");
        sigsafe_dec(&out, sys_getpid());
        sigsafe_str(&out, " -ex continue\n");
        sigsafe_flush(&out);
}

void debugger_wait(void)
{
        uint64_t end = sys_clock_ns(CLOCK_MONOTONIC) + settings.wait_debugger_s * NS_PER_S;

        if (!settings.wait_debugger_s || is_traced())
                return;
        /* Yama (Documentation/admin-guide/LSM/Yama.rst) otherwise refuses the user's gdb, which is not an ancestor of
         * this process. */
        sys_5(SYS_prctl, PR_SET_PTRACER, (long)PR_SET_PTRACER_ANY, 0, 0, 0);
        if (may_print())
                print_notice();
        while (!is_traced() && !spawn_wait_is_over() && sys_clock_ns(CLOCK_MONOTONIC) < end) {
                struct timespec slice = { 0, SLICE_NS };

                sys_ppoll(NULL, 0, &slice);
        }
}
