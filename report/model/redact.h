/* SPDX-License-Identifier: MIT */
/* report/model/redact.h: CRASHPRE_REDACT: what must not leave the machine goes before anything is written. */
#ifndef CRASHPRE_REPORT_REDACT_H
#define CRASHPRE_REPORT_REDACT_H

#include "report/model/model.h"
#include "unwind/core/terms/redact.h"

/* `what`: bits of enum redact. `home` is the user's home directory, NULL if that is not known: /root and those in /home are
 * known anyway. */
void redact_report(struct report *report, unsigned what, const char *home);

/* `s` with ~ for home directories: `s` itself where there are none, else from the pool. */
const char *redact_paths(struct pool *pool, const char *s, const char *home);

#endif
