/* SPDX-License-Identifier: MIT */
#include "report/text.h"

#include "report/describe.h"
#include "report/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A stack on stderr shows its two ends; `crashpre show` shows all that the report has. */
#define STDERR_INNERMOST 24
#define STDERR_OUTERMOST 8

#define REGISTERS_A_LINE 3
#define TAB 8

struct style {
        const char *bold, *red, *cyan, *faint, *plain;
};

static const struct style coloured = { "\033[1m", "\033[1;31m", "\033[36m", "\033[2m", "\033[0m" };
static const struct style uncoloured = { "", "", "", "", "" };

struct writer {
        FILE *out;
        struct report *report;
        struct pool *pool;
        const struct style *style;
        const struct text_options *options;
        bool sources, callers_too; /* are lines shown: of the innermost own frame, of its callers */
        bool source_shown;
        char *text;
        size_t len;
};

static void begin(struct writer *w, struct report *report, const struct text_options *options)
{
        w->report = report;
        w->pool = &report->pool;
        w->options = options;
        w->style = options->colour ? &coloured : &uncoloured;
        w->text = NULL;
        w->sources = w->callers_too = w->source_shown = false;
        w->out = open_memstream(&w->text, &w->len);
        if (!w->out) {
                fputs("crashpre: out of memory\n", stderr);
                _Exit(125);
        }
}

static char *finish(struct writer *w)
{
        fclose(w->out);
        return w->text;
}

static const char *safe(struct writer *w, const char *s)
{
        return utf8_printable(w->pool, s);
}

static void headline(struct writer *w)
{
        fprintf(w->out, "crashpre: %s%s%s\n", w->style->red, safe(w, describe_headline(w->report)), w->style->plain);
        if (w->report->cause.message && w->report->cause.kind && strcmp(w->report->cause.kind, "request"))
                fprintf(w->out, "  %s\n", safe(w, w->report->cause.message));
}

static void path_line(struct writer *w)
{
        if (w->options->path)
                fprintf(w->out, "report: %s\n", safe(w, w->options->path));
}

/* "store_item(Item const&) at store.c:42"; NULL where nothing is known but the place. */
static const char *call(struct writer *w, const struct report_frame *frame)
{
        const char *line = describe_line(w->report, frame), *name;

        if (frame->signal_frame)
                return "<signal handler called>";
        if (!frame->function)
                return line ? pool_printf(w->pool, "?? at %s", safe(w, line)) : NULL;
        name = pool_printf(w->pool, "%s%s%s", w->style->bold, safe(w, frame->function), w->style->plain);
        if (line)
                return pool_printf(w->pool, "%s at %s", name, safe(w, line));
        if (frame->function_offset.known && frame->function_offset.v)
                return pool_printf(w->pool, "%s+0x%" PRIx64, name, (uint64_t)frame->function_offset.v);
        return name;
}

/* "  #0  0x0000000000401136 store_item(Item const&) at store.c:42  app+0x1139" */
static void frame_line(struct writer *w, const struct report_frame *frame)
{
        const char *name = call(w, frame);
        bool guessed = frame->trust && !strcmp(frame->trust, "scan");

        fprintf(w->out, "  #%-2" PRId64 " %s0x%016" PRIx64 "%s ", frame->index.v, w->style->faint, frame->pc.v,
                w->style->plain);
        if (name)
                fputs(name, w->out);
        if (frame->inlined)
                fputs("  (inlined)", w->out);
        else if (frame->module.known)
                fprintf(w->out, "%s%s%s%s", name ? "  " : "", w->style->cyan, safe(w, describe_place(w->report, frame)),
                        w->style->plain);
        else if (!name)
                fputs("in no module", w->out);
        fprintf(w->out, "%s\n", guessed ? "  (guessed from the stack)" : "");
}

/* ---- source ---- */

/* Safe to print, and its columns as its author saw them. */
static const char *untabbed(struct writer *w, const char *line)
{
        char *out = pool_alloc(w->pool, TAB * strlen(line) + 1), *o = out;
        size_t column = 0;

        for (; *line; line++) {
                if (*line == '\t') {
                        do
                                *o++ = ' ';
                        while (++column % TAB);
                        continue;
                }
                column += ((unsigned char)*line & 0xc0) != 0x80; /* the first byte of a character */
                *o++ = *line;
        }
        return safe(w, out);
}

/* Headers of a system library say little about the crash, even where the innermost frame stands in one. */
static bool is_own(const struct report_frame *frame)
{
        return strncmp(frame->file, "/usr/include/", 13) && strncmp(frame->file, "/usr/lib/", 9);
}

/* Unsigned: a report may say that its first line is the last there can be. */
static int64_t line_number(const struct report_frame *frame, size_t i)
{
        return (int64_t)((uint64_t)frame->source.first_line.v + i);
}

