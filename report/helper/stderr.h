/* SPDX-License-Identifier: MIT */
/* report/helper/stderr.h: text to a stderr that belongs to somebody else. */
#ifndef CRASHPRE_REPORT_STDERR_H
#define CRASHPRE_REPORT_STDERR_H

#include <stddef.h>

/* Writes to descriptor 2 without making it non-blocking for those who share it. Gives up after a second where nobody
 * reads: the report is in its file. */
void stderr_write(const char *text, size_t len);

#endif
