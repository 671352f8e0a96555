/* SPDX-License-Identifier: MIT */
/* report/command/run.c: crashpre run: a command under the preload, its exit passed on unchanged. */
#include "report/command/cli.h"

#include "report/doctor/cover.h"
#include "report/load.h"
#include "report/model/utf8.h"
#include "report/place/install.h"
#include "report/place/settings.h"
#include "report/place/store.h"
#include "report/text/text.h"

#include <errno.h>
#include <fcntl.h>
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
#include <time.h>
#include <unistd.h>

/* Exit codes as of env(1). */
enum { RUN_FAILED = 125, RUN_CANNOT_EXECUTE = 126, RUN_NOT_FOUND = 127 };

/* Different crashes that are told at the end of a command; a broken build may have very many. */
#define BUGS_SHOWN 20

struct run {
        const struct cli_command *self;
        struct pool pool;
        const char *dir;        /* absolute */
        const char *library;    /* libcrashpre.so */
        const char *own_stderr; /* value of CRASHPRE_RUN_STDERR */
        char **command;
        struct store_entry *before; /* reports that were there already */
        size_t before_count;
        time_t began;
        const char *gap;     /* why the command does not load the library; NULL: it does, as far as can be seen */
        const char *program; /* name of the program that the command was at its end; NULL unknown */
        sigset_t waited;     /* blocked while the command runs, and taken by sigwaitinfo() */
        sigset_t old_mask;
        struct sigaction old_int, old_quit, old_child;
};

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

        if (!dir || !*dir)
                dir = "crash-reports";
        if (*dir == '/' || (!option && !strcmp(dir, "-"))) {
                r->dir = pool_strdup(&r->pool, dir);
                return true;
        }
        if (!getcwd(cwd, sizeof(cwd))) {
                cli_error(r->self, "working directory: %s", strerror(errno));
                return false;
        }
        while (!strncmp(dir, "./", 2))
                dir += 2;
        r->dir = pool_printf(&r->pool, "%s/%s", strcmp(cwd, "/") ? cwd : "", dir);
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

