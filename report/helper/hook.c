/* SPDX-License-Identifier: MIT */
#include "report/helper/hook.h"

#include "report/helper/guard.h"
#include "unwind/core/terms/wire.h"
#include "unwind/target/aside.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The command gets neither stdout nor stderr of the application, whose readers must not wait for it. Of the helper's
 * descriptors only the raw report stays open, for the outcome. */
static void redirect_descriptors(void)
{
        int null = open("/dev/null", O_RDWR), fd;

        for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
                dup2(null, fd);
        for (fd = STDERR_FILENO + 1; fd <= WIRE_FD_DIR; fd++)
                if (fd != WIRE_FD_RAW)
                        close(fd);
        fcntl(WIRE_FD_RAW, F_SETFD, FD_CLOEXEC);
        close_range(WIRE_FD_DIR + 1, ~0U, 0);
}

static _Noreturn void execute(const char *command, const char *path)
{
        char line[4096];
        sigset_t none;
        int n;

        setpgid(0, 0);
        sigemptyset(&none);
        for (n = 1; n <= SIGRTMAX; n++)
                if (n != SIGKILL && n != SIGSTOP)
                        signal(n, SIG_DFL);
        sigprocmask(SIG_SETMASK, &none, NULL);
        if (snprintf(line, sizeof(line), "%s \"$@\"", command) < (int)sizeof(line))
                execl("/bin/sh", "sh", "-c", line, "crashpre", path, (char *)NULL);
        _exit(127);
}

static _Noreturn void supervise(const char *command, const char *path, long seconds)
{
        struct timespec patience = { .tv_sec = seconds };
        sigset_t child;
        int status = 0;
        pid_t pid;

        redirect_descriptors();
        sigemptyset(&child);
        sigaddset(&child, SIGCHLD);
        sigprocmask(SIG_BLOCK, &child, NULL);
        pid = aside_fork();
        if (!pid)
                execute(command, path);
        if (pid < 0)
                _exit(1);
        setpgid(pid, pid); /* also called by the child: whichever runs first */
        while (sigtimedwait(&child, NULL, &patience) < 0 && errno == EINTR)
                ;
        if (waitpid(pid, &status, WNOHANG) != pid) {
                kill(-pid, SIGKILL);
                guard_outcome("CRASHPRE_ON_REPORT: ended after %ld seconds", seconds);
        } else if (WIFSIGNALED(status)) {
                guard_outcome("CRASHPRE_ON_REPORT: died of signal %d", WTERMSIG(status));
        } else if (WEXITSTATUS(status)) {
                guard_outcome("CRASHPRE_ON_REPORT: ended with status %d", WEXITSTATUS(status));
        }
        _exit(0);
}

void hook_start(const char *command, const char *path, long seconds)
{
        pid_t pid = aside_fork();

        if (!pid)
                supervise(command, path, seconds);
        if (pid < 0)
                guard_outcome("CRASHPRE_ON_REPORT: not started: %s", strerror(errno));
}
