/* SPDX-License-Identifier: MIT */
/* tests/zoo/words/processes.c: children of every kind, start and end of a program, and children that must not be
 * confused with the helper. */
#include "tests/zoo/zoo.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

enum { MOST_CHILDREN = 200 };

/* --- children --- */

static void say_status(const char *who, int status)
{
        char line[128];

        if (WIFSIGNALED(status))
                snprintf(line, sizeof(line), "%s: signal %d%s", who, WTERMSIG(status),
                         WCOREDUMP(status) ? " core" : "");
        else
                snprintf(line, sizeof(line), "%s: exit %d", who, WEXITSTATUS(status));
        zoo_say(line);
}

static void child_prefix(const struct zoo_plan *plan, pid_t (*make)(void))
{
        int status;
        pid_t pid = make();

        if (pid < 0)
                zoo_broken("fork");
        if (pid == 0) {
                zoo_go(plan);
                _exit(0);
        }
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        zoo_broken("waitpid");
        say_status("child", status);
}

static void fork_prefix(const struct zoo_plan *plan)
{
        child_prefix(plan, fork);
}

static void send_again(int sig)
{
        signal(sig, SIG_DFL);
        raise(sig);
}

/* Ends in the way `how`. */
ZOO_FRAME static void end_like(int sig, const char *how)
{
        const struct rlimit none = { 0, 0 };

        setrlimit(RLIMIT_CORE, &none); /* as timeout(1) and strace(1): the core is the child's */
        if (strcmp(how, "raise") == 0)
                raise(sig);
        else if (strcmp(how, "abort") == 0)
                abort();
        else if (strcmp(how, "bus") == 0)
                raise(SIGBUS);
        else if (strcmp(how, "handler") == 0)
                signal(sig, send_again);
        if (strcmp(how, "fault") == 0 || strcmp(how, "handler") == 0)
                *(volatile int *)zoo_setting("ZOO_NULL", 0) = 1;
        kill(getpid(), sig);
}

/* A child dies of a signal, and then its parent ends: as argument 1 says, by the same signal, which it sends to itself by
 * kill (the default) or raise; or in a way of its own: abort, bus (another signal), fault, handler (of a fault, which sends
 * the signal again). */
static void relay_prefix(const struct zoo_plan *plan)
{
        int status;
        pid_t pid = fork();

        if (pid < 0)
                zoo_broken("fork");
        if (pid == 0) {
                zoo_go(plan);
                _exit(0);
        }
        if (waitpid(pid, &status, 0) < 0)
                zoo_broken("waitpid");
        if (WIFSIGNALED(status))
                end_like(WTERMSIG(status), zoo_arg(plan, 0, "kill"));
}

