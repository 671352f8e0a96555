/* SPDX-License-Identifier: MIT */
/* preload/program/children.c: exec(3), posix_spawn(3), system(3) and popen(3): a program started by one of them
 * inherits the signal mask and the ignored signals that its parent set, not those of the kernel (mask.h, actions.h). If
 * another thread is dying of a signal, the process dies first, as it would have without this library.
 *
 * exec() is called in children of fork() and vfork(), some of them created in signal handlers: these functions do not
 * allocate, and modify no memory. The functions remain cancellation points, since the real function is called.
 */
#include "preload/base/libc.h"
#include "preload/base/next.h"
#include "preload/crash/deliver.h"
#include "preload/crash/occasion.h"
#include "preload/program/interpose.h"
#include "preload/signal/actions.h"
#include "preload/signal/mask.h"

#include <errno.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Calls the next `name` with the application's mask set in the kernel. The call returns, or replaces the process. */
#define PASS_ON(result, nothing, name, ...)                                       \
        do {                                                                      \
                __typeof__(&name) next = NEXT(name);                              \
                uint64_t mask, ignored = 0;                                       \
                bool disguised = interpose_active() && mask_undisguise(&mask);    \
                                                                                  \
                if (interpose_active()) {                                         \
                        occasion_wait_for_death();                                \
                        ignored = actions_ignore_in_kernel();                     \
                }                                                                 \
                result = next ? next(__VA_ARGS__) : (set_errno(ENOSYS), nothing); \
                if (ignored)                                                      \
                        actions_watch_again(ignored);                             \
                if (disguised)                                                    \
                        mask_disguise(&mask);                                     \
        } while (0)

/* The same for a call that replaces this process's program. */
#define BECOME(result, name, ...)                       \
        do {                                            \
                if (interpose_active())                 \
                        deliver_forget_abort();         \
                PASS_ON(result, -1, name, __VA_ARGS__); \
        } while (0)

EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
        int r;

        BECOME(r, execve, path, argv, envp);
        return r;
}

EXPORT int execv(const char *path, char *const argv[])
{
        int r;

        BECOME(r, execv, path, argv);
        return r;
}

EXPORT int execvp(const char *file, char *const argv[])
{
        int r;

        BECOME(r, execvp, file, argv);
        return r;
}

EXPORT int execvpe(const char *file, char *const argv[], char *const envp[])
{
        int r;

        BECOME(r, execvpe, file, argv, envp);
        return r;
}

EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
        int r;

        BECOME(r, fexecve, fd, argv, envp);
        return r;
}

EXPORT int execveat(int dir, const char *path, char *const argv[], char *const envp[], int flags)
{
        int r;

        BECOME(r, execveat, dir, path, argv, envp, flags);
        return r;
}

static size_t count_arguments(va_list ap)
{
        size_t n = 1;

        while (va_arg(ap, char *))
                n++;
        return n;
}

/* Stores the arguments after `first` in argv[1...], up to and including the NULL. */
static void collect(char **argv, const char *first, va_list ap)
{
        size_t i = 0;

        argv[i++] = (char *)(uintptr_t)first; // NOLINT(performance-no-int-to-ptr)
        while ((argv[i++] = va_arg(ap, char *)))
                ;
}

/* Calls the variant with an array instead of libc's execl() family, whose functions cannot be called with a va_list. */
#define LISTED(first, call)                                              \
        do {                                                             \
                va_list ap, again;                                       \
                size_t n;                                                \
                int result;                                              \
                                                                         \
                va_start(ap, first);                                     \
                va_copy(again, ap);                                      \
                n = count_arguments(again);                              \
                va_end(again);                                           \
                char **argv = __builtin_alloca((n + 1) * sizeof(*argv)); \
                collect(argv, first, ap);                                \
                result = call;                                           \
                va_end(ap);                                              \
                return result;                                           \
        } while (0)

EXPORT int execl(const char *path, const char *first, ...)
{
        LISTED(first, execv(path, argv));
}

EXPORT int execlp(const char *file, const char *first, ...)
{
        LISTED(first, execvp(file, argv));
}

EXPORT int execle(const char *path, const char *first, ...)
{
        LISTED(first, execve(path, argv, va_arg(ap, char **)));
}

EXPORT int posix_spawn(pid_t *restrict pid, const char *restrict path, const posix_spawn_file_actions_t *files,
                       const posix_spawnattr_t *restrict attr, char *const argv[restrict], char *const envp[restrict])
{
        int r;

        PASS_ON(r, ENOSYS, posix_spawn, pid, path, files, attr, argv, envp);
        return r;
}

EXPORT int posix_spawnp(pid_t *restrict pid, const char *restrict file, const posix_spawn_file_actions_t *files,
                        const posix_spawnattr_t *restrict attr, char *const argv[restrict], char *const envp[restrict])
{
        int r;

        PASS_ON(r, ENOSYS, posix_spawnp, pid, file, files, attr, argv, envp);
        return r;
}

EXPORT int system(const char *command)
{
        int r;

        PASS_ON(r, -1, system, command);
        return r;
}

EXPORT FILE *popen(const char *command, const char *mode)
{
        FILE *r;

        PASS_ON(r, NULL, popen, command, mode);
        return r;
}
