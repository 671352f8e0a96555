/* SPDX-License-Identifier: MIT */
/* report/redact.h: CRASHPRE_REDACT: what must not leave the machine goes before anything is written. */
#ifndef CRASHPRE_REPORT_REDACT_H
#define CRASHPRE_REPORT_REDACT_H

#include "report/model.h"

enum redact {
        REDACT_CMDLINE = 1,
        REDACT_ENV = 2,
        REDACT_MEMORY = 4,    /* bytes of the program's memory: none are in the model so far */
        REDACT_VARIABLES = 8, /* likewise its variables */
        REDACT_PATHS = 16,    /* home directories become ~, wherever they stand */
        REDACT_HOSTNAME = 32,
};

/* `what`: bits of enum redact. `home` is the user's home directory, NULL if that is not known: /root and those in /home are
 * known anyway. */
void redact_report(struct report *report, unsigned what, const char *home);

/* `s` with ~ for home directories: `s` itself where there are none, else from the pool. */
const char *redact_paths(struct pool *pool, const char *s, const char *home);

#endif
