/* SPDX-License-Identifier: MIT */
#include "report/command/cli.h"

#include "report/load.h"
#include "report/place/places.h"
#include "report/place/store.h"
#include "report/text/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- one report ---- */

static int print_report(const char *path, bool all_threads, bool colour, char *why, size_t why_size)
{
        struct text_options options = {
                .columns = text_columns(STDOUT_FILENO), .colour = colour, .all_threads = all_threads, .path = path
        };
        struct report *report = report_new();
        int err = load_report(report, AT_FDCWD, path, why, why_size);
        char *text;

        if (!err) {
                text = text_show(report, &options);
                cli_print(colour, "%s", text);
                free(text);
        }
        report_free(report);
        return err;
}

/* ---- which one ---- */

struct choice {
        struct pool pool;
        const char *path;    /* NULL: none found */
        const char *time;    /* of the report, if it was looked for in a directory: sorts as text */
        bool relayed;        /* as a report that is only chosen if there is no other */
        const char *foreign; /* path of a JSON file that belongs to another user than the raw report; NULL: none */
};

/* `dir` ends in "/" unless it is empty. */
static void choose_file(struct choice *c, const char *dir, const char *name, const char *foreign)
{
        c->path = pool_printf(&c->pool, "%s%s", dir, name);
        if (foreign)
                c->foreign = pool_printf(&c->pool, "%s%s", dir, foreign);
}

/* Whether the process only passed on the signal of its child, whose report is another one. */
static bool is_relayed(int dir_fd, const char *name)
{
        struct report *report = report_new();
        char why[256];
        bool is = !load_report(report, dir_fd, name, why, sizeof(why)) && report->cause.relayed;

        report_free(report);
        return is;
}

/* Chooses the newest report of a directory, its JSON file or the raw one, if it is newer than what was chosen before. One of a program
 * that passed on a signal is chosen only if there is no other. */
static void choose_newest(struct choice *c, const char *dir)
{
        struct store_choice newest = { .name = NULL }, relayed = { .name = NULL };
        const char *time = NULL, *relayed_time = NULL;
        struct store_entry *v = NULL;
        size_t n = 0;
        int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return;
        store_list(&c->pool, fd, &v, &n);
        while (!newest.name && n--) {
                struct store_choice file = store_choose(fd, &v[n]);

                if (!file.name)
                        continue;
                if (!is_relayed(fd, file.name)) {
                        newest = file;
                        time = v[n].time;
                } else if (!relayed.name) {
                        relayed = file;
                        relayed_time = v[n].time;
                }
        }
        close(fd);
        if (!newest.name && !relayed.name)
                return;
        if (c->path &&
            (c->relayed == !newest.name ? strcmp(c->time, newest.name ? time : relayed_time) >= 0 : !c->relayed))
                return; /* that of an earlier directory is newer, or is no relayed one */
        c->relayed = !newest.name;
        c->time = newest.name ? time : relayed_time;
        newest = newest.name ? newest : relayed;
        choose_file(c, pool_printf(&c->pool, "%s/", dir), newest.name, newest.foreign);
}

/* The name of a report, or of its JSON file: whether that belongs to the report depends on its owner. */
static void choose_report(struct choice *c, const char *path)
{
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *time;
        const char *dir = pool_strndup(&c->pool, path, (size_t)(name - path));
        struct store_entry *v = NULL;
        unsigned files = 0;
        size_t n, len;
        int fd;

        if (!store_parse_name(name, &len, &time, &files) || (files && files != STORE_JSON))
                return;
        fd = open(*dir ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return;
        store_list(&c->pool, fd, &v, &n);
        while (n--) {
                struct store_choice file;

                if (strncmp(v[n].id, name, len) != 0 || v[n].id[len])
                        continue;
                file = store_choose(fd, &v[n]);
                if (file.name && !files)
                        choose_file(c, dir, file.name, file.foreign);
                else if (file.name && store_is_foreign(fd, &v[n], name))
                        choose_file(c, dir, file.name, name);
        }
        close(fd);
}

/* A file, a directory, or a path less its suffix. */
static void choose_named(struct choice *c, const char *name)
{
        static const char *const suffixes[] = { "", ".json", ".txt" };
        struct stat st;
        size_t i;

        choose_report(c, name);
        for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]) && !c->path; i++) {
                const char *path = pool_printf(&c->pool, "%s%s", name, suffixes[i]);

                if (stat(path, &st))
                        continue;
                if (S_ISDIR(st.st_mode)) {
                        choose_newest(c, path);
                        return;
                }
                c->path = path;
        }
}

/* Returns the places that were searched, for people. */
static const char *choose_default(struct choice *c)
{
        size_t n;

        for (n = 0; places_default(n); n++)
                choose_newest(c, places_default(n));
        return places_default(1) ? "./crash-reports and the working directory" : places_default(0);
}

struct show_options {
        bool all_threads, colour;
};

static const char *set_all_threads(void *options, const char *value)
{
        (void)value;
        ((struct show_options *)options)->all_threads = true;
        return NULL;
}

static const char *set_colour(void *options, const char *value)
{
        return cli_set_colour(&((struct show_options *)options)->colour, value);
}

static int show(const struct cli_command *self, int argc, char **argv)
{
        struct show_options options = { .colour = cli_wants_colour(stdout) };
        struct choice choice = { .path = NULL };
        const char *searched = NULL;
        int operands, code = cli_parse(self, argc, argv, &options, &operands);
        char why[256];

        if (code >= 0)
                return code;
        if (argc - operands > 1)
                return cli_usage_error(self, "one report at a time");
        code = CLI_SUCCESS;
        if (operands < argc)
                choose_named(&choice, searched = argv[operands]);
        else
                searched = choose_default(&choice);
        if (choice.foreign)
                cli_error(self, "%s is ignored: the raw report belongs to another user", choice.foreign);
        if (!choice.path) {
                cli_error(self, "no crash report in %s; name one, or set CRASHPRE_DIR", searched);
                code = CLI_NOTHING;
        } else if (print_report(choice.path, options.all_threads, options.colour, why, sizeof(why))) {
                cli_error(self, "%s: %s", choice.path, why);
                code = CLI_NOTHING;
        }
        pool_free(&choice.pool);
        return code;
}

static const struct cli_option show_options[] = {
        { 'a', "all-threads", NULL, "the stacks of all threads, not just of the one that crashed", set_all_threads },
        { 0, "color", "WHEN", "auto (on a terminal, the default), always or never", set_colour },
        { 0 },
};

const struct cli_command cli_show = {
        .name = "show",
        .arguments = "[--all-threads] [--color WHEN] [REPORT]",
        .summary = "show a crash report",
        .help = "REPORT is a .json or .txt file, its name without that, or a directory, whose newest report is\n"
                "shown. Without it: the newest in $CRASHPRE_DIR, else in ./crash-reports and here.\n",
        .options = show_options,
        .exit_status = "0 shown, 1 no such report or not readable, 2 usage\n",
        .run = show,
};
