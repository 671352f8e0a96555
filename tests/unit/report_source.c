/* SPDX-License-Identifier: MIT */
/* tests/unit/report_source.c: source lines around frames: the right ones, safely, and only from files that can be the
 * program's source. */
#include "report/gather/source.h"
#include "report/helper/guard.h"
#include "tests/unit/tap.h"
#include "unwind/target/clock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/report_source.XXXXXX";

static struct module modules[2];
static struct target target = { .modules = { modules, 2 } };

static char *path_of(const char *name)
{
        char *path = NULL;

        if (asprintf(&path, "%s/%s", root, name) < 0)
                exit(2);
        return path;
}

/* A file last modified at second `when`. */
static void make(const char *name, const char *text, size_t len, time_t when)
{
        const struct timespec times[] = { { .tv_sec = when }, { .tv_sec = when } };
        char *path = path_of(name);
        int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

        if (write(fd, text, len) != (ssize_t)len || futimens(fd, times))
                exit(2);
        close(fd);
        free(path);
}

/* A report with one frame in module 0; the target's module 0 is 1000 seconds old, module 1 does not exist. */
static struct report *sample(const char *file, int64_t line)
{
        struct report *r = report_new();
        struct report_thread *t = POOL_APPEND(&r->pool, r->threads, r->thread_count);
        struct report_frame *f = POOL_APPEND(&r->pool, t->frames, t->frame_count);
        size_t i;

        for (i = 0; i < 2; i++)
                POOL_APPEND(&r->pool, r->modules, r->module_count)->path = modules[i].path;
        f->module = KNOWN_INT(0);
        f->file = file[0] == '/' || file[0] == '.' ? file : pool_printf(&r->pool, "%s/%s", root, file);
        f->line = KNOWN_INT(line);
        return r;
}

static struct report_frame *another(struct report *r, int64_t line)
{
        struct report_thread *t = &r->threads[0];
        struct report_frame *f = POOL_APPEND(&r->pool, t->frames, t->frame_count);

        *f = t->frames[0];
        f->line = KNOWN_INT(line);
        return f;
}

static void fill(struct report *r, size_t around)
{
        source_fill(r, &target, &r->threads[0], around, 0);
}

/* Compares the lines of frame `i`, joined: "39:a|b|c", "" if there are none. */
static void is_source(struct report *r, size_t i, const char *wanted, const char *title)
{
        const struct report_source *s = &r->threads[0].frames[i].source;
        const char *got = s->line_count ? pool_printf(&r->pool, "%d:", (int)s->first_line.v) : "";
        size_t k;

        for (k = 0; k < s->line_count; k++)
                got = pool_printf(&r->pool, "%s%s%s", got, k ? "|" : "", s->lines[k]);
        if (!tap_ok(!strcmp(got, wanted), "%s", title))
                printf("#   got    %s\n#   wanted %s\n", got, wanted);
}

static void one(const char *file, int64_t line, size_t around, const char *wanted, const char *title)
{
        struct report *r = sample(file, line);

        fill(r, around);
        is_source(r, 0, wanted, title);
        tap_is(r->diagnostic_count, 0, "no diagnostic");
        report_free(r);
}

#define TEXT(s) s, sizeof(s) - 1

static void right_lines(void)
{
        make("seven.c", TEXT("1\n2\n\n4\r\n5\n6\n7"), 500);
        one("seven.c", 4, 1, "3:|4|5", "the line and one on each side");
        one("seven.c", 1, 3, "1:1|2||4", "the first line");
        one("seven.c", 7, 2, "5:5|6|7", "the last line, which has no newline");
        one("seven.c", 4, 1000, "1:1|2||4|5|6|7", "more lines than in the file");
        one("seven.c", 8, 3, "", "a line past the end: another file");
        one("seven.c", INT64_MAX, 3, "", "a line far past the end");
        one("seven.c", 0, 3, "", "line 0");
        one("seven.c", -1, 3, "", "a negative line");
        make("ended.c", TEXT("1\n2\n"), 500);
        one("ended.c", 2, 3, "1:1|2", "no empty line after the last newline");
        one("ended.c", 3, 3, "", "no third line");
}

static void wrong_files(void)
{
        char *path = path_of("directory");

        make("empty.c", TEXT(""), 500);
        one("empty.c", 1, 3, "", "an empty file");
        one("missing.c", 1, 3, "", "a missing file");
        mkdir(path, 0700);
        one("directory", 1, 3, "", "a directory");
        free(path);
        path = path_of("fifo");
        mkfifo(path, 0600);
        one("fifo", 1, 3, "", "a FIFO without a writer");
        free(path);
        path = path_of("large.c");
        make("large.c", TEXT("1\n2\n"), 500);
        if (truncate(path, (off_t)SOURCE_FILE_MAX + 1))
                exit(2);
        one("large.c", 1, 3, "", "a file larger than the limit");
        free(path);
        if (chdir(root))
                exit(2);
        one("./seven.c", 4, 1, "", "a relative path is ignored");
}