static void list_reports(struct run *r, const char *dir, struct store_entry **v, size_t *n)
{
        int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        *v = NULL;
        *n = 0;
        if (fd < 0)
                return; /* made when something crashes */
        store_list(&r->pool, fd, v, n);
        close(fd);
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

static void set_environment(struct run *r)
{
        const char *preload = getenv("LD_PRELOAD"), *asan = getenv("ASAN_OPTIONS");

        if (!preload || !*preload)
                setenv("LD_PRELOAD", r->library, 1);
        else if (!names_entry(preload, r->library, " :"))
                setenv("LD_PRELOAD", pool_printf(&r->pool, "%s:%s", preload, r->library), 1);
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

/* ---- afterwards ---- */

static bool was_there(const struct run *r, const struct store_entry *e)
{
        size_t i;

        for (i = 0; i < r->before_count; i++)
                if (!strcmp(r->before[i].id, e->id))
                        return true;
        return false;
}

/* New reports of one bug: the first is shown, the others are counted. */
struct bug {
        const char *fingerprint; /* NULL: of a report without names, which is like no other */
        size_t more;
        const char *text, *last; /* of the first; path of the last */
};

struct bugs {
        struct bug *v;
        size_t n;
};

static void add_report(struct run *r, struct bugs *bugs, struct report *report, const char *path)
{
        struct text_options options = { .columns = text_columns(STDERR_FILENO),
                                        .colour = cli_wants_colour(stderr),
                                        .path = path };
        struct bug *bug;
        char *text;
        size_t i;

        for (i = 0; report->fingerprint && i < bugs->n; i++) {
                if (bugs->v[i].fingerprint && !strcmp(bugs->v[i].fingerprint, report->fingerprint)) {
                        bugs->v[i].more++;
                        bugs->v[i].last = path;
                        return;
                }
        }
        bug = POOL_APPEND(&r->pool, bugs->v, bugs->n);
        bug->fingerprint = pool_strdup(&r->pool, report->fingerprint);
        if (bugs->n > BUGS_SHOWN)
                return;
        text = text_brief(report, &options);
        bug->text = pool_strdup(&r->pool, text);
        free(text);
}

/* A full-screen program that crashed has left the terminal without output processing: cli_print_text() knows. */
static void print_bugs(struct run *r, const struct bugs *bugs)
{
        bool colour = cli_wants_colour(stderr);
        size_t i;

        for (i = 0; i < bugs->n && i < BUGS_SHOWN; i++) {
                const struct bug *bug = &bugs->v[i];

                cli_print_text(bug->text, colour);
                if (bug->more)
                        cli_print_text(pool_printf(&r->pool, "  and %zu more of the same, the last: %s\n", bug->more,
                                                   utf8_printable(&r->pool, bug->last)),
                                       colour);
        }
        if (i < bugs->n)
                cli_print_text(pool_printf(&r->pool, "crashpre: and %zu other crashes: crashpre list %s\n", bugs->n - i,
                                           utf8_printable(&r->pool, r->dir)),
                               colour);
}

/* Whether the report is elsewhere because the directory of this run could not be written (libcrashpre(7): then TMPDIR and /tmp are
 * tried, with a diagnostic). */
static bool was_meant_for(const struct run *r, const struct report *report)
{
        static const char begin[] = "no report could be written to ";
        size_t i, len = strlen(r->dir);

        for (i = 0; i < report->diagnostic_count; i++) {
                const char *message = report->diagnostics[i].message;

                if (message && !strncmp(message, begin, sizeof(begin) - 1) &&
                    !strncmp(message + sizeof(begin) - 1, r->dir, len) && message[sizeof(begin) - 1 + len] == ':')
                        return true;
        }
        return false;
}

/* Whether the report `e` of directory `dir` can be of this run, as far as its name shows. */
static bool is_new(const struct run *r, const char *dir, const struct store_entry *e)
{
        char begin[32] = "";
        struct tm began;

        if (!strcmp(dir, r->dir))
                return !was_there(r, e);
        if (gmtime_r(&r->began, &began))
                strftime(begin, sizeof(begin), "%Y%m%dT%H%M%S", &began);
        return strcmp(e->time, begin) >= 0;
}

/* Adds the new reports of `dir`. Returns their number, those of relays included. */
static size_t add_new_reports(struct run *r, struct bugs *bugs, const char *dir)
{
        int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        bool elsewhere = strcmp(dir, r->dir) != 0;
        struct store_entry *v;
        size_t n, i, count = 0;
        char why[256];

        if (fd < 0)
                return 0;
        list_reports(r, dir, &v, &n);
        for (i = 0; i < n; i++) {
                struct store_choice file;
                struct report *report;
                const char *path;
                int err;

                if (!is_new(r, dir, &v[i]))
                        continue;
                file = store_choose(fd, &v[i]);
                if (!file.name)
                        continue;
                path = pool_printf(&r->pool, "%s/%s", dir, file.name);
                report = report_new();
                err = load_report(report, fd, file.name, why, sizeof(why));
                if (!elsewhere || (!err && was_meant_for(r, report))) {
                        count++;
                        if (err)
                                cli_error(r->self, "%s: %s", path, why);
                        else if (!report->cause.relayed)
                                add_report(r, bugs, report, path);
                }
                report_free(report);
        }
        close(fd);
        return count;
}

/* Returns the number of new reports, in the directory of this run and in those where they go if it cannot be written. */
static size_t print_new_reports(struct run *r)
{
        const char *temporary = getenv("TMPDIR"), *places[] = { r->dir, temporary && *temporary == '/' ? temporary : NULL, "/tmp" };
        struct bugs bugs = { NULL, 0 };
        size_t i, k, count = 0;

        for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
                for (k = 0; places[i] && k < i; k++)
                        if (places[k] && !strcmp(places[k], places[i]))
                                places[i] = NULL;
                if (places[i])
                        count += add_new_reports(r, &bugs, places[i]);
        }
        print_bugs(r, &bugs);
        return count;
}

/* ---- crashes without a report ---- */

static const struct {
        int number;
        const char *name;
} crash_signals[] = {
        { SIGSEGV, "SIGSEGV" }, { SIGBUS, "SIGBUS" },   { SIGFPE, "SIGFPE" }, { SIGILL, "SIGILL" },
        { SIGABRT, "SIGABRT" }, { SIGTRAP, "SIGTRAP" }, { SIGSYS, "SIGSYS" },
};

/* Returns the name of the signal of a crash: that the command died of or, as of a shell or make, that a program it waited
 * for died of (status 128 + signal). NULL: none. */
static const char *crash_signal(int status)
{
        int number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status) - 128;
        size_t i;

        for (i = 0; i < sizeof(crash_signals) / sizeof(crash_signals[0]); i++)
                if (crash_signals[i].number == number)
                        return crash_signals[i].name;
        return NULL;
}

