/* SPDX-License-Identifier: MIT */
/* Fuzz target: a JSON report, read and shown in every way; what is written of it can be read again. */
#include "tests/fuzz/fuzz.h"

#include "report/model/json.h"
#include "report/text/text.h"
#include "report/words/signature.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct report *report = report_new(), *again = report_new();
        struct text_options options = { .all_threads = true, .colour = true, .path = "/tmp/report.json" };
        char why[256], *text;
        size_t len;

        if (!json_read_report((const char *)data, size, report, why, sizeof(why))) {
                signature_fill(report);
                free(text_brief(report, &options));
                free(text_full(report, &options));
                free(text_show(report, &options));
                text = json_write_report(report, &len);
                if (text && json_read_report(text, len, again, why, sizeof(why)))
                        abort();
                free(text);
        }
        report_free(again);
        report_free(report);
        return 0;
}
