/* SPDX-License-Identifier: MIT */
/* report/command/list.c: crashpre list: the reports of a directory, a line each. */
#include "report/command/cli.h"

#include "report/load.h"
#include "report/model/names.h"
#include "report/model/utf8.h"
#include "report/place/places.h"
#include "report/place/store.h"
#include "report/text/text.h"
#include "report/words/describe.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The least that cause and signature get of a line. */
#define LEAST_COLUMNS 20
#define TIME_COLUMNS 19
#define PROGRAM_COLUMNS 28

/* Bytes kept of each text of a report. */
#define TEXT_MAX 4096

enum list_style { LIST_TABLE, LIST_PATHS, LIST_JSON };

#define PLACES_MAX 4 /* directories */

struct place {
        const char *dir;
        int fd;
};

struct found {
        struct store_entry entry;
        const struct place *place;
};

struct row {
        const struct store_entry *entry;
        const struct place *place;
        struct store_choice file;
        const char *program, *summary, *what, *kind, *signal, *class, *signature, *fingerprint;
        struct known_int pid, threads;
        const char *error; /* NULL: it could be read */
        bool relayed;      /* the process passed on the signal of its child */
};

struct listing {
        const struct cli_command *self;
        struct pool pool;
        struct place places[PLACES_MAX];
        size_t place_count;
        struct found *entries; /* oldest first */
        size_t entry_count;
        enum list_style style;
        bool all; /* relayed ones, too */
        size_t columns;
        const char *foreign; /* a file of another user than that of the raw report; NULL: none */
        size_t foreign_count;
};

/* ---- one report ---- */

/* "crash-<program>-<pid>-<time>": what is known even of a report that cannot be read. */
static void read_name(struct listing *l, struct row *row)
{
        const char *id = row->entry->id, *end = row->entry->time - 1, *pid = end;

        while (pid[-1] != '-')
                pid--;
        row->program =
                pool_strndup(&l->pool, id + sizeof("crash-") - 1, (size_t)(pid - 1 - id) - (sizeof("crash-") - 1));
        row->pid = KNOWN_INT(strtoll(pid, NULL, 10));
}

/* A copy of the first bytes of `s`: the list has all reports in memory. */
static const char *keep_text(struct listing *l, const char *s)
{
        size_t len = s ? strlen(s) : 0;

        if (len <= TEXT_MAX)
                return pool_strdup(&l->pool, s);
        for (len = TEXT_MAX; ((unsigned char)s[len] & 0xc0) == 0x80; len--)
                ; /* whole characters */
        return pool_printf(&l->pool, "%.*s...", (int)len, s);
}

static void keep(struct listing *l, struct row *row, struct report *report)
{
        if (!report->cause.summary)
                describe_summary(report);
        row->relayed = report->cause.relayed;
        row->program = keep_text(l, describe_program(report));
        if (report->process.pid.known)
                row->pid = report->process.pid;
        row->summary = keep_text(l, report->cause.summary);
        row->what = row->summary; /* the place is in the signature */
        if (report->signature)
                row->what = keep_text(l, describe_what(report));
        row->kind = keep_text(l, report->cause.kind);
        row->signal = keep_text(l, report->signal.name);
        row->class = keep_text(l, report->fault.class);
        row->signature = keep_text(l, report->signature);
        row->fingerprint = keep_text(l, report->fingerprint);
        if (row->file.is_json) /* a raw one has the crashing thread alone */
                row->threads = KNOWN_INT((int64_t)report->thread_count);
}

/* Memory does not grow with the number of reports but by a few words each. */
static void read_row(struct listing *l, const struct found *found, struct row *row)
{
        struct report *report = report_new();
        char why[256] = "";

        *row = (struct row){ .entry = &found->entry,
                             .place = found->place,
                             .file = store_choose(found->place->fd, &found->entry) };
        read_name(l, row);
        if (row->file.foreign && !l->foreign_count++)
                l->foreign = pool_printf(&l->pool, "%s/%s", row->place->dir, row->file.foreign);
        if (!row->file.name)
                row->error = "a core, but no report";
        else if (load_report(report, row->place->fd, row->file.name, why, sizeof(why)))
                row->error = pool_strdup(&l->pool, why);
        else
                keep(l, row, report);
        report_free(report);
}

