/* SPDX-License-Identifier: MIT */
/* report/command/run.c: crashpre run: a command under the preload, its exit passed on unchanged. */
#include "report/command/run.h"

#include "report/doctor/cover.h"
#include "report/model/utf8.h"
#include "report/place/install.h"
#include "report/place/settings.h"
#include "report/place/store.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Exit codes as of env(1). */
enum { RUN_FAILED = 125, RUN_CANNOT_EXECUTE = 126, RUN_NOT_FOUND = 127 };

/* ---- set-up ---- */

static void print_note(void *ctx, const char *name, const char *message)
{
        (void)name;
        cli_error(((const struct run *)ctx)->self, "%s", message);
}

static bool find_library(struct run *r)
{
        const char *tried;

        r->library = install_find(&r->pool, INSTALL_LIBRARY, &tried);
        if (!r->library) {
                cli_error(r->self, "%s: %s; crashpre and its library are installed together", tried, strerror(errno));
                return false;
        }
        if (strpbrk(r->library, " :")) {
                cli_error(r->self,
                          "%s: blanks and colons end an entry of LD_PRELOAD; move crashpre to a path without them",
                          r->library);
                return false;
        }
        return true;
}

static bool choose_directory(struct run *r, const char *option)
{
        const char *dir = option ? option : getenv("CRASHPRE_DIR");
        char cwd[PATH_MAX];

        r->cwd = getcwd(cwd, sizeof(cwd)) ? pool_strdup(&r->pool, cwd) : NULL;
        if (!dir || !*dir)
                dir = "crash-reports";
        if (*dir == '/' || (!option && !strcmp(dir, "-"))) {
                r->dir = pool_strdup(&r->pool, dir);
                return true;
        }
        if (!r->cwd) {
                cli_error(r->self, "working directory: %s", strerror(errno));
                return false;
        }
        while (!strncmp(dir, "./", 2))
                dir += 2;
        r->dir = pool_printf(&r->pool, "%s/%s", strcmp(r->cwd, "/") ? r->cwd : "", dir);
        return true;
}

/* A crashing program prints only where its stderr is that of this command: what a test captures is the test's. Called
 * before any file is opened, which would get the number of a closed stderr. */
