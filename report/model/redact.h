/* SPDX-License-Identifier: MIT */
/* report/model/redact.h: CRASHPRE_REDACT: removes private data from a report before it is written. Not
 * async-signal-safe. */
#ifndef CRASHPRE_REPORT_REDACT_H
#define CRASHPRE_REPORT_REDACT_H

#include "report/model/model.h"
#include "unwind/core/terms/redact.h"

/* `what`: bits of enum redact. `home` is the user's home directory, NULL if it is unknown: /root and directories in
 * /home are always recognized. */
void redact_report(struct report *report, unsigned what, const char *home);

/* Returns `s` with home directories replaced by ~: `s` itself if there are none, else from the pool. */
const char *redact_paths(struct pool *pool, const char *s, const char *home);

#endif