/* ---- for people ---- */

/* `s` made safe and no wider than `room` characters. */
static const char *fitted(struct listing *l, const char *s, size_t room)
{
        return names_cut(&l->pool, utf8_printable(&l->pool, s), room);
}

/* "name[pid]": of a long name the beginning, of the pid every digit. */
static const char *process(struct listing *l, const struct row *row)
{
        const char *pid = pool_printf(&l->pool, "[%" PRId64 "]", row->pid.v);
        size_t used = strlen(pid), room = used + 8 < PROGRAM_COLUMNS ? PROGRAM_COLUMNS - used : 8;

        return pool_printf(&l->pool, "%s%s", fitted(l, row->program, room), pid);
}

static const char *cause(struct listing *l, const struct row *row)
{
        if (row->error)
                return pool_printf(&l->pool, "unreadable: %s", row->error);
        if (row->relayed)
                return pool_printf(&l->pool, "relayed: %s", row->what);
        if (!row->file.is_json)
                return pool_printf(&l->pool, "raw only: %s", row->summary);
        return row->what;
}

/* Formats pad bytes, not characters. */
static void print_padded(const char *s, size_t width)
{
        size_t n = names_width(s);

        cli_print(false, "%s%*s", s, n < width ? (int)(width - n) : 0, "");
}

/* Columns of the table: what a line takes before the cause, and how the rest is shared. A short signature leaves its
 * room to the cause. */
struct widths {
        size_t program, cause, signature;
};

static struct widths divide(struct listing *l, const struct row *rows, size_t n)
{
        struct widths w = { sizeof("PROGRAM[PID]") - 1, 0, sizeof("SIGNATURE") - 1 };
        size_t used, left, longest = 0, i;

        for (i = 0; i < n; i++) {
                size_t program = names_width(process(l, &rows[i]));
                size_t signature = rows[i].signature ? names_width(utf8_printable(&l->pool, rows[i].signature)) : 0;
                size_t summary = names_width(utf8_printable(&l->pool, cause(l, &rows[i])));

                w.program = program > w.program ? program : w.program;
                w.signature = signature > w.signature ? signature : w.signature;
                longest = summary > longest ? summary : longest;
        }
        used = TIME_COLUMNS + 2 + w.program + 2 + 2;
        left = l->columns > used + LEAST_COLUMNS ? l->columns - used : LEAST_COLUMNS;
        if (w.signature > left / 2)
                w.signature = longest < left / 2 ? left - longest : left / 2;
        w.cause = left - w.signature;
        return w;
}

static void print_table(struct listing *l, const struct row *rows, size_t n)
{
        struct widths w = divide(l, rows, n);
        size_t i;

        cli_print(false, "%-*s  ", TIME_COLUMNS, "TIME (UTC)");
        print_padded("PROGRAM[PID]", w.program);
        cli_print(false, "  ");
        print_padded("CAUSE", w.cause);
        cli_print(false, "  SIGNATURE\n");
        for (i = 0; i < n; i++) {
                const char *t = rows[i].entry->time;

                cli_print(false, "%.4s-%.2s-%.2s %.2s:%.2s:%.2s  ", t, t + 4, t + 6, t + 9, t + 11, t + 13);
                print_padded(process(l, &rows[i]), w.program);
                cli_print(false, "  ");
                if (!rows[i].signature) {
                        cli_print(false, "%s\n", fitted(l, cause(l, &rows[i]), w.cause + 2 + w.signature));
                        continue;
                }
                print_padded(fitted(l, cause(l, &rows[i]), w.cause), w.cause);
                cli_print(false, "  %s\n", fitted(l, rows[i].signature, w.signature));
        }
}

/* ---- for programs ---- */

/* The file of that kind in the report; NULL: none. */
static const char *file_of(const struct row *row, unsigned kind)
{
        size_t i;

        for (i = 0; i < row->entry->name_count; i++) {
                const char *time;
                unsigned files = 0;

                if (store_parse_name(row->entry->names[i], NULL, &time, &files) && files == kind)
                        return row->entry->names[i];
        }
        return NULL;
}

