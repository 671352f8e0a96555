/* SPDX-License-Identifier: MIT */
/* report/text/parts.h: what the files of this folder share. Each part prints nothing where the report has nothing to
 * say. */
#ifndef CRASHPRE_REPORT_TEXT_PARTS_H
#define CRASHPRE_REPORT_TEXT_PARTS_H

#include "report/text/text.h"

#include <stdio.h>

struct style {
        const char *bold, *red, *cyan, *faint, *plain;
};

struct writer {
        FILE *out;
        struct report *report;
        struct pool *pool;
        const struct style *style;
        const struct text_options *options;
        size_t columns;
        bool whole;        /* `crashpre show`, not a screen on stderr */
        bool source_shown; /* of the innermost own frame */
        char *text;
        size_t len;
};

/* ---- lines.c ---- */

/* Safe for a terminal (utf8_printable()). */
const char *text_safe(struct writer *w, const char *s);

/* The same, one shell word. */
const char *text_quoted(struct writer *w, const char *s);

/* `s` in lines of w->columns, each `indent` blanks in; after `limit` lines the rest is "...". */
void text_paragraph(struct writer *w, size_t indent, const char *s, size_t limit);

/* A blank line and a heading. */
void text_title(struct writer *w, const char *name);

/* ---- stack.c ---- */

/* The frames of a thread, repeated calls folded. In a screen for stderr what is not the program's own is folded too, and
 * of a long stack there are the two ends. */
void text_stack(struct writer *w, const struct report_thread *thread);

/* One frame in a line, `indent` blanks in. */
void text_frame(struct writer *w, size_t indent, const struct report_frame *frame);

/* ---- source.c ---- */

/* Below the innermost own frame its lines of source; with w->whole also the one line of each caller. */
void text_source(struct writer *w, const struct report_frame *frame);

/* ---- threads.c ---- */

/* Threads but the first: "and 198 more threads: 197 waiting in pthread_cond_wait, 1 in poll". */
void text_threads_line(struct writer *w);

/* The same as a section: threads with the same stack together, with their innermost own frames. */
void text_threads_section(struct writer *w);

/* ---- sections.c ---- */

void text_interpreter(struct writer *w);
void text_thrown_at(struct writer *w);
void text_context(struct writer *w, const struct report_thread *thread);
void text_process(struct writer *w);
void text_breadcrumbs(struct writer *w);
void text_metadata(struct writer *w);
void text_instructions(struct writer *w);
void text_registers(struct writer *w, const struct report_thread *thread);
void text_memory(struct writer *w);
void text_notes(struct writer *w);

#endif
