/* SPDX-License-Identifier: MIT */
/* report/model/redact.h: removes private data from a report before it is written: secret values always, and what CRASHPRE_REDACT
 * names. Not async-signal-safe. */
#ifndef CRASHPRE_REPORT_REDACT_H
#define CRASHPRE_REPORT_REDACT_H

#include "report/model/model.h"
#include "unwind/core/terms/redact.h"
#include "unwind/core/terms/secret.h"

/* What is removed; zeroed: only the values of metadata whose keys look like secrets. */
struct redaction {
        unsigned what;             /* bits of enum redact */
        struct redact_homes homes; /* the user's; /root and directories in /home are always recognized */
        const struct secrets
                *secrets; /* values that no string and no register contains afterwards; NULL: none are known */
        const struct secrets *hidden; /* values that no register contains; NULL: none */
};

void redact_report(struct report *report, const struct redaction *r);

/* Returns `s` with home directories replaced by ~ (r->what), and secret values by SECRET_WITHHELD: `s` itself if there are none,
 * else from the pool. */
const char *redact_text(struct pool *pool, const char *s, const struct redaction *r);

#endif
