/* SPDX-License-Identifier: MIT */
/* report/model/json.h: writes and reads the JSON report (schema crashpre-report/1). Not async-signal-safe. */
#ifndef CRASHPRE_REPORT_JSON_H
#define CRASHPRE_REPORT_JSON_H

#include "report/model/model.h"

/* Returns the document, indented, with a final newline, of *len bytes; new (free()). In strings that are not UTF-8
 * the invalid bytes are written as \xHH. */
char *json_write_report(struct report *report, size_t *len);

/* Reads a document into an empty report. Members that are unknown or of another type are ignored, since enumerations
 * and fields may be added. Returns 0, or -EBADMSG and a message in `why`: not JSON, or not a crashpre report. */
int json_read_report(const char *text, size_t len, struct report *out, char *why, size_t why_size);

#endif
