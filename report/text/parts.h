/* SPDX-License-Identifier: MIT */
/* report/text/parts.h: declarations shared by the files of this folder. Each part prints nothing if the report
 * contains no data for it. Not async-signal-safe; memory is from the report's pool. */
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
        bool whole;        /* for `crashpre show`, not for stderr */
        bool source_shown; /* of the innermost own frame */
        char *text;
        size_t len;
};

/* ---- lines.c ---- */

/* Returns a copy that is safe for a terminal (utf8_printable()). */
const char *text_safe(struct writer *w, const char *s);

/* Returns a copy that is also quoted as one shell word. */
const char *text_quoted(struct writer *w, const char *s);

/* Prints `s` in lines of w->columns, indented by `indent` blanks; after `limit` lines the rest is replaced by "...". */
void text_paragraph(struct writer *w, size_t indent, const char *s, size_t limit);

/* Prints a blank line and a heading. */
void text_title(struct writer *w, const char *name);

/* ---- stack.c ---- */

/* Prints the frames of a thread, with repeated calls folded. On stderr, frames that are not the program's own are
 * also folded, and only the two ends of a long stack are printed. */
void text_stack(struct writer *w, const struct report_thread *thread);

/* Prints one frame on a line, indented by `indent` blanks. */
void text_frame(struct writer *w, size_t indent, const struct report_frame *frame);

/* ---- source.c ---- */

/* Prints the source lines of the innermost own frame; with w->whole also the line of each caller. */
void text_source(struct writer *w, const struct report_frame *frame);

/* ---- threads.c ---- */

/* Prints the number of other threads: "and 198 more threads: 197 waiting in pthread_cond_wait, 1 in poll". */
void text_threads_line(struct writer *w);

/* Prints the other threads as a section: threads with equal stacks together, with their innermost own frames. */
void text_threads_section(struct writer *w);

/* ---- sections.c ---- */

/* Each prints one section, or nothing if the report has no data for it. */
void text_interpreter(struct writer *w);
void text_thread_interpreter(struct writer *w, const struct report_thread *thread); /* of a thread that did not crash */
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