static void identify_stderr(struct run *r)
{
        struct stat st;

        if (fstat(STDERR_FILENO, &st)) /* closed: no file has the numbers 0:0 */
                st.st_dev = st.st_ino = 0;
        r->own_stderr = pool_printf(&r->pool, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
}

/* ---- the command ---- */

static bool names_entry(const char *list, const char *entry, const char *separators)
{
        size_t len = strlen(entry);

        while (*list) {
                size_t n = strcspn(list, separators);

                if (n == len && !strncmp(list, entry, len))
                        return true;
                list += n;
                list += strspn(list, separators);
        }
        return false;
}

/* A sanitizer's run-time refuses to start behind another library, and intercepts what it needs to see first. Before all others the
 * library is called first for what they interpose as well. */
static const char *with_library(struct run *r, const char *preload)
{
        size_t at = 0, last = 0, n;

        while (preload[at]) {
                const char *entry, *base;

                at += strspn(preload + at, " :");
                n = strcspn(preload + at, " :");
                entry = pool_strndup(&r->pool, preload + at, n);
                base = strrchr(entry, '/') ? strrchr(entry, '/') + 1 : entry;
                at += n;
                if (!fnmatch("lib*san.so*", base, 0) || !fnmatch("libclang_rt.*", base, 0))
                        last = at;
        }
        return last ? pool_printf(&r->pool, "%.*s:%s%s", (int)last, preload, r->library, preload + last)
                    : pool_printf(&r->pool, "%s:%s", r->library, preload);
}

static void set_environment(struct run *r)
{
        const char *preload = getenv("LD_PRELOAD"), *asan = getenv("ASAN_OPTIONS");

        if (!preload || !*preload)
                setenv("LD_PRELOAD", r->library, 1);
        else if (!names_entry(preload, r->library, " :"))
                setenv("LD_PRELOAD", with_library(r, preload), 1);
        /* Programs built with gcc's AddressSanitizer refuse any preload otherwise. */
        if (!asan || !*asan)
                setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
        else if (!strstr(asan, "verify_asan_link_order="))
                setenv("ASAN_OPTIONS", pool_printf(&r->pool, "%s:verify_asan_link_order=0", asan), 1);
        setenv("CRASHPRE_DIR", r->dir, 1);
        setenv("CRASHPRE_RUN_STDERR", r->own_stderr, 1);
}

/* Ctrl-C and Ctrl-\ reach the whole foreground group, the command included: it decides. What is sent to us alone is
 * handed on. */
static void set_signals(struct run *r)
{
        struct sigaction ignore = { .sa_handler = SIG_IGN }, fallback = { .sa_handler = SIG_DFL };

        sigemptyset(&r->waited);
        sigaddset(&r->waited, SIGTERM);
        sigaddset(&r->waited, SIGHUP);
        sigaddset(&r->waited, SIGCHLD);
        sigprocmask(SIG_BLOCK, &r->waited, &r->old_mask);
        sigaction(SIGINT, &ignore, &r->old_int);
        sigaction(SIGQUIT, &ignore, &r->old_quit);
        sigaction(SIGCHLD, &fallback, &r->old_child); /* ignored, it would take the exit status away */
}

static void restore_signals(const struct run *r)
{
        sigaction(SIGINT, &r->old_int, NULL);
        sigaction(SIGQUIT, &r->old_quit, NULL);
        sigaction(SIGCHLD, &r->old_child, NULL);
        sigprocmask(SIG_SETMASK, &r->old_mask, NULL);
}

/* Returns the pid; 0 where the command could not be executed, with errno. */
static pid_t start(struct run *r)
{
        int failed[2], err = 0;
        pid_t pid;

        if (pipe2(failed, O_CLOEXEC))
                return -1;
        pid = fork();
        if (!pid) {
                restore_signals(r);
                set_environment(r);
                execvp(r->command[0], r->command);
                err = errno;
                while (write(failed[1], &err, sizeof(err)) < 0 && errno == EINTR)
                        ;
                _exit(RUN_FAILED);
        }
        close(failed[1]);
        if (pid > 0) {
                ssize_t n;

                do
                        n = read(failed[0], &err, sizeof(err));
                while (n < 0 && errno == EINTR);
                if (n == sizeof(err)) {
                        waitpid(pid, NULL, 0);
                        pid = 0;
                        errno = err;
                }
        }
        err = errno;
        close(failed[0]);
        errno = err;
        return pid;
}

/* The name that a process had at its end: a shell may have become another program by execve(2). */
static const char *name_at_end(struct run *r, pid_t pid)
{
        char *name;
        size_t len;

        if (store_read(&r->pool, AT_FDCWD, pool_printf(&r->pool, "/proc/%d/comm", (int)pid), 256, &name, &len) || !len)
                return NULL;
        name[strcspn(name, "\n")] = 0;
        return name;
}

static int wait_for(struct run *r, pid_t pid)
{
        int status = 0;

        for (;;) {
                siginfo_t end = { 0 };
                int err = waitid(P_PID, (id_t)pid, &end, WEXITED | WNOHANG | WNOWAIT), signal_number;

                if (end.si_pid == pid || (err && errno != EINTR)) {
                        r->program = name_at_end(r, pid);
                        waitpid(pid, &status, 0);
                        return status;
                }
                signal_number = sigwaitinfo(&r->waited, NULL);
                if (signal_number == SIGTERM || signal_number == SIGHUP)
                        kill(pid, signal_number);
        }
}

/* Sets the default action by a system call of its own: under another crashpre run this process has libcrashpre.so
 * loaded, whose sigaction() would keep the signal watched and report this death as a crash. All members of the kernel's
 * struct sigaction are 0 (its layout depends on the processor), and its signal set has 8 bytes (Linux kernel,
 * include/uapi/asm-generic/signal.h). */
static void set_default_action(int signal_number)
{
        const char zeroed[64] = { 0 };

        syscall(SYS_rt_sigaction, signal_number, zeroed, NULL, sizeof(uint64_t));
}

/* Ends as the command did. The core, if any, is the command's own: none of ours. */
static int pass_on(int status)
{
        struct rlimit none = { 0, 0 };
        sigset_t one;
        int signal_number;

        if (WIFEXITED(status))
                return WEXITSTATUS(status);
        signal_number = WTERMSIG(status);
        fflush(NULL);
        setrlimit(RLIMIT_CORE, &none);
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* a core pattern with a pipe ignores the limit */
        set_default_action(signal_number);
        sigemptyset(&one);
        sigaddset(&one, signal_number);
        sigprocmask(SIG_UNBLOCK, &one, NULL);
        raise(signal_number);
        return 128 + signal_number; /* process 1 of a container does not die so */
}

static int run_command(struct run *r)
{
        pid_t pid;
        int status;

        run_remember_reports(r);
        r->gap = cover_gap(&r->pool, r->command[0]);
        set_signals(r);
        pid = start(r);
        if (pid <= 0) {
                int err = errno;

                cli_error(r->self, "%s: %s", r->command[0], strerror(err));
                if (pid < 0)
                        return RUN_FAILED;
                return err == ENOENT ? RUN_NOT_FOUND : RUN_CANNOT_EXECUTE;
        }
        status = wait_for(r, pid);
        run_print_results(r, status);
        return pass_on(status);
}

static const char *set_directory(void *dir, const char *value)
{
        *(const char **)dir = value;
        return *value ? NULL : "a directory";
}

static int run(const struct cli_command *self, int argc, char **argv)
{
        struct run r = { .self = self };
        const char *dir = NULL;
        int operands, code = cli_parse(self, argc, argv, &dir, &operands);

        if (code >= 0)
                return code;
        if (operands == argc)
                return cli_usage_error(self, "no command to run");
        code = RUN_FAILED;
        r.command = argv + operands;
        identify_stderr(&r);
        settings_check(print_note, &r);
        if (find_library(&r) && choose_directory(&r, dir))
                code = run_command(&r);
        pool_free(&r.pool);
        return code;
}

static const struct cli_option run_options[] = {
        { 'd', "dir", "DIR", "where reports go", set_directory },
        { 0 },
};

const struct cli_command cli_run = {
        .name = "run",
        .arguments = "[--dir DIR] [--] COMMAND [ARGUMENT...]",
        .summary = "run a command; every program in it that crashes leaves a report",
        .help = "The command and all its children run with libcrashpre.so preloaded. Reports go to DIR, else to\n"
                "$CRASHPRE_DIR, else to ./crash-reports, which is made when something crashes. The new reports are\n"
                "named on stderr at the end. libcrashpre(7) lists the CRASHPRE_ variables.\n",
        .options = run_options,
        .exit_status = "that of the command, or death by the same signal; 125 crashpre itself failed (or wrong\n"
                       "usage), 126 the command cannot be executed, 127 it was not found\n",
        .ends_at_operand = true,
        .usage_code = RUN_FAILED, /* as env(1): 2 may be the command's own status */
        .run = run,
};
