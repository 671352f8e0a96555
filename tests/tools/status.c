/* SPDX-License-Identifier: MIT */
/* tests/tools/status.c: runs a command and tells how it really ended, which a shell does not.
 *
 *   status [-t SECONDS] [-C DIR] [-o FILE] COMMAND [ARGUMENT...]
 *
 * The command starts with default signal actions, nothing blocked, its core limit as high as allowed, and leads a
 * process group of its own. One line goes to FILE (else to stderr): "signal 11 SIGSEGV core", "signal 9 SIGKILL",
 * "exit 3", or "timeout" after SECONDS (default 30), when the whole group is killed. Status 0 if the command could be
 * started, however it ended; 124 for a timeout; 2 for our own troubles. Nothing is left running.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct options {
        long seconds;
        const char *dir, *out;
};

static void die(const char *what)
{
        fprintf(stderr, "status: %s: %s\n", what, strerror(errno));
        exit(2);
}

static void run(const struct options *o, char **command)
{
        struct rlimit core;
        sigset_t none;

        for (int i = 1; i < NSIG; i++)
                signal(i, SIG_DFL);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        getrlimit(RLIMIT_CORE, &core);
        core.rlim_cur = core.rlim_max;
        setrlimit(RLIMIT_CORE, &core);
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (o->dir && chdir(o->dir) < 0)
                die(o->dir);
        execvp(command[0], command);
        die(command[0]);
}

/* 0: ended; 1: did not within the time. */
static int wait_for(pid_t pid, long seconds, int *status)
{
        const struct timespec limit = { .tv_sec = seconds };
        sigset_t chld;

        sigemptyset(&chld);
        sigaddset(&chld, SIGCHLD);
        while (waitpid(pid, status, WNOHANG) == 0)
                if (sigtimedwait(&chld, NULL, &limit) < 0 && errno == EAGAIN)
                        return 1;
        return 0;
}

static void tell(const struct options *o, int timeout, int status)
{
        FILE *f = o->out ? fopen(o->out, "w") : stderr;

        if (!f)
                die(o->out);
        if (timeout)
                fprintf(f, "timeout\n");
        else if (WIFSIGNALED(status))
                fprintf(f, "signal %d SIG%s%s\n", WTERMSIG(status), sigabbrev_np(WTERMSIG(status)),
                        WCOREDUMP(status) ? " core" : "");
        else
                fprintf(f, "exit %d\n", WEXITSTATUS(status));
        if (fflush(f))
                die("write");
}

int main(int argc, char **argv)
{
        struct options o = { .seconds = 30 };
        int c, status = 0, timeout;
        sigset_t chld;
        pid_t pid;

        while ((c = getopt(argc, argv, "+t:C:o:")) != -1)
                switch (c) {
                case 't': o.seconds = atol(optarg); break;
                case 'C': o.dir = optarg; break;
                case 'o': o.out = optarg; break;
                default: return 2;
                }
        if (optind == argc) {
                fprintf(stderr, "usage: status [-t SECONDS] [-C DIR] [-o FILE] COMMAND...\n");
                return 2;
        }
        sigemptyset(&chld);
        sigaddset(&chld, SIGCHLD);
        sigprocmask(SIG_BLOCK, &chld, NULL); /* before fork, so that sigtimedwait misses no child */
        pid = fork();
        if (pid < 0)
                die("fork");
        if (pid == 0)
                run(&o, argv + optind);
        setpgid(pid, pid);
        timeout = wait_for(pid, o.seconds, &status);
        kill(-pid, SIGKILL);
        if (timeout)
                waitpid(pid, &status, 0);
        tell(&o, timeout, status);
        return timeout ? 124 : 0;
}
