/* SPDX-License-Identifier: MIT */
/* report/text/stack.c: the frames of a thread, some of them folded into one line. */
#include "report/text/parts.h"

#include "report/model/names.h"
#include "report/words/describe.h"
#include "report/words/own.h"
#include "report/words/recursion.h"

#include <inttypes.h>
#include <string.h>

/* On stderr only the two ends of a stack are printed; `crashpre show` prints all frames of the report. */
#define STDERR_INNERMOST 14
#define STDERR_OUTERMOST 6
#define WORTH_CUTTING 5 /* lines */

/* On stderr, this many consecutive foreign frames are folded into one line. */
#define FOLDED_RUN 3
#define FOLDED_NAMES 4
#define INTERPRETER_FRAMES 2

#define GUESSED "  (guessed from the stack)"

/* The module and offset are omitted if less than this is left for the name. */
#define LEAST_NAME 20

/* A line of the stack: one frame, or several. */
struct line {
        enum { LINE_FRAME, LINE_FOREIGN, LINE_INTERPRETER, LINE_REPEATED } kind;
        size_t first, end;
        struct recursion recursion;
};

/* ---- one frame ---- */

static bool is_guessed(const struct report_frame *frame)
{
        return frame->trust && !strcmp(frame->trust, "scan");
}

/* Returns the text after the name: " at store.c:42  app+0x1139", "+0x10  libx.so+0x2010". */
static const char *suffix_of_name(struct writer *w, const struct report_frame *frame, bool with_place)
{
        const char *line = describe_line(w->report, frame), *place = describe_place(w->report, frame), *text = "";

        if (line)
                text = pool_printf(w->pool, " at %s", text_safe(w, line));
        else if (frame->function_offset.known && frame->function_offset.v)
                text = pool_printf(w->pool, "+0x%" PRIx64, (uint64_t)frame->function_offset.v);
        if (frame->inlined)
                return pool_printf(w->pool, "%s  (inlined)", text);
        if (frame->module.known && (with_place || !line))
                text = pool_printf(w->pool, "%s  %s%s%s", text, w->style->cyan, text_safe(w, place), w->style->plain);
        return is_guessed(frame) ? pool_printf(w->pool, "%s" GUESSED, text) : text;
}

static const char *nameless(struct writer *w, const struct report_frame *frame)
{
        const char *line = describe_line(w->report, frame), *place = text_safe(w, describe_place(w->report, frame));
        const char *data = describe_data(w->report, frame);

        return pool_printf(w->pool, "%s%s%s%s%s%s%s", data ? text_safe(w, data) : "", data ? "  " : "",
                           frame->module.known ? place : pool_printf(w->pool, "%s in no module", place),
                           line ? " at " : "", line ? text_safe(w, line) : "", frame->inlined ? "  (inlined)" : "",
                           is_guessed(frame) ? GUESSED : "");
}

/* Escape sequences of colours have no width. */
static size_t width(struct writer *w, const char *s)
{
        size_t n = names_width(s);

        return strchr(s, '\033') ? n - strlen(w->style->cyan) - strlen(w->style->plain) : n;
}

/* The frames of a thread are an array, innermost first; before a signal frame is the handler's. */
static bool called_own_handler(struct writer *w, const struct report_frame *frame)
{
        return frame->index.v > 0 && !own_is_crashpre(w->report, frame - 1);
}

void text_frame(struct writer *w, size_t indent, const struct report_frame *frame)
{
        const char *rest, *name, *number = pool_printf(w->pool, "%*s#%-2" PRId64 " ", (int)indent, "", frame->index.v);
        const char *weight = own_frame(w->report, frame) ? w->style->bold : w->style->faint;
        size_t used;

        if (frame->signal_frame) {
                fprintf(w->out, "%s-- signal%s%s%s --\n", number, frame->signal ? " " : "",
                        frame->signal ? text_safe(w, frame->signal) : "",
                        called_own_handler(w, frame) ? ", handled by the program" : "");
                return;
        }
        if (!frame->function) {
                fprintf(w->out, "%s%s\n", number, nameless(w, frame));
                return;
        }
        name = text_safe(w, frame->function);
        rest = suffix_of_name(w, frame, w->whole);
        used = names_width(number) + width(w, rest);
        if (used + LEAST_NAME > w->columns) {
                rest = suffix_of_name(w, frame, false);
                used = names_width(number) + width(w, rest);
        }
        used = w->columns > used + LEAST_NAME ? w->columns - used : LEAST_NAME;
        fprintf(w->out, "%s%s%s%s%s\n", number, weight, names_short(w->pool, name, used), w->style->plain, rest);
}

