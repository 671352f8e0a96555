/* SPDX-License-Identifier: MIT */
/* report/helper/typed.h: paths and commands as they can be typed where the program was started. Not async-signal-safe; results are from the
 * report's pool. */
#ifndef CRASHPRE_REPORT_HELPER_TYPED_H
#define CRASHPRE_REPORT_HELPER_TYPED_H

#include "report/helper/helper.h"

/* Returns `path` relative to the program's working directory if it is below it, and the program has not changed it since; else `path`. */
const char *typed_path(const struct helper *h, const char *path);

/* Returns "crashpre" if a directory of the program's $PATH has that, else the path of the command that belongs to this helper. Directories on
 * file servers, which may not answer, and those behind symbolic links are not looked into. */
const char *typed_command(const struct helper *h);

#endif
