/* SPDX-License-Identifier: MIT */
/* report/place/install.h: where the other parts of crashpre are, seen from the command. */
#ifndef CRASHPRE_REPORT_INSTALL_H
#define CRASHPRE_REPORT_INSTALL_H

#include "report/model/pool.h"

#define INSTALL_LIBRARY "lib/libcrashpre.so"
#define INSTALL_HELPER "libexec/crashpre/crashpre-helper"

/* The resolved path of a file by its place below the prefix: the build tree has the shape of an installed one, so one
 * rule does for both. Where it is not readable: NULL, errno, and the place that was tried in *tried. From the pool. */
const char *install_find(struct pool *pool, const char *place, const char **tried);

#endif
