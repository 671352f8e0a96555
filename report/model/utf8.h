/* SPDX-License-Identifier: MIT */
/* report/model/utf8.h: bytes of a dying program made fit for JSON and for terminals. */
#ifndef CRASHPRE_REPORT_UTF8_H
#define CRASHPRE_REPORT_UTF8_H

#include "report/model/pool.h"

#include <stdbool.h>

/* Length in bytes of the well-formed UTF-8 character at `s` (RFC 3629: shortest form, no surrogates, up to
 * U+10FFFF), and its code point in *code where that is not NULL; 0 if there is none. `len` bytes are readable. */
size_t utf8_character(const char *s, size_t len, unsigned *code);

/* `s` with each byte that is no part of well-formed UTF-8 as \xHH: `s` itself where nothing is wrong, else from the
 * pool. */
const char *utf8_valid(struct pool *pool, const char *s);

/* The same, and control characters (C0, DEL, C1), line separators and the marks that turn the direction of text as
 * \xHH as well: what remains cannot move the cursor, forge a line or reorder one. NULL gives "?". */
const char *utf8_printable(struct pool *pool, const char *s);

#endif
