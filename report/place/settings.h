/* SPDX-License-Identifier: MIT */
/* report/place/settings.h: the CRASHPRE_* variables that helper and command read. */
#ifndef CRASHPRE_REPORT_SETTINGS_H
#define CRASHPRE_REPORT_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

enum settings_stderr { SETTINGS_STDERR_NONE, SETTINGS_STDERR_BRIEF, SETTINGS_STDERR_FULL };

struct settings {
        long stderr_text; /* enum settings_stderr */
        long timeout;     /* seconds */
        long max_frames;
        long source_lines;       /* on each side of the frame's own; 0: none */
        long max_reports;        /* 0: keep all */
        long mode;               /* of report files */
        long wait_debugger;      /* seconds a dying process waits for one; 0: it does not */
        long redact;             /* bits of enum redact (unwind/core/terms/redact.h) */
        const char *on_report;   /* NULL: nothing; borrowed as `environment` */
        const char *environment; /* comma list of globs; borrowed from the process's environment, as debug_dirs */
        const char *debug_dirs;  /* NULL: the unwinder's default */
};

/* A sentence about a variable: `name` is the variable. */
typedef void settings_note(void *ctx, const char *name, const char *message);

/* Reads the process's environment. What is wrong is told through `note` and has its default. */
void settings_read(struct settings *out, settings_note *note, void *ctx);

/* Tells what is wrong with any CRASHPRE_* variable, those of the preload and unknown ones too. Returns how many. */
size_t settings_check(settings_note *note, void *ctx);

/* Does `text` begin with a setting that settings_read() reads, as in "CRASHPRE_MODE=x: ..."? */
bool settings_begins_with_own(const char *text);

/* May variable `name` go into a report, by `globs` and by the rule that secrets never do? */
bool settings_shows_variable(const char *globs, const char *name);

#endif
