/* SPDX-License-Identifier: MIT */
/* report/load.h: reads a report from its file. */
#ifndef CRASHPRE_REPORT_LOAD_H
#define CRASHPRE_REPORT_LOAD_H

#include "report/model/model.h"

#include <stddef.h>

/* Reads a report from directory `dir_fd` into an empty one: a `file` that ends in .txt is a raw report, any other one a
 * JSON report. Returns 0, or -errno with an error message in `why`. */
int load_report(struct report *report, int dir_fd, const char *file, char *why, size_t why_size);

#endif
