/* SPDX-License-Identifier: MIT */
/* unwind/core/terms/utf8.h: reads UTF-8. Async-signal-safe, calls nothing of libc. */
#ifndef CRASHPRE_UNWIND_CORE_UTF8_H
#define CRASHPRE_UNWIND_CORE_UTF8_H

#include <stddef.h>

/* Returns the length in bytes of the well-formed UTF-8 character at `s` (RFC 3629: shortest form, no surrogates, up
 * to U+10FFFF), and its code point in *code unless that is NULL; 0 if there is none. `len` bytes are readable. */
size_t utf8_character(const char *s, size_t len, unsigned *code);

#endif
