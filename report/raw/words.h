/* SPDX-License-Identifier: MIT */
/* report/raw/words.h: words and numbers of a line of the raw report, which may be cut or hostile.
 *
 * A line is a string of the caller's that is taken apart in place: what is given back points into it and lives as long
 * as it does. Pure functions, for any thread.
 */
#ifndef CRASHPRE_REPORT_RAW_WORDS_H
#define CRASHPRE_REPORT_RAW_WORDS_H

#include <stdbool.h>
#include <stdint.h>

/* Turns \xHH back into bytes, in place. A NUL could not stand in a C string: it stays escaped. Gives `s`. */
char *raw_decode(char *s);

/* CPython prints what is not ASCII as \xhh, \uhhhh or \Uhhhhhhhh, all of them code points; they become UTF-8, in place
 * (never longer). Gives `s`. */
char *raw_decode_python(char *s);

/* Cuts the next word off `*s`, which moves on behind it; NULL at the end. Words are parted by blanks. */
char *raw_next_word(char **s);

/* Splits "key: value": `line` ends behind the key then. The value, which may be empty; NULL: no such line. */
char *raw_split_key(char *line);

/* The whole of `s` (NULL: none) as a decimal number, "-1", or as a hexadecimal one, "0x1f". False where it is none or
 * does not fit; *out may have changed. */
bool raw_parse_integer(const char *s, int64_t *out);
bool raw_parse_hex(const char *s, uint64_t *out);

#endif