static const char *path_of(struct listing *l, const struct row *row)
{
        const char *dir = row->place->dir;
        size_t len = strlen(dir);

        return pool_printf(&l->pool, "%s%s%s", dir, dir[len - 1] == '/' ? "" : "/",
                           row->file.name ? row->file.name : file_of(row, STORE_CORE));
}

static void set_string(struct listing *l, json_t *object, const char *name, const char *value)
{
        if (value)
                json_object_set_new_nocheck(object, name, json_string(utf8_valid(&l->pool, value)));
}

static void set_number(json_t *object, const char *name, struct known_int value)
{
        if (value.known)
                json_object_set_new_nocheck(object, name, json_integer(value.v));
}

static json_t *files_object(struct listing *l, const struct row *row)
{
        json_t *files = json_object();

        if (row->file.is_json)
                set_string(l, files, "json", row->file.name);
        set_string(l, files, "raw", file_of(row, STORE_RAW));
        set_string(l, files, "core", file_of(row, STORE_CORE));
        return files;
}

static json_t *row_object(struct listing *l, const struct row *row)
{
        json_t *object = json_object();
        const char *t = row->entry->time;

        set_string(l, object, "id", row->entry->id);
        set_string(l, object, "time",
                   pool_printf(&l->pool, "%.4s-%.2s-%.2sT%.2s:%.2s:%s", t, t + 4, t + 6, t + 9, t + 11, t + 13));
        set_string(l, object, "program", row->program);
        set_number(object, "pid", row->pid);
        set_string(l, object, "kind", row->kind);
        set_string(l, object, "signal", row->signal);
        set_string(l, object, "class", row->class);
        set_string(l, object, "summary", row->summary);
        set_string(l, object, "signature", row->signature);
        set_string(l, object, "fingerprint", row->fingerprint);
        set_number(object, "threads", row->threads);
        if (row->relayed)
                json_object_set_new_nocheck(object, "relayed", json_true());
        json_object_set_new_nocheck(object, "symbolized", json_boolean(row->file.is_json && !row->error));
        set_string(l, object, "error", row->error);
        set_string(l, object, "path", path_of(l, row));
        json_object_set_new_nocheck(object, "files", files_object(l, row));
        return object;
}

static void print_json(struct listing *l, const struct row *rows, size_t n)
{
        json_t *list = json_array();
        size_t i;

        for (i = 0; i < n; i++)
                json_array_append_new(list, row_object(l, &rows[i]));
        cli_print_json(list);
}

/* ---- the command ---- */

static void print_paths(struct listing *l, const struct row *rows, size_t n)
{
        size_t i;

        for (i = 0; i < n; i++)
                cli_print_path(path_of(l, &rows[i]));
}

/* Reads the rows that are listed, the newest first. *relayed: those left out. */
static size_t read_rows(struct listing *l, struct row *rows, size_t *relayed)
{
        size_t n = 0, i;

        *relayed = 0;
        for (i = l->entry_count; i--;) {
                read_row(l, &l->entries[i], &rows[n]);
                if (rows[n].relayed && !l->all && l->style != LIST_JSON)
                        ++*relayed;
                else
                        n++;
        }
        return n;
}

static void warn_of_foreign(struct listing *l)
{
        const char *others = "";

        if (l->foreign_count > 1)
                others = pool_printf(&l->pool, ", and so are %zu others", l->foreign_count - 1);
        if (l->foreign)
                cli_error(l->self, "%s is ignored%s: the raw report belongs to another user", l->foreign, others);
}

/* Returns the exit code. */
static int print(struct listing *l)
{
        struct row *rows = pool_alloc(&l->pool, (l->entry_count + 1) * sizeof(*rows));
        size_t relayed, n = read_rows(l, rows, &relayed);

        warn_of_foreign(l);
        if (l->style == LIST_JSON)
                print_json(l, rows, n);
        else if (l->style == LIST_PATHS)
                print_paths(l, rows, n);
        else if (n)
                print_table(l, rows, n);
        if (relayed && !n)
                cli_error(l->self,
                          "%s: only reports of programs that passed on the signal of their child; --all lists them",
                          l->places[0].dir);
        return n ? CLI_SUCCESS : CLI_NOTHING;
}

