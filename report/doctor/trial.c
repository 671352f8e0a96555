/* SPDX-License-Identifier: MIT */
/* report/doctor/trial.c: a complete trial: a shell sends itself SIGSEGV under the library and leaves its reports in a
 * temporary directory. */
#include "report/doctor/doctor.h"

#include "report/load.h"
#include "report/model/model.h"
#include "report/place/install.h"
#include "report/place/store.h"
#include "unwind/target/clock.h"
#include "version.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 20000
#define RAW_HEAD 65536
#define SHELL "/bin/sh"

static const char build[] = CRASHPRE_VERSION " (commit " CRASHPRE_COMMIT ")";

struct trial {
        struct doctor *d;
        const char *library, *dir;
        int dir_fd;
        int error; /* errno if no process could be started */
        long milliseconds;
        struct store_entry *reports;
        size_t report_count;
};

static long now_ms(void)
{
        return (long)(clock_now_ns() / NS_PER_MS);
}

/* A core size limit of one byte is the only limit that applies to a core pattern with a pipe (core(5)). */
static void crash(const struct trial *t)
{
        const struct rlimit no_core = { 1, RLIM_INFINITY };
        const char *helper = getenv("CRASHPRE_HELPER");
        int fd = openat(t->dir_fd, "stderr", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), null;
        char **e, **keep = environ;

        null = open("/dev/null", O_RDWR | O_CLOEXEC);
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
        setrlimit(RLIMIT_CORE, &no_core);
        for (e = environ; *e; e++)
                if (strncmp(*e, "CRASHPRE_", 9))
                        *keep++ = *e;
        *keep = NULL;
        if (helper)
                setenv("CRASHPRE_HELPER", helper, 1);
        setenv("CRASHPRE_DIR", t->dir, 1);
        setenv("CRASHPRE_STDERR", "none", 1);
        setenv("CRASHPRE_TIMEOUT", "10", 1);
        setenv("LD_PRELOAD", t->library, 1);
        signal(SIGSEGV, SIG_DFL);
        execl(SHELL, SHELL, "-c", "kill -SEGV $$", (char *)NULL);
        _exit(127);
}

static bool run(struct trial *t)
{
        long begin = now_ms();
        pid_t pid = fork(), done = 0;

        if (!pid)
                crash(t);
        t->error = pid < 0 ? errno : 0;
        while (pid > 0 && !done && now_ms() - begin < PATIENCE_MS) {
                const struct timespec pause = { .tv_nsec = 2000000 };

                done = waitpid(pid, NULL, WNOHANG);
                if (!done)
                        nanosleep(&pause, NULL);
        }
        t->milliseconds = now_ms() - begin;
        if (pid > 0 && !done) {
                kill(pid, SIGKILL);
                waitpid(pid, NULL, 0);
        }
        return pid > 0 && done == pid;
}

/* The first line printed by ld.so or the shell; NULL if none. */
static const char *first_error_line(struct trial *t)
{
        size_t len;
        char *text;

        if (store_read(&t->d->pool, t->dir_fd, "stderr", 4096, &text, &len) || !len)
                return NULL;
        text[strcspn(text, "\n")] = 0;
        return text;
}

/* "version: 0.1.0 (commit 0123abc)" of the raw report, which the library wrote. */
static const char *library_build(struct trial *t)
{
        static const char key[] = "\nversion: ";
        const char *name = pool_printf(&t->d->pool, "%s.txt", t->reports[0].id);
        char *text, *line;
        size_t len;

        if (store_read(&t->d->pool, t->dir_fd, name, RAW_HEAD, &text, &len))
                return NULL;
        line = strstr(text, key);
        if (!line)
                return NULL;
        line += sizeof(key) - 1;
        line[strcspn(line, "\n")] = 0;
        return line;
}

/* The outcome of the helper, from the last "helper: " line of the raw report. */
static const char *helper_outcome(struct trial *t)
{
        const char *name = pool_printf(&t->d->pool, "%s.txt", t->reports[0].id);
        char *text, *at, *line = NULL;
        size_t len;

        if (store_read(&t->d->pool, t->dir_fd, name, RAW_HEAD * 32, &text, &len))
                return "no outcome was recorded";
        for (at = text; (at = strstr(at, "\nhelper: ")); at++)
                line = at + 9;
        if (!line)
                return "no outcome was recorded";
        line[strcspn(line, "\n")] = 0;
        return line;
}

