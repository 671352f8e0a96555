/* SPDX-License-Identifier: MIT */
/* report/text/text.h: formats a report as text. The result is safe for a terminal, whatever bytes the names of files
 * and threads contain. Not async-signal-safe. */
#ifndef CRASHPRE_REPORT_TEXT_H
#define CRASHPRE_REPORT_TEXT_H

#include "report/model/model.h"

/* Width of output that is not a terminal. */
#define TEXT_COLUMNS 100

struct text_options {
        size_t columns; /* names are shortened to fit, source and paths are not; 0: TEXT_COLUMNS */
        bool colour;
        bool all_threads;    /* text_show() only */
        const char *path;    /* path of the report, NULL: none */
        const char *command; /* as the user can type it; NULL: crashpre */
};

/* Returns headline, cause, the first own frame of the program, and path. All four functions return new memory
 * (free()). */
char *text_brief(struct report *report, const struct text_options *options);

/* Returns the text for stderr of the crashing program: headline, cause, the crashing thread's stack without frames of
 * libc and run-times, one line for the other threads, path. */
char *text_full(struct report *report, const struct text_options *options);

/* Returns the whole report, for `crashpre show`. */
char *text_show(struct report *report, const struct text_options *options);

/* Returns one line of JSON for log collectors, in ASCII: program, pid, class, summary, signature, fingerprint, path,
 * and diagnostics about invalid settings; what is unknown is absent. */
char *text_log_line(struct report *report, const struct text_options *options);

/* Returns the width for output to `fd`: that of the terminal, else $COLUMNS, else TEXT_COLUMNS. */
size_t text_columns(int fd);

/* True if `fd` is a terminal, unless NO_COLOR (no-color.org) is set or TERM is "dumb". */
bool text_colour(int fd);

/* Returns a new copy of `text` (free()) for output to `fd`: if that is a terminal that does no output processing, as a
 * full-screen program leaves it, with CR LF for each newline. Updates *len. */
char *text_for_terminal(int fd, const char *text, size_t *len);

#endif
