/* SPDX-License-Identifier: MIT */
#include "report/text/parts.h"

#include "report/model/names.h"
#include "report/model/utf8.h"
#include "report/words/describe.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* Limits a program's last message, which may be long. */
#define CAUSE_LINES 4
#define LEAST_COLUMNS 40

static const struct style coloured = { "\033[1m", "\033[1;31m", "\033[36m", "\033[2m", "\033[0m" };
static const struct style uncoloured = { "", "", "", "", "" };

/* ---- parts common to all texts ---- */

static void headline(struct writer *w)
{
        fprintf(w->out, "crashpre: %s%s%s\n", w->style->red, text_safe(w, describe_headline(w->report)),
                w->style->plain);
}

/* True if a number or string was thrown. */
static bool is_value(struct writer *w)
{
        static const char *const words[] = {
                "int",  "unsigned", "long",   "short",   "char",        "signed",
                "bool", "float",    "double", "wchar_t", "std::string", "std::string_view"
        };
        const char *type = w->report->cause.exception.type;
        size_t i, len;

        if (!type)
                return false;
        type = names_readable(w->pool, type);
        len = strcspn(type, " *<");
        for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
                if (strlen(words[i]) == len && !strncmp(type, words[i], len))
                        return true;
        return false;
}

/* Prints the program's last message, the exception and the explanation. */
static void cause(struct writer *w)
{
        const struct report_cause *c = &w->report->cause;
        size_t i;

        if (c->message && !(c->kind && !strcmp(c->kind, "request")))
                text_paragraph(w, 2, c->message, CAUSE_LINES);
        if (c->exception.what)
                text_paragraph(w, 2,
                               pool_printf(w->pool, "%s: %s", is_value(w) ? "value" : "what()", c->exception.what),
                               CAUSE_LINES);
        for (i = 0; i < c->exception.nested_count; i++) {
                const struct report_nested *n = &c->exception.nested[i];

                text_paragraph(w, 2,
                               pool_printf(w->pool, "caused by %s%s%s",
                                           names_readable(w->pool, n->type ? n->type : "?"), n->what ? ": " : "",
                                           n->what ? n->what : ""),
                               CAUSE_LINES);
        }
        if (w->report->fault.explanation)
                text_paragraph(w, 2, w->report->fault.explanation, CAUSE_LINES);
}

/* Prints messages about invalid settings, for the user who set them. `crashpre show` prints them among the
 * diagnostics. */
static void setting_lines(struct writer *w)
{
        size_t i;

        for (i = 0; i < w->report->diagnostic_count; i++) {
                const struct report_diagnostic *d = &w->report->diagnostics[i];

                if (!strcmp(d->stage, "settings"))
                        text_paragraph(w, 0, pool_printf(w->pool, "setting: %s", d->message), 2);
        }
}

static void path_line(struct writer *w)
{
        if (w->options->path)
                fprintf(w->out, "report: %s\n", text_safe(w, w->options->path));
}

static void begin(struct writer *w, struct report *report, const struct text_options *options)
{
        *w = (struct writer){ .report = report, .pool = &report->pool, .options = options };
        w->style = options->colour ? &coloured : &uncoloured;
        w->columns = options->columns ? options->columns : TEXT_COLUMNS;
        if (w->columns < LEAST_COLUMNS)
                w->columns = LEAST_COLUMNS;
        w->out = open_memstream(&w->text, &w->len);
        if (!w->out) {
                fputs("crashpre: out of memory\n", stderr);
                _Exit(125);
        }
        headline(w);
        cause(w);
}

static char *finish(struct writer *w)
{
        char *text;

        fclose(w->out);
        text = utf8_terminal(w->text, w->options->colour); /* whatever a part has left out */
        free(w->text);
        return text;
}

/* ---- the three texts ---- */

char *text_brief(struct report *report, const struct text_options *options)
{
        struct writer w;
        const char *where = describe_where(report);

        begin(&w, report, options);
        if (where)
                text_paragraph(&w, 2, where, 1);
        setting_lines(&w);
        path_line(&w);
        return finish(&w);
}

char *text_full(struct report *report, const struct text_options *options)
{
        struct writer w;

        begin(&w, report, options);
        text_interpreter(&w);
        if (report->thread_count) {
                text_stack(&w, &report->threads[0]);
                text_context(&w, &report->threads[0]);
        }
        text_threads_line(&w);
        setting_lines(&w);
        path_line(&w);
        if (options->path)
                fprintf(w.out, "  more: %s show %s\n",
                        text_quoted(&w, options->command ? options->command : "crashpre"),
                        text_quoted(&w, options->path));
        return finish(&w);
}

static void thread_section(struct writer *w, const struct report_thread *thread)
{
        text_title(w, pool_printf(w->pool, "Thread %" PRId64 "%s%s%s", thread->tid.v, thread->name ? " " : "",
                                  thread->name ? text_safe(w, thread->name) : "",
                                  thread->crashed ? ", which crashed" : ""));
        if (thread != w->report->threads) /* that of the first one is printed before all threads */
                text_thread_interpreter(w, thread);
        text_stack(w, thread);
}

static void threads(struct writer *w)
{
        size_t i;

        for (i = 0; i < w->report->thread_count; i++) {
                if (i && !w->options->all_threads)
                        break;
                thread_section(w, &w->report->threads[i]);
                if (!i)
                        text_thrown_at(w);
                text_context(w, &w->report->threads[i]);
        }
        if (!w->options->all_threads)
                text_threads_section(w);
}

char *text_show(struct report *report, const struct text_options *options)
{
        struct writer w;

        begin(&w, report, options);
        w.whole = true;
        text_interpreter(&w);
        threads(&w);
        text_process(&w);
        text_breadcrumbs(&w);
        text_metadata(&w);
        text_instructions(&w);
        if (report->thread_count)
                text_registers(&w, &report->threads[0]);
        text_memory(&w);
        text_notes(&w);
        if (options->path)
                fputs("\n", w.out);
        path_line(&w);
        return finish(&w);
}

/* ---- output device ---- */

size_t text_columns(int fd)
{
        const char *columns = getenv("COLUMNS");
        struct winsize size;

        if (isatty(fd) && !ioctl(fd, TIOCGWINSZ, &size) && size.ws_col)
                return size.ws_col;
        if (columns && strspn(columns, "0123456789") == strlen(columns) && atoi(columns) > 0 && strlen(columns) < 5)
                return (size_t)atoi(columns);
        return TEXT_COLUMNS;
}

bool text_colour(int fd)
{
        const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

        return isatty(fd) && !(no_colour && *no_colour) && !(term && !strcmp(term, "dumb"));
}

/* Returns whether a newline alone moves the cursor down only: no output processing, or none of newlines
 * (termios(3)). */
static bool needs_carriage_return(int fd)
{
        struct termios t;

        return !tcgetattr(fd, &t) && (!(t.c_oflag & OPOST) || !(t.c_oflag & (ONLCR | OCRNL | ONLRET)));
}

char *text_for_terminal(int fd, const char *text, size_t *len)
{
        char *copy = pool_malloc(2 * *len + 1), *to = copy;
        bool add = needs_carriage_return(fd);
        size_t i;

        for (i = 0; i < *len; i++) {
                if (add && text[i] == '\n')
                        *to++ = '\r';
                *to++ = text[i];
        }
        *to = 0;
        *len = (size_t)(to - copy);
        return copy;
}