/* ---- selecting lines ---- */

static struct line *add_line(struct writer *w, struct line **lines, size_t *n, int kind, size_t first, size_t end)
{
        struct line *line = POOL_APPEND(w->pool, *lines, *n);

        line->kind = kind;
        line->first = first;
        line->end = end;
        return line;
}

/* The line "signal handler called" is never folded. */
static size_t foreign_end(const struct report_thread *thread, const bool *own, size_t first)
{
        while (first < thread->frame_count && !own[first] && !thread->frames[first].signal_frame)
                first++;
        return first;
}

/* The functions that start a thread are not of interest, if the stack is complete. */
static bool is_beginning(const struct report_thread *thread, size_t end)
{
        return end == thread->frame_count && thread->unwind_end && !strcmp(thread->unwind_end, "end-of-stack");
}

/* Returns NULL if all frames are printed, or if none is the program's own. */
static const bool *find_own(struct writer *w, const struct report_thread *thread)
{
        const bool *own = w->whole ? NULL : own_frames(w->report, thread);

        if (thread == w->report->threads && w->report->interpreter.frame_count)
                return own;
        return own && memchr(own, true, thread->frame_count) ? own : NULL;
}

/* Adds the repeated calls once, then a line for their repetitions. */
static void add_recursion(struct writer *w, struct line **lines, size_t *n, const struct recursion *r)
{
        size_t i;

        for (i = 0; i < r->period; i++)
                add_line(w, lines, n, LINE_FRAME, r->first + i, r->first + i + 1);
        add_line(w, lines, n, LINE_REPEATED, r->first + r->period, r->end)->recursion = *r;
}

/* Adds the frames called first by the script, and one line for the rest of the interpreter. Returns the end of its
 * frames. */
static size_t add_script(struct writer *w, struct line **lines, size_t *n, size_t first, size_t end)
{
        size_t i;

        for (i = first; i < end && i < first + INTERPRETER_FRAMES; i++)
                add_line(w, lines, n, LINE_FRAME, i, i + 1);
        if (i < end)
                add_line(w, lines, n, LINE_INTERPRETER, i, end);
        return end;
}

static struct line *make_lines(struct writer *w, const struct report_thread *thread, size_t *n)
{
        size_t script = thread == w->report->threads ? own_script_begin(w->report) : thread->frame_count;
        const bool *own = find_own(w, thread);
        struct recursion r = { .first = 0 };
        bool repeats = recursion_find(thread, 0, &r);
        struct line *lines = NULL;
        size_t i = 0;

        while (i < thread->frame_count) {
                size_t end = own ? foreign_end(thread, own, i) : i;

                if (own && i == script) {
                        i = add_script(w, &lines, n, i, end);
                        continue;
                }
                if (end > script && i < script)
                        end = script;
                if (end > i && is_beginning(thread, end))
                        break;
                if (end >= i + FOLDED_RUN) {
                        add_line(w, &lines, n, LINE_FOREIGN, i, end);
                        i = end;
                } else if (repeats && r.first == i) {
                        add_recursion(w, &lines, n, &r);
                        i = r.end;
                } else {
                        add_line(w, &lines, n, LINE_FRAME, i, i + 1);
                        i++;
                }
                if (repeats && r.first < i)
                        repeats = recursion_find(thread, i, &r);
        }
        return lines;
}

/* ---- printing ---- */

static int64_t index_of(const struct report_thread *thread, size_t i)
{
        return thread->frames[i].index.v;
}

/* Of consecutive foreign frames the outermost is the one called by own code; among the others, internal names of a
 * library are omitted. Returns NULL for a name to omit. */
static const char *folded_name(struct writer *w, const struct report_frame *frame, bool outermost)
{
        const char *name = frame->function ? names_plain(w->pool, text_safe(w, frame->function)) : NULL;

        if (!name || own_is_crashpre(w->report, frame))
                return NULL;
        return !outermost && (*name == '_' || strstr(name, "::_")) ? NULL : name;
}

static bool any_guessed(const struct report_thread *thread, const struct line *line)
{
        for (size_t i = line->first; i < line->end; i++)
                if (is_guessed(&thread->frames[i]))
                        return true;
        return false;
}