static void evaluate_json(struct trial *t)
{
        struct report *report = report_new();
        const char *name = store_choose(t->dir_fd, &t->reports[0]).name, *remedy = NULL;
        size_t frames, i;
        char why[256] = "", trouble[256] = "";

        if (load_report(report, t->dir_fd, name, why, sizeof(why)) || !report->thread_count) {
                doctor_add(t->d, "trial", DOCTOR_FAIL, NULL, "the JSON report of a trial crash: %s", why);
                report_free(report);
                return;
        }
        for (i = 0; i < report->diagnostic_count && !*trouble; i++)
                if (!strcmp(report->diagnostics[i].stage, "attach") ||
                    !strncmp(report->diagnostics[i].message, "the helper ",
                             11)) /* one failed, the next did without the process */
                        snprintf(trouble, sizeof(trouble), "%s", report->diagnostics[i].message);
        frames = report->threads[0].frame_count;
        if (*trouble || !frames)
                doctor_add(t->d, "trial", DOCTOR_WARN, remedy, "a trial crash was reported, but incompletely: %s",
                           *trouble ? trouble : "no frames");
        else
                doctor_add(t->d, "trial", DOCTOR_OK, NULL, "a trial crash left both reports, %zu frames, after %ld ms",
                           frames, t->milliseconds);
        report_free(report);
}

static void evaluate(struct trial *t, bool ended)
{
        const char *said = first_error_line(t), *version;

        if (t->error) {
                doctor_add(t->d, "trial", DOCTOR_FAIL, NULL, "no process could be started: %s", strerror(t->error));
                return;
        }
        if (!ended) {
                doctor_add(t->d, "trial", DOCTOR_FAIL, NULL, "a trial crash did not end within %d s",
                           PATIENCE_MS / 1000);
                return;
        }
        if (!t->report_count) {
                doctor_add(t->d, "trial", DOCTOR_FAIL, NULL, "a trial crash of " SHELL " left no report%s%s",
                           said ? ": " : "; is it statically linked?", said ? said : "");
                return;
        }
        version = library_build(t);
        if (!version || strcmp(version, build))
                doctor_add(t->d, "version", DOCTOR_WARN, "make install",
                           "the library is %s, this command %s: install both from one build",
                           version ? version : "of an unknown build", build);
        if (!(t->reports[0].files & STORE_JSON)) {
                doctor_add(t->d, "trial", DOCTOR_FAIL, NULL, "a trial crash left only the raw report; the helper: %s",
                           helper_outcome(t));
                return;
        }
        evaluate_json(t);
}

static void remove_all(struct trial *t)
{
        size_t i, k;

        unlinkat(t->dir_fd, "stderr", 0);
        for (i = 0; i < t->report_count; i++)
                for (k = 0; k < t->reports[i].name_count; k++)
                        unlinkat(t->dir_fd, t->reports[i].names[k], 0);
        close(t->dir_fd);
        rmdir(t->dir);
}

void doctor_trial(struct doctor *d)
{
        const char *tmp = getenv("TMPDIR"), *tried;
        struct trial t = { .d = d, .library = install_find(&d->pool, INSTALL_LIBRARY, &tried) };
        char *dir;
        bool ended;

        if (!t.library)
                return; /* reported by check_library() */
        t.dir = dir = pool_printf(&d->pool, "%s/crashpre-doctor.XXXXXX", tmp && *tmp ? tmp : "/tmp");
        if (!mkdtemp(dir)) {
                doctor_add(d, "trial", DOCTOR_WARN, "export TMPDIR=$HOME", "no trial crash: %s: %s", dir,
                           strerror(errno));
                return;
        }
        t.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ended = run(&t);
        store_list(&d->pool, t.dir_fd, &t.reports, &t.report_count);
        evaluate(&t, ended);
        remove_all(&t);
}
