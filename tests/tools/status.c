/* SPDX-License-Identifier: MIT */
/* tests/tools/status.c: runs a command and prints its wait status exactly, which a shell does not.
 *
 *   status [-1] [-t SECONDS] [-C DIR] [-o FILE] COMMAND [ARGUMENT...]
 *
 * The command starts with default signal actions, no blocked signals, the highest permitted core limit, and as leader
 * of a new process group. One line is written to FILE (else to stderr): "signal 11 SIGSEGV core", "signal 9 SIGKILL",
 * "exit 3", or "timeout" after SECONDS (default 30), when the whole group is killed. If descendants of the command,
 * dead or alive, still exist a few seconds after its end, the line continues: " and 2 left". Exit status: 0 if the
 * command was started, however it ended; 124 for a timeout; 2 for errors of this program. No process is left running. With -1 the
 * command is the first process of a pid namespace, with a /proc of its own; requires root.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 5 };

struct options {
        long seconds;
        const char *dir, *out;
        int first;
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
        if (o->first &&
            (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("proc", "/proc", "proc", 0, NULL) < 0))
                die("mount");
        if (o->dir && chdir(o->dir) < 0)
                die(o->dir);
        execvp(command[0], command);
        die(command[0]);
}

/* Returns 0 if the child ended, 1 if it did not within the time. */
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

/* Descendants that outlive the command become children of this process (PR_SET_CHILD_SUBREAPER, prctl(2)). A helper
 * may end slightly later than the program whose crash it reported. Returns how many remain; those are killed. */
static int kill_remaining(pid_t group)
{
        const struct timespec tick = { .tv_nsec = 2000000 };
        int left = 0;
        pid_t pid;

        for (int i = 0; (pid = waitpid(-1, NULL, __WALL | WNOHANG)) >= 0 && i < PATIENCE_S * 500; i++)
                if (pid == 0)
                        nanosleep(&tick, NULL);
        if (pid < 0)
                return 0;
        kill(-group, SIGKILL);
        for (int i = 0; (pid = waitpid(-1, NULL, __WALL | WNOHANG)) >= 0 && i < 500; i++) {
                left += pid > 0;
                if (pid == 0)
                        nanosleep(&tick, NULL);
        }
        return left + (pid == 0);
}

static void write_status(const struct options *o, int timeout, int status, int left)
{
        FILE *f = o->out ? fopen(o->out, "w") : stderr;

        if (!f)
                die(o->out);
        if (timeout)
                fprintf(f, "timeout");
        else if (WIFSIGNALED(status))
                fprintf(f, "signal %d SIG%s%s", WTERMSIG(status), sigabbrev_np(WTERMSIG(status)),
                        WCOREDUMP(status) ? " core" : "");
        else
                fprintf(f, "exit %d", WEXITSTATUS(status));
        if (left)
                fprintf(f, " and %d left", left);
        fputc('\n', f);
        if (fflush(f))
                die("write");
}

int main(int argc, char **argv)
{
        struct options o = { .seconds = 30 };
        int c, status = 0, timeout, left;
        sigset_t chld;
        pid_t pid;

        while ((c = getopt(argc, argv, "+1t:C:o:")) != -1)
                switch (c) {
                case '1':
                        o.first = 1;
                        break;
                case 't':
                        o.seconds = atol(optarg);
                        break;
                case 'C':
                        o.dir = optarg;
                        break;
                case 'o':
                        o.out = optarg;
                        break;
                default:
                        return 2;
                }
        if (optind == argc) {
                fprintf(stderr, "usage: status [-1] [-t SECONDS] [-C DIR] [-o FILE] COMMAND...\n");
                return 2;
        }
        sigemptyset(&chld);
        sigaddset(&chld, SIGCHLD);
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        sigprocmask(SIG_BLOCK, &chld, NULL); /* before fork, so that sigtimedwait misses no child */
        if (o.first && unshare(CLONE_NEWPID | CLONE_NEWNS) < 0)
                die("unshare");
        pid = fork();
        if (pid < 0)
                die("fork");
        if (pid == 0)
                run(&o, argv + optind);
        setpgid(pid, pid);
        timeout = wait_for(pid, o.seconds, &status);
        if (timeout) {
                kill(-pid, SIGKILL);
                waitpid(pid, &status, 0);
        }
        left = kill_remaining(pid);
        write_status(&o, timeout, status, left);
        return timeout ? 124 : 0;
}
