/* SPDX-License-Identifier: MIT */
/* report/text/text.h: a report for people. What comes out is safe to send to a terminal, whatever the dying program
 * called its files and threads. */
#ifndef CRASHPRE_REPORT_TEXT_H
#define CRASHPRE_REPORT_TEXT_H

#include "report/model/model.h"

/* Width of a page that is no terminal. */
#define TEXT_COLUMNS 100

struct text_options {
        size_t columns; /* names are made to fit, source and paths are not; 0: TEXT_COLUMNS */
        bool colour;
        bool all_threads; /* text_show() only */
        const char *path; /* where the report is, NULL: nowhere */
};

/* Headline, cause, the first frame of the program's own, and path. All three: new (free()). */
char *text_brief(struct report *report, const struct text_options *options);

/* A screen for stderr of the dying program: headline, cause, the crashing thread's stack without what is libc's or the
 * run-time's own business, the other threads in a line, path. */
char *text_full(struct report *report, const struct text_options *options);

/* The whole report: `crashpre show`. */
char *text_show(struct report *report, const struct text_options *options);

/* For what is written to `fd`: the width of the terminal, else $COLUMNS, else TEXT_COLUMNS. */
size_t text_columns(int fd);

/* Colour on terminals only, and not if NO_COLOR (no-color.org) is set or TERM is "dumb". */
bool text_colour(int fd);

#endif