static int oldest_first(const void *a, const void *b)
{
        const struct found *x = a, *y = b;

        return strcmp(x->entry.time, y->entry.time);
}

/* Adds the reports of a directory. Returns 0, also if there are none, or -errno. */
static int look_into(struct listing *l, const char *dir)
{
        struct place *place = &l->places[l->place_count];
        struct store_entry *v = NULL;
        size_t n = 0, i;
        int err;

        *place = (struct place){ .dir = dir, .fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
        if (place->fd < 0)
                return -errno;
        l->place_count++;
        err = store_list(&l->pool, place->fd, &v, &n);
        for (i = 0; !err && i < n; i++)
                *POOL_APPEND(&l->pool, l->entries, l->entry_count) = (struct found){ v[i], place };
        return err;
}

static int find(struct listing *l, const char *dir)
{
        const char *first = dir ? dir : places_default(0);
        bool several = !dir && places_default(1);
        size_t n;
        int err = 0;

        if (dir)
                err = look_into(l, dir);
        for (n = 0; !dir && places_default(n) && l->place_count < PLACES_MAX; n++)
                err = look_into(l, places_default(n));
        if (l->entry_count)
                qsort(l->entries, l->entry_count, sizeof(*l->entries), oldest_first);
        else if (err)
                cli_error(l->self, "%s: %s", several ? places_default(n - 1) : first, strerror(-err));
        else
                cli_error(l->self, "no crash report in %s; name a directory, or set CRASHPRE_DIR",
                          several ? "./crash-reports and the working directory" : first);
        return l->entry_count ? CLI_SUCCESS : CLI_NOTHING;
}

static const char *set_all(void *listing, const char *value)
{
        (void)value;
        ((struct listing *)listing)->all = true;
        return NULL;
}

static const char *set_json(void *listing, const char *value)
{
        (void)value;
        ((struct listing *)listing)->style = LIST_JSON;
        return NULL;
}

static const char *set_paths(void *listing, const char *value)
{
        (void)value;
        ((struct listing *)listing)->style = LIST_PATHS;
        return NULL;
}

static int list(const struct cli_command *self, int argc, char **argv)
{
        struct listing l = { .self = self, .columns = text_columns(STDOUT_FILENO) };
        int operands, code = cli_parse(self, argc, argv, &l, &operands);

        if (code >= 0)
                return code;
        if (argc - operands > 1)
                return cli_usage_error(self, "one directory at a time");
        if (operands < argc && !*argv[operands])
                return cli_usage_error(self, "the name of a directory is empty");
        json_set_alloc_funcs(pool_malloc, free);
        code = find(&l, argv[operands]);
        if (print(&l) != CLI_SUCCESS)
                code = CLI_NOTHING;
        while (l.place_count)
                close(l.places[--l.place_count].fd);
        pool_free(&l.pool);
        return code;
}

static const struct cli_option list_options[] = {
        { 'a', "all", NULL, "also programs that only passed on the signal that their child had died of", set_all },
        { 0, "json", NULL, "an array of objects; crashpre-list(1) describes them", set_json },
        { 0, "paths", NULL, "the path of each report, one a line", set_paths },
        { 0 },
};

const struct cli_command cli_list = {
        .name = "list",
        .arguments = "[--all] [--json | --paths] [DIR]",
        .summary = "list crash reports, the newest first",
        .help = "A line for each report in DIR: time, program, cause, and the innermost functions of the program.\n"
                "Without DIR: of $CRASHPRE_DIR, else of ./crash-reports and of the working directory. \"raw only\"\n"
                "marks a report without a JSON file: the program died before names could be found.\n"
                "Programs that passed on the signal of their child, as timeout(1) does, are left out.\n",
        .options = list_options,
        .exit_status = "0 listed, 1 no report found, 2 usage\n",
        .run = list,
};
