/* SPDX-License-Identifier: MIT */
/* report/place/places.h: directories that are searched for reports. */
#ifndef CRASHPRE_REPORT_PLACES_H
#define CRASHPRE_REPORT_PLACES_H

#include <stddef.h>

/* Returns the n-th default directory (borrowed), or NULL after the last: only $CRASHPRE_DIR if it is set, else
 * ./crash-reports and the working directory. */
const char *places_default(size_t n);

#endif
