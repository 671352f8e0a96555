/* SPDX-License-Identifier: MIT */
/* report/model/json.h: the JSON report (schema crashpre-report/1), written and read. */
#ifndef CRASHPRE_REPORT_JSON_H
#define CRASHPRE_REPORT_JSON_H

#include "report/model/model.h"

/* New (free()): the document, indented, with a final newline; *len bytes. Strings that are not UTF-8 have their bad
 * bytes as \xHH. */
char *json_write_report(struct report *report, size_t *len);

/* Reads a document into an empty report. Members that are unknown or of another type are passed over, since
 * enumerations and fields may grow. 0, or -EBADMSG and a sentence in `why`: no JSON, or no crashpre report. */
int json_read_report(const char *text, size_t len, struct report *out, char *why, size_t why_size);

#endif