/* Prints "#0-#7  raise <- abort <- std::terminate <- __cxa_throw". */
static void foreign_line(struct writer *w, const struct report_thread *thread, const struct line *line)
{
        const char *head = pool_printf(w->pool, "#%" PRId64 "-#%" PRId64 "  ", index_of(thread, line->first),
                                       index_of(thread, line->end - 1));
        const char *text = NULL, *last = "", *guessed = any_guessed(thread, line) ? GUESSED : "";
        size_t room = w->columns - 2 - names_width(head) - names_width(guessed), n = 0, i;

        for (i = line->end; i-- > line->first && n < FOLDED_NAMES;) {
                const char *name = folded_name(w, &thread->frames[i], !text);

                if (!name || !strcmp(name, last))
                        continue;
                if (text && names_width(name) + 4 + names_width(text) > room)
                        break;
                text = text ? pool_printf(w->pool, "%s <- %s", name, text) : name;
                last = name;
                n++;
        }
        if (!text)
                text = text_safe(w, describe_place(w->report, &thread->frames[line->end - 1]));
        fprintf(w->out, "  %s%s%s%s%s\n", w->style->faint, head, names_cut(w->pool, text, room), guessed,
                w->style->plain);
}

static void repeated_line(struct writer *w, const struct report_thread *thread, const struct line *line)
{
        const struct recursion *r = &line->recursion;
        const char *calls = r->period > 1 ? pool_printf(w->pool, "these %zu calls", r->period) : "the same call";
        uint64_t times = r->count - 1;

        fprintf(w->out, "  %s#%" PRId64 "-#%" PRId64 "  %s %" PRIu64 " more times%s\n", w->style->faint,
                index_of(thread, line->first), index_of(thread, line->end - 1), calls, times, w->style->plain);
}

static void print_line(struct writer *w, const struct report_thread *thread, const struct line *line)
{
        if (line->kind == LINE_FOREIGN) {
                foreign_line(w, thread, line);
        } else if (line->kind == LINE_INTERPRETER) {
                fprintf(w->out, "  %s#%" PRId64 "-#%" PRId64 "  the interpreter%s\n", w->style->faint,
                        index_of(thread, line->first), index_of(thread, line->end - 1), w->style->plain);
        } else if (line->kind == LINE_REPEATED) {
                repeated_line(w, thread, line);
        } else {
                text_frame(w, 2, &thread->frames[line->first]);
                if (thread != w->report->threads ||
                    line->first >= own_fault(w->report)) /* not of a handler of the fault */
                        text_source(w, &thread->frames[line->first]);
        }
}

/* Frames between two lines may have been omitted from the report. */
static void print_gap(struct writer *w, const struct report_thread *thread, const struct line *line)
{
        int64_t gap = line->first ? index_of(thread, line->first) - index_of(thread, line->first - 1) - 1 : 0;

        if (gap > 0)
                fprintf(w->out, "  ...  %" PRId64 " frames left out\n", gap);
}

static const char *end_phrase(const char *end)
{
        static const char *const phrases[][2] = {
                { "no-progress", ": the next frame would be the same one, so the stack is corrupted" },
                { "unreadable", ": its memory cannot be read" },
                { "bad-pc", ": the return address points to no code" },
                { "no-rule", ": there is no information on how to find the caller" },
                { "no-registers", ": the thread was not stopped" },
                { NULL, "" },
        };
        size_t i = 0;

        while (phrases[i][0] && strcmp(phrases[i][0], end))
                i++;
        return phrases[i][1];
}

void text_stack(struct writer *w, const struct report_thread *thread)
{
        size_t n = 0, i;
        struct line *lines = make_lines(w, thread, &n);
        bool cut = !w->whole && n > STDERR_INNERMOST + STDERR_OUTERMOST + WORTH_CUTTING;

        for (i = 0; i < n; i++) {
                if (cut && i == STDERR_INNERMOST) {
                        i = n - STDERR_OUTERMOST;
                        fprintf(w->out, "  ...  %" PRId64 " more frames\n",
                                index_of(thread, lines[i].first) -
                                        index_of(thread, lines[STDERR_INNERMOST - 1].end - 1) - 1);
                } else {
                        print_gap(w, thread, &lines[i]);
                }
                print_line(w, thread, &lines[i]);
        }
        if (!thread->frame_count)
                fputs("  no frames\n", w->out);
        else if (thread->unwind_end && strcmp(thread->unwind_end, "end-of-stack"))
                fprintf(w->out, "  (the stack ends here, %s%s)\n", text_safe(w, thread->unwind_end),
                        end_phrase(thread->unwind_end));
}
