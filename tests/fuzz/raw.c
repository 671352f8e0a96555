/* SPDX-License-Identifier: MIT */
/* Fuzz target: the raw report, read, completed and shown as report/load.c does it, but that no file is opened that it names. */
#include "tests/fuzz/fuzz.h"

#include "report/finish.h"
#include "report/model/json.h"
#include "report/text/text.h"

#include <stdlib.h>

static struct raw_report raw; /* too large for a stack */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct report *report = report_new();
        struct text_options options = { .all_threads = true };
        struct target *t;
        size_t len;

        if (!raw_read((const char *)data, size, report, &raw)) {
                raw_expand_home(&raw, &report->pool, "/home/user");
                t = raw_target(&raw);
                raw_fill_bias(&raw, t);
                target_add_crashed(t, &raw.crash, raw.thread_name);
                finish_stacks(report, t, NULL, &raw.crash, &raw);
                finish_report(report, t, &raw.crash, NULL);
                target_free(t);
                free(text_show(report, &options));
                free(json_write_report(report, &len));
        }
        report_free(report);
        return 0;
}