/* A process created without libc, whose cached pid is the parent's. */
static pid_t raw_fork(void)
{
        return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static void rawfork_prefix(const struct zoo_plan *plan)
{
        child_prefix(plan, raw_fork);
}

static void vfork_prefix(const struct zoo_plan *plan)
{
        int status;
        pid_t pid = vfork(); /* the child shares this process's memory and stack until it is dead */

        if (pid == 0) {
                zoo_go(plan);
                _exit(0);
        }
        if (pid < 0 || waitpid(pid, &status, 0) < 0)
                zoo_broken("vfork");
        say_status("child", status);
}

/* ZOO_CHILDREN children (default 100), all released at once by closing a pipe. */
static void children_prefix(const struct zoo_plan *plan)
{
        static pid_t pid[MOST_CHILDREN];
        long n = zoo_setting("ZOO_CHILDREN", 100), alike = 0;
        int gate[2], status, first = 0;
        char byte;

        if (n > MOST_CHILDREN || pipe(gate) < 0)
                zoo_broken("ZOO_CHILDREN");
        for (long i = 0; i < n; i++) {
                pid[i] = fork();
                if (pid[i] < 0)
                        zoo_broken("fork");
                if (pid[i] == 0) {
                        close(gate[1]);
                        if (read(gate[0], &byte, 1) == 0)
                                zoo_go(plan);
                        _exit(0);
                }
        }
        close(gate[1]);
        for (long i = 0; i < n; i++) {
                if (waitpid(pid[i], &status, 0) < 0)
                        zoo_broken("waitpid");
                status &= ~WCOREFLAG; /* all dump to one file, which fails for some */
                first = i ? first : status;
                alike += status == first;
        }
        say_status(alike == n ? "each child" : "the children differ; the first", first);
}

static volatile int forked;

static void *crash_meanwhile(void *arg)
{
        zoo_wait_for(&forked, "a child");
        zoo_go(arg);
        return NULL;
}

/* A worker crashes while the main thread forks children that crash, too. */
static void forking_prefix(const struct zoo_plan *plan)
{
        const struct rlimit none = { 0, 0 };
        pthread_t thread;
        int err;

        err = pthread_create(&thread, NULL, crash_meanwhile, (void *)(uintptr_t)plan);
        if (err)
                zoo_broken("pthread_create");
        zoo_silent_end = true;
        for (int i = 0; i < 50; i++) {
                pid_t pid = fork();

                forked = 1;
                if (pid == 0) {
                        setrlimit(RLIMIT_CORE, &none); /* otherwise they would dump to one file, which fails for some */
                        zoo_go(plan);
                }
                if (pid > 0)
                        waitpid(pid, NULL, 0);
        }
        pthread_join(thread, NULL);
}

/* A vfork child crashes, and then its parent does at once, in the same memory. */
static void aftervfork_prefix(const struct zoo_plan *plan)
{
        int status = 0;
        pid_t pid = vfork();

        if (pid == 0)
                zoo_go(&(const struct zoo_plan){ "wild-write", plan->args });
        if (pid > 0)
                zoo_go(plan);
        waitpid(pid, &status, 0);
}

static void *wait_in_vfork(void *arg)
{
        if (vfork() == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                *(volatile int *)arg = 1;
                for (;;)
                        pause();
        }
        return NULL;
}

/* Another thread waits for its vfork child, in a sleep that only the child or death ends. */
static void vforkheld_prefix(const struct zoo_plan *plan)
{
        pthread_t thread;

        if (pthread_create(&thread, NULL, wait_in_vfork, (void *)(uintptr_t)&forked))
                zoo_broken("pthread_create");
        zoo_wait_for(&forked, "a vfork child");
        zoo_go(plan);
}

static void *crash_in_vfork(void *arg)
{
        const struct rlimit none = { 0, 0 };
        pid_t pid = vfork();

        if (pid == 0) {
                setrlimit(RLIMIT_CORE, &none);
                *(volatile int *)arg = 1;
                zoo_go(&(const struct zoo_plan){ "wild-write", NULL });
        }
        return NULL;
}

/* A vfork child of one thread and another thread of the parent crash at once, in the same memory. */
static void besidevfork_prefix(const struct zoo_plan *plan)
{
        pthread_t thread;

        zoo_silent_end = true;
        if (pthread_create(&thread, NULL, crash_in_vfork, (void *)(uintptr_t)&forked))
                zoo_broken("pthread_create");
        zoo_wait_for(&forked, "a vfork child");
        zoo_go(plan);
}

/* ourselves WORD ARGUMENT...: the argument vector that starts this program again. */
static void self_again(const char **argv, const char *word, const struct zoo_plan *plan)
{
        argv[0] = "zoo";
        argv[1] = word;
        for (size_t i = 0; i < 60 && plan->args[i]; i++)
                argv[i + 2] = plan->args[i];
}

static void spawn_prefix(const struct zoo_plan *plan)
{
        extern char **environ;
        const char *argv[64] = { NULL };
        int status, err;
        pid_t pid;

        self_again(argv, plan->word, plan);
        err = posix_spawn(&pid, "/proc/self/exe", NULL, NULL, (char *const *)(uintptr_t)argv, environ);
        if (err || waitpid(pid, &status, 0) < 0)
                zoo_broken("posix_spawn");
        say_status("child", status);
}

/* With a shell in between, for which /proc/self/exe would be the shell itself. */
static void shell_command(char *line, size_t size, const struct zoo_plan *plan)
{
        char path[4096];
        ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

        path[n < 0 ? 0 : n] = '\0';
        snprintf(line, size, "'%s' %s 2>/dev/null", path, plan->word);
}

static void system_prefix(const struct zoo_plan *plan)
{
        char line[8192];

        shell_command(line, sizeof(line), plan);
        say_status("system", system(line));
}

static void popen_prefix(const struct zoo_plan *plan)
{
        char line[8192];
        FILE *f;

        shell_command(line, sizeof(line), plan);
        f = popen(line, "r");
        if (!f)
                zoo_broken("popen");
        while (fgets(line, sizeof(line), f)) {
                line[strcspn(line, "\n")] = '\0';
                zoo_say(line);
        }
        say_status("popen", pclose(f));
}

/* Between fork and exec, with descriptors as set up by a shell. */
static void beforeexec_prefix(const struct zoo_plan *plan)
{
        int status;
        pid_t pid = fork();

        if (pid == 0) {
                close(STDIN_FILENO);
                dup2(STDOUT_FILENO, 9);
                zoo_go(plan);
                execl("/bin/true", "true", (char *)NULL);
                _exit(127);
        }
        if (pid < 0 || waitpid(pid, &status, 0) < 0)
                zoo_broken("fork");
        say_status("child", status);
}

/* exec fails, and the program continues. */
static void badexec_prefix(const struct zoo_plan *plan)
{
        if (execl("/nonexistent/program", "program", (char *)NULL) == 0 ||
            execl("/etc/passwd", "passwd", (char *)NULL) == 0)
                zoo_broken("exec");
        zoo_go(plan);
}

static void daemon_prefix(const struct zoo_plan *plan)
{
        if (daemon(0, 0) < 0)
                zoo_broken("daemon");
        zoo_go(plan);
}

static void clearenv_prefix(const struct zoo_plan *plan)
{
        clearenv();
        zoo_go(plan);
}

static void exec_self(const char *word, const struct zoo_plan *plan)
{
        const char *argv[64] = { NULL };

        self_again(argv, word, plan);
        execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
        zoo_broken("exec");
}

static void exec_prefix(const struct zoo_plan *plan)
{
        exec_self(plan->word, plan);
}

static void ctor_prefix(const struct zoo_plan *plan)
{
        setenv("ZOO_CTOR", plan->word, 1);
        exec_self(plan->word, plan);
}

static const struct zoo_plan *at_exit;

static void run_at_exit(void)
{
        zoo_go(at_exit);
}

static void atexit_prefix(const struct zoo_plan *plan)
{
        static struct zoo_plan copy;

        copy = *plan;
        at_exit = &copy;
        atexit(run_at_exit);
}

/* --- libraries that crash when they are loaded and unloaded --- */

static void *edge_library(const char *when)
{
        setenv("ZOO_EDGE", when, 1);
        return zoo_load("edge");
}

static void plugin_ctor(const struct zoo_plan *plan UNUSED)
{
        edge_library("ctor");
}

static void plugin_dtor(const struct zoo_plan *plan UNUSED)
{
        void *library = edge_library("dtor");

        if (!library || dlclose(library))
                zoo_broken("libedge.so");
}

static void *closing;
static const struct zoo_plan *after_close;

static void close_beneath(void *arg UNUSED)
{
        dlclose(closing);
        zoo_go(after_close);
}

/* The calling library is unloaded while its frames are still on the stack. */
static void closed_plugin_prefix(const struct zoo_plan *plan)
{
        union {
                void *symbol;
                void (*call)(void (*next)(void *), void *arg);
        } u = { NULL };

        after_close = plan;
        closing = edge_library("never");
        if (!closing || !(u.symbol = dlsym(closing, "edge_call")))
                zoo_broken("libedge.so");
        u.call(close_beneath, NULL);
}

/* --- children of the application, which must not be confused with the helper --- */

static void on_sigchld(int sig UNUSED)
{
        zoo_say("SIGCHLD");
}

static void sigchld_prefix(const struct zoo_plan *plan)
{
        signal(SIGCHLD, on_sigchld);
        zoo_go(plan);
}

static void sigchldign_prefix(const struct zoo_plan *plan)
{
        signal(SIGCHLD, SIG_IGN);
        zoo_go(plan);
}

static volatile int waiting;

static void *wait_for_any(void *arg)
{
        int status;
        pid_t known = *(pid_t *)arg, pid;

        waiting = 1;
        while ((pid = waitpid(-1, &status, 0)) > 0) {
                zoo_say(pid == known ? "waitpid: the program's own child" : "waitpid: a child nobody started");
                if (pid == known)
                        say_status("waitpid", status);
        }
        return NULL;
}

/* A thread in waitpid(-1) with a child that lives as long as the rest runs. */
static void waiter_prefix(const struct zoo_plan *plan)
{
        pid_t self = getpid(), child = fork();
        pthread_t thread;

        if (child == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                while (getppid() == self) /* it may have died before */
                        pause();
                _exit(0);
        }
        if (pthread_create(&thread, NULL, wait_for_any, &child))
                zoo_broken("pthread_create");
        zoo_wait_for(&waiting, "waiter");
        zoo_go(plan);
        kill(child, SIGKILL);
        pthread_join(thread, NULL);
}

const struct zoo_word process_words[] = {
        { "fork-", fork_prefix },
        { "relay-", relay_prefix },
        { "rawfork-", rawfork_prefix },
        { "vfork-", vfork_prefix },
        { "exec-", exec_prefix },
        { "ctor-", ctor_prefix },
        { "atexit-", atexit_prefix },
        { "sigchld-", sigchld_prefix },
        { "sigchldign-", sigchldign_prefix },
        { "waiter-", waiter_prefix },
        { "children-", children_prefix },
        { "forking-", forking_prefix },
        { "aftervfork-", aftervfork_prefix },
        { "besidevfork-", besidevfork_prefix },
        { "vforkheld-", vforkheld_prefix },
        { "spawn-", spawn_prefix },
        { "system-", system_prefix },
        { "popen-", popen_prefix },
        { "beforeexec-", beforeexec_prefix },
        { "badexec-", badexec_prefix },
        { "daemon-", daemon_prefix },
        { "clearenv-", clearenv_prefix },
        { "closedplugin-", closed_plugin_prefix },
        { "plugin-ctor", plugin_ctor },
        { "plugin-dtor", plugin_dtor },
        { NULL, NULL },
};
