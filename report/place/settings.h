/* SPDX-License-Identifier: MIT */
/* report/place/settings.h: the CRASHPRE_* variables that helper and command read. */
#ifndef CRASHPRE_REPORT_SETTINGS_H
#define CRASHPRE_REPORT_SETTINGS_H

#include "unwind/core/terms/settings_table.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct settings {
        enum setting_stderr stderr_text;
        unsigned timeout; /* seconds */
        size_t max_frames;
        size_t source_lines;     /* before and after the line of the frame; 0: none */
        size_t max_reports;      /* 0: keep all */
        mode_t mode;             /* of report files */
        unsigned wait_debugger;  /* seconds that a crashed process waits for a debugger; 0: none */
        unsigned redact;         /* bits of enum redact (unwind/core/terms/redact.h) */
        const char *on_report;   /* NULL: none; texts are borrowed from the process's environment */
        const char *environment; /* comma list of globs */
        const char *debug_dirs;  /* NULL: the unwinder's default */
};

/* Reads the process's environment. An invalid value leaves the default; the library reports it with the crash. */
void settings_read(struct settings *out);

/* Calls `note` for each CRASHPRE_* variable of the process's environment that is invalid, has no effect in this version
 * or does not exist. Returns their number. */
size_t settings_check(setting_note *note, void *ctx);

/* Whether variable `name` may be included in a report: it must match `globs` and not look like a secret. */
bool settings_shows_variable(const char *globs, const char *name);

#endif
