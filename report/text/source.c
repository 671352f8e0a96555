/* SPDX-License-Identifier: MIT */
/* report/text/source.c: source lines below frames. The line of the frame itself is never truncated. */
#include "report/text/parts.h"

#include "report/model/names.h"
#include "report/words/own.h"

#include <inttypes.h>
#include <string.h>

#define TAB 8
#define MARGIN 15 /* width of the line number column */

/* Returns the line, safe to print, with tabs expanded. */
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
        return text_safe(w, out);
}

/* Computed unsigned: the first line in a report may be INT64_MAX. */
static int64_t line_number(const struct report_frame *frame, size_t i)
{
        return (int64_t)((uint64_t)frame->source.first_line.v + i);
}

static void source_line(struct writer *w, const struct report_frame *frame, size_t i)
{
        int64_t number = line_number(frame, i);
        const char *line = untabbed(w, frame->source.lines[i]);
        bool own = number == frame->line.v;

        if (!own)
                line = names_cut(w->pool, line, w->columns - MARGIN);

        fprintf(w->out, "      %s%c %5" PRId64 "%s%s%s\n", own ? w->style->bold : "", own ? '>' : ' ', number,
                *line ? "  " : "", line, own ? w->style->plain : "");
}

/* Lines of system headers are not helpful, even if they were inlined into a function of the program. */
static bool is_system_file(const char *file)
{
        return !strncmp(file, "/usr/include/", 13) || !strncmp(file, "/usr/lib/", 9);
}

void text_source(struct writer *w, const struct report_frame *frame)
{
        const struct report_source *source = &frame->source;
        bool first = !w->source_shown;
        size_t i;

        if (!(first || w->whole) || !source->line_count || !source->first_line.known || !frame->file ||
            !frame->line.known || is_system_file(frame->file) || !own_frame(w->report, frame))
                return;
        if (first)
                fprintf(w->out, "        %s%s:%" PRId64 "%s\n", w->style->faint, text_safe(w, frame->file),
                        frame->line.v, w->style->plain);
        for (i = 0; i < source->line_count; i++)
                if (first || line_number(frame, i) == frame->line.v)
                        source_line(w, frame, i);
        w->source_shown = true;
}
