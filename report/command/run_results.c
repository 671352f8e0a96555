/* SPDX-License-Identifier: MIT */
/* report/command/run_results.c: crashpre run: the new reports, and crashes that left none. */
#include "report/command/run.h"

#include "report/doctor/cover.h"
#include "report/load.h"
#include "report/model/utf8.h"
#include "report/place/shown.h"
#include "report/text/text.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Different crashes that are told at the end of a command; a broken build may have very many. */
#define BUGS_SHOWN 20

/* ---- new reports ---- */

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

void run_remember_reports(struct run *r)
{
        list_reports(r, r->dir, &r->before, &r->before_count);
        r->began = time(NULL);
}

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
                                        .path = shown_path(&r->pool, path, r->cwd) };
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
                                                   utf8_printable(&r->pool, shown_path(&r->pool, bug->last, r->cwd))),
                                       colour);
        }
        if (i < bugs->n)
                cli_print_text(pool_printf(&r->pool, "crashpre: and %zu other crashes: crashpre list %s\n", bugs->n - i,
                                           utf8_printable(&r->pool, shown_path(&r->pool, r->dir, r->cwd))),
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
        static const char last[] = "/tmp";
        const char *temporary = getenv("TMPDIR");
        struct bugs bugs = { NULL, 0 };
        size_t count = add_new_reports(r, &bugs, r->dir);

        if (!temporary || *temporary != '/' || !strcmp(temporary, last))
                temporary = r->dir;
        if (strcmp(temporary, r->dir) != 0)
                count += add_new_reports(r, &bugs, temporary);
        if (strcmp(last, r->dir) != 0)
                count += add_new_reports(r, &bugs, last);
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

void run_print_results(struct run *r, int status)
{
        print_gaps(r, status, print_new_reports(r));
}
