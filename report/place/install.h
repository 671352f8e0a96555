/* SPDX-License-Identifier: MIT */
/* report/place/install.h: finds the other parts of crashpre relative to the command. */
#ifndef CRASHPRE_REPORT_INSTALL_H
#define CRASHPRE_REPORT_INSTALL_H

#include "report/model/pool.h"

#define INSTALL_LIBRARY "lib/libcrashpre.so"
#define INSTALL_COMMAND_OF_HELPER "../bin/crashpre"
#define INSTALL_HELPER "libexec/crashpre/crashpre-helper"

/* Returns the resolved path, from the pool, of a file given relative to the prefix; the build tree has the layout of an
 * installed prefix, so the same rule applies to both. If the file is not readable, returns NULL and sets errno and
 * *tried, the path that was tried. */
const char *install_find(struct pool *pool, const char *place, const char **tried);

#endif