static void source_line(struct writer *w, const struct report_frame *frame, size_t i)
{
        int64_t number = line_number(frame, i);
        const char *line = untabbed(w, frame->source.lines[i]);
        bool own = number == frame->line.v;

        fprintf(w->out, "      %s%c %5" PRId64 "%s%s%s\n", own ? w->style->bold : "", own ? '>' : ' ', number,
                *line ? "  " : "", line, own ? w->style->plain : "");
}

/* The innermost frame of the program's own has all its lines shown, those that called it their own line alone. */
static void source_lines(struct writer *w, const struct report_frame *frame)
{
        const struct report_source *source = &frame->source;
        bool first = !w->source_shown;
        size_t i;

        if (!w->sources || !(first || w->callers_too) || !source->line_count || !source->first_line.known ||
            !frame->file || !frame->line.known || !is_own(frame))
                return;
        if (first)
                fprintf(w->out, "        %s%s%s\n", w->style->faint, safe(w, frame->file), w->style->plain);
        for (i = 0; i < source->line_count; i++)
                if (first || line_number(frame, i) == frame->line.v)
                        source_line(w, frame, i);
        w->source_shown = true;
}

/* ---- stacks ---- */

/* Frames [from, to) and the gap that may lie between two of them. */
static void frame_lines(struct writer *w, const struct report_thread *thread, size_t from, size_t to)
{
        size_t i;

        for (i = from; i < to; i++) {
                const struct report_frame *frame = &thread->frames[i];
                int64_t gap = i ? frame->index.v - thread->frames[i - 1].index.v - 1 : 0;

                if (gap > 0)
                        fprintf(w->out, "  ...  %" PRId64 " frames left out\n", gap);
                frame_line(w, frame);
                source_lines(w, frame);
        }
}

static void stack(struct writer *w, const struct report_thread *thread, bool whole)
{
        size_t n = thread->frame_count;

        if (whole || n <= STDERR_INNERMOST + STDERR_OUTERMOST + 1) {
                frame_lines(w, thread, 0, n);
        } else {
                frame_lines(w, thread, 0, STDERR_INNERMOST);
                fprintf(w->out, "  ...  %" PRId64 " more frames\n",
                        thread->frames[n - STDERR_OUTERMOST].index.v - thread->frames[STDERR_INNERMOST - 1].index.v -
                                1);
                for (n -= STDERR_OUTERMOST; n < thread->frame_count; n++)
                        frame_line(w, &thread->frames[n]);
        }
        if (!thread->frame_count)
                fputs("  no frames\n", w->out);
        else if (thread->unwind_end && strcmp(thread->unwind_end, "end-of-stack"))
                fprintf(w->out, "  (the stack ends here: %s)\n", safe(w, thread->unwind_end));
}

char *text_brief(struct report *report, const struct text_options *options)
{
        struct writer w;

        begin(&w, report, options);
        headline(&w);
        path_line(&w);
        return finish(&w);
}

char *text_full(struct report *report, const struct text_options *options)
{
        struct writer w;

        begin(&w, report, options);
        headline(&w);
        w.sources = true;
        if (report->thread_count)
                stack(&w, &report->threads[0], false);
        if (report->thread_count > 1)
                fprintf(w.out, "  and %zu more thread%s\n", report->thread_count - 1,
                        report->thread_count > 2 ? "s" : "");
        path_line(&w);
        return finish(&w);
}

/* ---- the whole report ---- */

static void title(struct writer *w, const char *name)
{
        fprintf(w->out, "\n%s%s%s\n", w->style->bold, name, w->style->plain);
}

static void fact(struct writer *w, const char *name, const char *value)
{
        if (value)
                fprintf(w->out, "  %-10s %s\n", name, safe(w, value));
}

