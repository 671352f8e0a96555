/* SPDX-License-Identifier: MIT */
/* tests/tools/classes.c: do raw and JSON reports agree on the class of the fault?
 *
 *   classes RAW.txt...
 *
 * For each raw report and the JSON report beside it a line: "same", "coarser" or "contradicts", the raw report's class, that of
 * the JSON report, and the raw report's path. Status 1 where one contradicts, 2 where one cannot be read.
 */
#include "report/model/json.h"
#include "report/raw/read.h"
#include "unwind/core/terms/fault_class.h"
#include "unwind/target/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct raw_report raw;

static const char *json_class(struct report *report, const char *path)
{
        char name[4096], why[256];
        size_t stem = strlen(path) > 4 ? strlen(path) - 4 : 0, len;
        char *text;

        snprintf(name, sizeof(name), "%.*s.json", (int)stem, path);
        text = files_read(name, &len);
        if (!text || json_read_report(text, len, report, why, sizeof(why))) {
                fprintf(stderr, "classes: %s cannot be read\n", name);
                exit(2);
        }
        free(text);
        return report->fault.class ? report->fault.class : "-";
}

static const char *raw_class(struct report *report, const char *path)
{
        size_t len;
        char *text = files_read(path, &len);

        if (!text || raw_read(text, len, report, &raw)) {
                fprintf(stderr, "classes: %s cannot be read\n", path);
                exit(2);
        }
        free(text);
        return raw.class ? raw.class : "-";
}

/* Words that are no class of this version count as themselves. */
static const char *relation(const char *coarse, const char *fine)
{
        enum fault_class c = fault_class_from_name(coarse), f = fault_class_from_name(fine);

        if (!strcmp(coarse, fine))
                return "same";
        if (!fault_class_is(coarse, c) || !fault_class_is(fine, f))
                return "contradicts";
        return fault_class_is_coarser(c, f) ? "coarser" : "contradicts";
}

int main(int argc, char **argv)
{
        int i, status = 0;

        for (i = 1; i < argc; i++) {
                struct report *of_raw = report_new(), *of_json = report_new();
                const char *coarse = raw_class(of_raw, argv[i]), *fine = json_class(of_json, argv[i]);
                const char *word = relation(coarse, fine);

                printf("%s %s %s %s\n", word, coarse, fine, argv[i]);
                status |= !strcmp(word, "contradicts");
                report_free(of_raw);
                report_free(of_json);
        }
        return status;
}
