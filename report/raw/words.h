/* SPDX-License-Identifier: MIT */
/* report/raw/words.h: parses words and numbers of a line of the raw report, which may be truncated or hostile.
 *
 * A line is the caller's string and is split in place: returned pointers refer to it and are valid as long as it is.
 * Pure functions, thread-safe and async-signal-safe.
 */
#ifndef CRASHPRE_REPORT_RAW_WORDS_H
#define CRASHPRE_REPORT_RAW_WORDS_H

#include <stdbool.h>
#include <stdint.h>

/* Decodes \xHH in place. An encoded NUL remains encoded, since a C string cannot contain it. Returns `s`. */
char *raw_decode(char *s);

/* Decodes CPython's \xhh, \uhhhh and \Uhhhhhhhh, which are code points of non-ASCII characters, to UTF-8 in place
 * (never longer). Returns `s`. */
char *raw_decode_python(char *s);

/* Splits off the next word of `*s` and advances it; returns NULL at the end. Words are separated by blanks. */
char *raw_next_word(char **s);

/* Splits "key: value" by ending `line` after the key. Returns the value, which may be empty; NULL if there is none. */
char *raw_split_key(char *line);

/* Parses all of `s` (NULL: an error) as a decimal number, "-1", or as a hexadecimal one, "0x1f". Returns false if it
 * is malformed or out of range; *out may have changed. */
bool raw_parse_integer(const char *s, int64_t *out);
bool raw_parse_hex(const char *s, uint64_t *out);

#endif