/* An argument as a shell would have to be given it. */
static const char *quoted(struct writer *w, const char *arg)
{
        static const char harmless[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@%+=:,./_-";
        char *out, *o;

        if (*arg && strspn(arg, harmless) == strlen(arg))
                return arg;
        o = out = pool_alloc(w->pool, 4 * strlen(arg) + 3);
        *o++ = '\'';
        for (; *arg; arg++) {
                if (*arg == '\'') {
                        memcpy(o, "'\\''", 4);
                        o += 4;
                } else {
                        *o++ = *arg;
                }
        }
        *o = '\'';
        return out;
}

static const char *command_line(struct writer *w)
{
        const struct report_process *p = &w->report->process;
        const char *line = NULL;
        size_t i;

        for (i = 0; i < p->cmdline_count; i++)
                line = line ? pool_printf(w->pool, "%s %s", line, quoted(w, p->cmdline[i])) : quoted(w, p->cmdline[i]);
        return line;
}

static const char *signal_phrase(struct writer *w)
{
        const struct report_signal *s = &w->report->signal;
        const char *phrase;

        if (!s->number.known)
                return NULL;
        phrase = pool_printf(w->pool, "%s (%" PRId64 ")", s->name ? s->name : "signal", s->number.v);
        if (s->code_name)
                phrase = pool_printf(w->pool, "%s, %s", phrase, s->code_name);
        else if (s->code.known)
                phrase = pool_printf(w->pool, "%s, code %" PRId64, phrase, s->code.v);
        return s->address.known ? pool_printf(w->pool, "%s at 0x%" PRIx64, phrase, s->address.v) : phrase;
}

static void facts(struct writer *w)
{
        struct report *r = w->report;
        const char *when = r->time;

        if (when && r->process.uptime_seconds.known)
                when = pool_printf(w->pool, "%s, after %.2f s", when, r->process.uptime_seconds.v);
        fact(w, "time", when);
        fact(w, "signal", signal_phrase(w));
        if (r->fault.mapping)
                fact(w, "address in", r->fault.mapping);
        fact(w, "program", r->process.exe);
        fact(w, "command", command_line(w));
        fact(w, "directory", r->process.cwd);
        if (r->system.distribution || r->system.kernel)
                fact(w, "system",
                     pool_printf(w->pool, "%s%s%s%s%s", r->system.distribution ? r->system.distribution : "",
                                 r->system.distribution && r->system.kernel ? ", " : "",
                                 r->system.kernel ? r->system.kernel : "", r->system.hostname ? " on " : "",
                                 r->system.hostname ? r->system.hostname : ""));
}

static void thread_section(struct writer *w, const struct report_thread *thread)
{
        title(w, pool_printf(w->pool, "Thread %" PRId64 "%s%s%s", thread->tid.v, thread->name ? " " : "",
                             thread->name ? safe(w, thread->name) : "", thread->crashed ? ", which crashed" : ""));
        stack(w, thread, true);
}

static void registers_section(struct writer *w, const struct report_thread *thread)
{
        size_t i;

        if (!thread->register_count)
                return;
        title(w, "Registers");
        for (i = 0; i < thread->register_count; i++) {
                bool last = i + 1 == thread->register_count || i % REGISTERS_A_LINE == REGISTERS_A_LINE - 1;

                fprintf(w->out, "  %-8s 0x%016" PRIx64 "%s", safe(w, thread->registers[i].name),
                        thread->registers[i].value, last ? "\n" : " ");
        }
}

static void metadata_section(struct writer *w)
{
        size_t i;

        if (w->report->metadata_count)
                title(w, "Metadata");
        for (i = 0; i < w->report->metadata_count; i++) {
                const struct report_metadata *m = &w->report->metadata[i];
                const char *value = m->string;

                if (m->kind == REPORT_INTEGER)
                        value = pool_printf(w->pool, "%" PRId64, m->integer);
                else if (m->kind == REPORT_REAL)
                        value = pool_printf(w->pool, "%g", m->real);
                else if (m->kind == REPORT_BOOLEAN)
                        value = m->boolean ? "true" : "false";
                fprintf(w->out, "  %s: %s\n", safe(w, m->name), safe(w, value));
        }
}

static void breadcrumbs_section(struct writer *w)
{
        size_t i;

        if (w->report->breadcrumb_count)
                title(w, "Breadcrumbs");
        for (i = 0; i < w->report->breadcrumb_count; i++) {
                const struct report_breadcrumb *b = &w->report->breadcrumbs[i];

                fprintf(w->out, "  %s [%" PRId64 "] %s: %s\n", safe(w, b->time), b->tid.v, safe(w, b->category),
                        safe(w, b->message));
        }
}

static void diagnostics_section(struct writer *w)
{
        size_t i;

        if (w->report->diagnostic_count)
                title(w, "Notes on this report");
        for (i = 0; i < w->report->diagnostic_count; i++)
                fprintf(w->out, "  %s: %s\n", safe(w, w->report->diagnostics[i].stage),
                        safe(w, w->report->diagnostics[i].message));
}

char *text_show(struct report *report, const struct text_options *options)
{
        struct writer w;
        size_t i;

        begin(&w, report, options);
        w.sources = w.callers_too = true;
        headline(&w);
        facts(&w);
        for (i = 0; i < report->thread_count && (options->all_threads || !i); i++)
                thread_section(&w, &report->threads[i]);
        if (!options->all_threads && report->thread_count > 1)
                fprintf(w.out, "\n%zu more thread%s: crashpre show --all-threads\n", report->thread_count - 1,
                        report->thread_count > 2 ? "s" : "");
        breadcrumbs_section(&w);
        metadata_section(&w);
        if (report->thread_count)
                registers_section(&w, &report->threads[0]);
        diagnostics_section(&w);
        if (options->path)
                fputs("\n", w.out);
        path_line(&w);
        return finish(&w);
}
