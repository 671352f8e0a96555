/* SPDX-License-Identifier: MIT */
/* report/helper/stderr.h: writes text to the application's stderr. */
#ifndef CRASHPRE_REPORT_STDERR_H
#define CRASHPRE_REPORT_STDERR_H

#include <stddef.h>

/* Descriptor 2 if it is a device, as terminals are, else -1. */
int stderr_device(void);

/* Writes to descriptor 2 without making it non-blocking for other processes that share it. Stops after a second if
 * there is no reader, or a file server does not answer: the report is in its file. */
void stderr_write(const char *text, size_t len);

#endif
