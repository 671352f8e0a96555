/* SPDX-License-Identifier: MIT */
/* libtrouble.so: a preload for the helper: opening the file that ends in $TROUBLE_AT triggers the failure named by
 * $TROUBLE:
 *
 *   crash   a write to a null pointer
 *   hang    waits for ever
 *   stuck   waits for ever with all signals except SIGKILL blocked: as in the kernel on a dead file server
 *   killed  SIGKILL, as by the kernel's out-of-memory killer
 */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile int *volatile nowhere = NULL; /* hidden from compilers and linters */

static void trouble(const char *kind)
{
        sigset_t all;

        if (!strcmp(kind, "crash"))
                *nowhere = 1;
        if (!strcmp(kind, "killed"))
                kill(getpid(), SIGKILL);
        sigfillset(&all);
        if (!strcmp(kind, "stuck"))
                sigprocmask(SIG_BLOCK, &all, NULL);
        for (;;)
                pause();
}

int open(const char *path, int flags, ...)
{
        const char *at = getenv("TROUBLE_AT"), *kind = getenv("TROUBLE");
        size_t len = strlen(path), tail = at ? strlen(at) : 0;
        mode_t mode = 0;

        if (at && kind && len >= tail && !strcmp(path + len - tail, at))
                trouble(kind);
        if (flags & (O_CREAT | __O_TMPFILE)) {
                va_list ap;

                va_start(ap, flags);
                mode = va_arg(ap, mode_t);
                va_end(ap);
        }
        return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));
