/* SPDX-License-Identifier: MIT */
#include "report/model/model.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct report *report_new(void)
{
        struct report *report = pool_malloc(sizeof(*report));

        memset(report, 0, sizeof(*report));
        report->schema = REPORT_SCHEMA;
        return report;
}

void report_free(struct report *report)
{
        if (!report)
                return;
        pool_free(&report->pool);
        free(report);
}

/* Either string may be missing in a report that was read from a file. */
static bool same(const char *a, const char *b)
{
        return a && b && !strcmp(a, b);
}

void report_diagnose(struct report *report, const char *stage, const char *format, ...)
{
        struct report_diagnostic *d;
        const char *message;
        va_list ap;
        size_t i;

        va_start(ap, format);
        message = pool_vprintf(&report->pool, format, ap);
        va_end(ap);
        for (i = 0; i < report->diagnostic_count; i++) {
                d = &report->diagnostics[i];
                if (same(d->stage, stage) && same(d->message, message))
                        return;
        }
        d = POOL_APPEND(&report->pool, report->diagnostics, report->diagnostic_count);
        d->stage = pool_strdup(&report->pool, stage);
        d->message = message;
}

const char *report_format_time(struct report *report, int64_t sec, int64_t nsec)
{
        time_t t = (time_t)sec;
        char day[64];
        struct tm tm;

        if (!gmtime_r(&t, &tm) || !strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm))
                return NULL;
        return pool_printf(&report->pool, "%s.%06uZ", day, (unsigned)(nsec / 1000 % 1000000));
}
