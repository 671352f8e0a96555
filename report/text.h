/* SPDX-License-Identifier: MIT */
/* report/text.h: a report for people. What comes out is safe to send to a terminal, whatever the dying program
 * called its files and threads. */
#ifndef CRASHPRE_REPORT_TEXT_H
#define CRASHPRE_REPORT_TEXT_H

#include "report/model.h"

struct text_options {
        bool colour;
        bool all_threads; /* text_show() only */
        const char *path; /* where the report is, NULL: nowhere */
};

/* Headline and path. All three: new (free()). */
char *text_brief(struct report *report, const struct text_options *options);

/* Headline, stack of the crashing thread, path: for stderr of the dying program. */
char *text_full(struct report *report, const struct text_options *options);

/* The whole report: `crashpre show`. */
char *text_show(struct report *report, const struct text_options *options);

#endif
