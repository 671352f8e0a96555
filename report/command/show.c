/* SPDX-License-Identifier: MIT */
#include "report/command/cli.h"

#include "report/fault/examine.h"
#include "report/gather/message.h"
#include "report/gather/stacks.h"
#include "report/gather/throw_site.h"
#include "report/model/json.h"
#include "report/place/store.h"
#include "report/raw/read.h"
#include "report/text/text.h"
#include "report/words/describe.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REPORT_LIMIT ((size_t)256 * 1024 * 1024)

/* ---- one report ---- */

/* A raw report alone: no names, the handler's own frames. */
static int load_raw(struct report *report, const char *text, size_t len)
{
        struct examination seen;
        struct raw_report raw;
        struct target *t;
        size_t i;
        int err = raw_read(text, len, report, &raw);

        if (err)
                return err;
        t = raw_target(&raw);
        throw_site_add(t, raw.throw_pc, raw.throw_count);
        stacks_fill(report, t, NULL, raw.facts.signal != 0);
        throw_site_take(report, t, raw.throw_count);
        message_exception_raw(report, &raw);
        examine(report, &raw.facts, t, &seen); /* by the files, where they are the same still */
        fault_classify(report, &raw.facts, t, &seen);
        report->threads[0].context = raw.context;
        report->threads[0].context_count = raw.context_count;
        target_free(t);
        if (!raw.complete)
                report_diagnose(report, "raw", "the report ends early: the program died while it was written");
        for (i = 0; i < raw.helper_count; i++)
                report_diagnose(report, "helper", "%s", raw.helper[i]);
        if (!raw.helper_count)
                report_diagnose(report, "helper", "it left no word: names of functions are missing");
        describe_summary(report);
        return 0;
}

int cli_load_report(struct report *report, int dir_fd, const char *file, char *why, size_t why_size)
{
        size_t len = 0, name_len = strlen(file);
        char *text;
        int err = store_read(&report->pool, dir_fd, file, REPORT_LIMIT, &text, &len);

        if (err) {
                snprintf(why, why_size, "%s", strerror(-err));
                return err;
        }
        if (name_len > 4 && !strcmp(file + name_len - 4, ".txt")) {
                err = load_raw(report, text, len);
                if (err)
                        snprintf(why, why_size, "not a raw crash report (its first line tells)");
                return err;
        }
        return json_read_report(text, len, report, why, why_size);
}

static int print_report(const char *path, bool all_threads, bool colour, char *why, size_t why_size)
{
        struct text_options options = {
                .columns = text_columns(STDOUT_FILENO), .colour = colour, .all_threads = all_threads, .path = path
        };
        struct report *report = report_new();
        int err = cli_load_report(report, AT_FDCWD, path, why, why_size);
        char *text;

        if (!err) {
                text = text_show(report, &options);
                fputs(text, stdout);
                free(text);
        }
        report_free(report);
        return err;
}

/* ---- which one ---- */

struct choice {
        struct pool pool;
        const char *path; /* NULL: none found */
};

/* The newest report of a directory: its JSON file, or the raw one. */
static bool choose_newest(struct choice *c, const char *dir)
{
        struct store_entry *v = NULL;
        size_t n = 0;
        int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return false;
        if (!store_list(&c->pool, fd, &v, &n)) {
                while (n && !(v[n - 1].files & (STORE_JSON | STORE_RAW)))
                        n--;
        }
        close(fd);
        if (n)
                c->path = pool_printf(&c->pool, "%s/%s%s", dir, v[n - 1].id,
                                      v[n - 1].files & STORE_JSON ? ".json" : ".txt");
        return n != 0;
}

/* A file, a directory, or a path less its suffix. */
static void choose_named(struct choice *c, const char *name)
{
        static const char *const suffixes[] = { "", ".json", ".txt" };
        struct stat st;
        size_t i;

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

const char *cli_report_place(size_t n)
{
        static const char *const places[] = { "crash-reports", "." };
        const char *dir = getenv("CRASHPRE_DIR");

        if (dir && *dir && strcmp(dir, "-"))
                return n ? NULL : dir;
        return n < sizeof(places) / sizeof(places[0]) ? places[n] : NULL;
}

/* Returns the places that were searched, for people. */
static const char *choose_default(struct choice *c)
{
        size_t n;

        for (n = 0; cli_report_place(n); n++)
                if (choose_newest(c, cli_report_place(n)))
                        break;
        return cli_report_place(1) ? "./crash-reports and the working directory" : cli_report_place(0);
}

static int show(const struct cli_command *self, int argc, char **argv)
{
        static const struct option options[] = {
                { "all-threads", no_argument, NULL, 'a' },
                { "color", required_argument, NULL, 'c' },
                { "help", no_argument, NULL, 'h' },
                { NULL, 0, NULL, 0 },
        };
        bool all_threads = false;
        struct choice choice = { { NULL }, NULL };
        bool colour = cli_wants_colour(stdout);
        const char *searched = NULL;
        int option, code = CLI_SUCCESS;
        char why[256];

        opterr = 0;
        while ((option = getopt_long(argc, argv, "ah", options, NULL)) >= 0) {
                if (option == 'h')
                        return cli_print_help(self);
                if (option == '?')
                        return cli_usage_error(self, "unknown option: %s", argv[optind - 1]);
                if (option == 'a')
                        all_threads = true;
                else if (!cli_parse_colour(optarg, stdout, &colour))
                        return cli_usage_error(self, "--color=%s: expected auto, always or never", optarg);
        }
        if (argc - optind > 1)
                return cli_usage_error(self, "one report at a time");
        if (optind < argc)
                choose_named(&choice, searched = argv[optind]);
        else
                searched = choose_default(&choice);
        if (!choice.path) {
                cli_error(self, "no crash report in %s; name one, or set CRASHPRE_DIR", searched);
                code = CLI_NOTHING;
        } else if (print_report(choice.path, all_threads, colour, why, sizeof(why))) {
                cli_error(self, "%s: %s", choice.path, why);
                code = CLI_NOTHING;
        }
        pool_free(&choice.pool);
        return code;
}

const struct cli_command cli_show = {
        .name = "show",
        .arguments = "[--all-threads] [--color WHEN] [REPORT]",
        .summary = "show a crash report",
        .help = "REPORT is a .json or .txt file, its name without that, or a directory, whose newest report is\n"
                "shown. Without it: the newest in $CRASHPRE_DIR, else in ./crash-reports, else here.\n\n"
                "options:\n"
                "  -a, --all-threads  the stacks of all threads, not just of the one that crashed\n"
                "      --color WHEN   auto (on a terminal, the default), always or never\n"
                "  -h, --help         this text\n\n"
                "exit status: 0 shown, 1 no such report or not readable, 2 usage\n",
        .run = show,
};
