/* SPDX-License-Identifier: MIT */
/* unwind/core/terms/str.h: string functions for all layers.
 *
 * They allocate nothing and call nothing of libc: async-signal-safe. Every string must be readable up to its NUL:
 * copy a string of the crashed program with a probe first.
 */
#ifndef CRASHPRE_UNWIND_CORE_STR_H
#define CRASHPRE_UNWIND_CORE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Suffix that the kernel appends to the path of a removed file, in maps and /proc/PID/exe (proc(5)). */
#define STR_DELETED " (deleted)"

/* Returns the number of bytes before the NUL. */
size_t str_len(const char *s);

/* True if the strings are equal. */
bool str_is(const char *a, const char *b);

/* True if `s` begins with `with`. */
bool str_begins(const char *s, const char *with);

/* True if `word` consists of the `len` bytes of `item`. */
bool str_item_is(const char *item, size_t len, const char *word);

/* Finds the next item of a comma-separated list: *item and *len, not NUL-terminated; *rest is advanced past it. Empty
 * items are skipped, so a doubled or trailing comma has no effect. Returns false if there is no further item. */
bool str_list_next(const char **rest, const char **item, size_t *len);

/* Returns the length of `path` (of `len` bytes) without a trailing STR_DELETED; `len` if there is none. */
size_t str_without_deleted(const char *path, size_t len);

/* Returns the part of a path after its last slash; the path itself if that part is empty. Borrowed; NULL for NULL. */
const char *str_base(const char *path);

/* Append to `buf` of `size` bytes at *at, which is advanced; the result is always NUL-terminated, and truncated if
 * `buf` is full. str_cat_dec() writes at least `width` digits. */
void str_cat(char *buf, size_t size, size_t *at, const char *s);
void str_cat_item(char *buf, size_t size, size_t *at, const char *s, size_t len);
void str_cat_dec(char *buf, size_t size, size_t *at, uint64_t value, unsigned width);

#endif
