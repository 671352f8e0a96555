/* SPDX-License-Identifier: MIT */
/* report/place/places.h: where reports are looked for. */
#ifndef CRASHPRE_REPORT_PLACES_H
#define CRASHPRE_REPORT_PLACES_H

#include <stddef.h>

/* The directories that are searched if none is named: $CRASHPRE_DIR alone, else ./crash-reports and then the working
 * directory. The n-th (borrowed), or NULL after the last. */
const char *places_default(size_t n);

#endif