static bool excluded_by_settings(void)
{
        static const char *const names[] = { "CRASHPRE_ENABLED", "CRASHPRE_SIGNALS", "CRASHPRE_ONLY", "CRASHPRE_SKIP" };
        size_t i;

        for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                const char *value = getenv(names[i]);

                if (value && *value)
                        return true;
        }
        return false;
}

/* Names those of the command's arguments that are programs without the library: "timeout 5 ./app", "env -i ./app".
 * Returns their number. */
static size_t print_argument_gaps(struct run *r)
{
        size_t n = 0;
        char **arg;

        for (arg = r->command + 1; *arg; arg++) {
                const char *gap = strchr(*arg, '/') ? cover_gap(&r->pool, *arg) : NULL;

                if (gap) {
                        cli_error(r->self, "%s", utf8_printable(&r->pool, gap));
                        n++;
                }
        }
        return n;
}

static void print_missing_report(struct run *r, int status, const char *signal_name)
{
        const char *program = r->program ? r->program : r->command[0], *dir = utf8_printable(&r->pool, r->dir);

        if (WIFSIGNALED(status))
                cli_error(r->self, "%s died of %s, but there is no report in %s", utf8_printable(&r->pool, program),
                          signal_name, dir);
        else
                cli_error(r->self, "exit status %d: a program may have died of %s, but there is no report in %s",
                          WEXITSTATUS(status), signal_name, dir);
        if (excluded_by_settings())
                cli_error(r->self,
                          "CRASHPRE_ENABLED, CRASHPRE_SIGNALS, CRASHPRE_ONLY and CRASHPRE_SKIP exclude crashes");
        else if (!print_argument_gaps(r))
                cli_print_text("crashpre run: programs that are statically linked, of 32 bits or set-user-ID, or that "
                               "were started without\nLD_PRELOAD (env -i, sudo), are not covered; "
                               "`crashpre doctor PROGRAM` checks one\n",
                               false);
}

/* Names what is not covered. Of the programs that the command started only the end of the command is known. */
static void print_gaps(struct run *r, int status, size_t reports)
{
        const char *signal_name = crash_signal(status);

        if (r->gap)
                cli_error(r->self, "%s: crashes of its own are not reported", utf8_printable(&r->pool, r->gap));
        else if (signal_name && reports) /* possibly that of timeout(1) alone, which died of the signal of its child */
                print_argument_gaps(r);
        else if (signal_name && strcmp(r->dir, "-") != 0)
                print_missing_report(r, status, signal_name);
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

        list_reports(r, r->dir, &r->before, &r->before_count);
        r->began = time(NULL);
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
        print_gaps(r, status, print_new_reports(r));
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