static void strange_text(void)
{
        char line[3 * SOURCE_LINE_MAX], wanted[SOURCE_LINE_MAX + 16];

        make("bytes.c", TEXT("a\0b\n\xff\xfe\n"), 500);
        one("bytes.c", 1, 1, "1:a?b|\xff\xfe", "NUL bytes do not end a line, others are unchanged");
        memset(line, 'x', sizeof(line));
        make("long.c", line, sizeof(line), 500);
        snprintf(wanted, sizeof(wanted), "1:%.*s...", SOURCE_LINE_MAX, line);
        one("long.c", 1, 1, wanted, "a long line is truncated");
        memcpy(line + SOURCE_LINE_MAX - 1, "\xe2\x82\xac", 3);
        make("euro.c", line, sizeof(line), 500);
        snprintf(wanted, sizeof(wanted), "1:%.*s...", SOURCE_LINE_MAX - 1, line);
        one("euro.c", 1, 1, wanted, "a long line is truncated between characters");
        memset(line + SOURCE_LINE_MAX - 8, 0x80, 16);
        make("noise.c", line, sizeof(line), 500);
        snprintf(wanted, sizeof(wanted), "1:%.*s...", SOURCE_LINE_MAX, line);
        one("noise.c", 1, 1, wanted, "a long line of invalid bytes is truncated anywhere");
}

static void is_reported(const struct report *r, const char *part, const char *title)
{
        const char *got = r->diagnostic_count == 1 ? r->diagnostics[0].message : "(no or several diagnostics)";

        if (!tap_ok(strstr(got, part) != NULL, "%s", title))
                printf("#   got    %s\n#   wanted %s\n", got, part);
}

static void newer(void)
{
        struct report *r = sample("new.c", 1);

        make("new.c", TEXT("1\n"), 1001);
        make("newer.c", TEXT("1\n"), 1002);
        make("same.c", TEXT("1\n"), 1000);
        another(r, 1);
        fill(r, 3);
        is_source(r, 0, "", "a file modified after the program was built is not shown");
        is_reported(r, "/new.c is newer than ", "a newer file is reported once");
        another(r, 1)->file = pool_printf(&r->pool, "%s/newer.c", root);
        another(r, 1)->file = pool_printf(&r->pool, "%s/same.c", root);
        r->diagnostic_count = 0;
        fill(r, 3);
        is_reported(r, "/new.c and 1 more source files are newer than ", "several newer files are reported once");
        is_source(r, 3, "1:1", "an older file is shown");
        report_free(r);
        r = sample("same.c", 1);
        r->threads[0].frames[0].module = KNOWN_INT(1);
        fill(r, 3);
        is_source(r, 0, "", "no source if the module's file is missing");
        is_reported(r, "is missing and cannot be compared", "a missing module file is reported");
        report_free(r);
        r = sample("same.c", 1);
        r->threads[0].frames[0].module = KNOWN_INT(2);
        fill(r, 3);
        is_source(r, 0, "", "an invalid module index");
        report_free(r);
}

static void other_root(void)
{
        struct report *r = sample("/seven.c", 4);
        char *outside = modules[0].path;

        snprintf(target.root, sizeof(target.root), "%s", root);
        modules[0].path = strdup("/program");
        fill(r, 1);
        is_source(r, 0, "3:|4|5", "paths are looked up in the target's root");
        free(modules[0].path);
        modules[0].path = outside;
        target.root[0] = 0;
        report_free(r);
}

static void many(void)
{
        struct report *r = sample("seven.c", 4);
        size_t i, bytes = 0, filled = 0, k;

        for (i = 0; i < 20000; i++)
                another(r, 4);
        fill(r, 3);
        for (i = 0; i < r->threads[0].frame_count; i++) {
                const struct report_source *s = &r->threads[0].frames[i].source;

                filled += s->line_count > 0;
                for (k = 0; k < s->line_count; k++)
                        bytes += strlen(s->lines[k]) + 1;
        }
        tap_ok(filled > 1000 && r->threads[0].frames[0].source.line_count,
               "a deep stack: the innermost frames have lines");
        tap_ok(bytes <= SOURCE_TOTAL_MAX + 100, "within the limit of a report: %zu bytes", bytes);
        report_free(r);
        r = sample("seven.c", 4);
        source_fill(r, &target, &r->threads[0], 3, clock_now_ns());
        is_source(r, 0, "", "none after the deadline");
        report_free(r);
}

int main(void)
{
        char command[128];

        if (!mkdtemp(root))
                return 2;
        modules[0].path = path_of("program");
        modules[1].path = path_of("gone");
        make("program", TEXT("ELF"), 1000);
        right_lines();
        wrong_files();
        strange_text();
        newer();
        other_root();
        many();
        snprintf(command, sizeof(command), "rm -rf %s", root);
        if (system(command))
                return 2;
        free(modules[0].path);
        free(modules[1].path);
        return tap_done();
}
