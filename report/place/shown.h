/* SPDX-License-Identifier: MIT */
/* report/place/shown.h: paths as people can type them. Not async-signal-safe; results are from the pool. */
#ifndef CRASHPRE_REPORT_SHOWN_H
#define CRASHPRE_REPORT_SHOWN_H

#include "report/model/pool.h"

/* Returns `path` relative to the directory `cwd` if it is below it, else unchanged. NULL, or not absolute: unchanged. */
const char *shown_path(struct pool *pool, const char *path, const char *cwd);

#endif
