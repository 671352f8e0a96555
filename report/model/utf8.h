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

/* Like utf8_printable(), but leaves bytes that are not UTF-8 as they are: for a file name that a program opens. */
const char *utf8_file_name(struct pool *pool, const char *s);

/* The last step of all text that is printed: returns a copy (memory of pool_malloc()) with the characters escaped that
 * utf8_printable() escapes, but newlines; with `colour` also but the sequences that select a colour ("\033[1;31m"). */
char *utf8_terminal(const char *text, bool colour);

/* The same for JSON text, which stays the same JSON: these characters, which occur in strings only, become \uXXXX. Takes `text`
 * (memory of malloc()), and returns it or another one. */
char *utf8_json(char *text);

#endif
