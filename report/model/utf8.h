/* SPDX-License-Identifier: MIT */
/* report/model/utf8.h: makes arbitrary bytes safe for JSON and for terminals. Not async-signal-safe. */
#ifndef CRASHPRE_REPORT_UTF8_H
#define CRASHPRE_REPORT_UTF8_H

#include "report/model/pool.h"
#include "unwind/core/terms/utf8.h"

#include <stdbool.h>

/* Returns `s` with each byte that is not part of well-formed UTF-8 written as \xHH: `s` itself if there is none, else
 * from the pool. */
const char *utf8_valid(struct pool *pool, const char *s);

/* Like utf8_valid(), but also escapes control characters (C0, DEL, C1), line separators, marks that change the direction of
 * text, and characters that are not seen (zero-width ones, tags): the result cannot move the cursor, forge a line, reorder one,
 * or look like another. Returns "?" for NULL. */
const char *utf8_printable(struct pool *pool, const char *s);

#endif
