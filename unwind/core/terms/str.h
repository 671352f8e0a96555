/* SPDX-License-Identifier: MIT */
/* unwind/core/terms/str.h: the string helpers of all layers.
 *
 * No memory of their own, no libc: async-signal-safe. Every string is readable up to its NUL: one of the dying program's is
 * copied by a probe first.
 */
#ifndef CRASHPRE_UNWIND_CORE_STR_H
#define CRASHPRE_UNWIND_CORE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the kernel appends to the path of a file without a name, in maps and /proc/PID/exe (proc(5)). */
#define STR_DELETED " (deleted)"

/* Bytes before the NUL. */
size_t str_len(const char *s);

bool str_is(const char *a, const char *b);

/* Does `s` begin with `with`? */
bool str_begins(const char *s, const char *with);

/* Are the first `len` bytes of `item` all of `word`? */
bool str_item_is(const char *item, size_t len, const char *word);

/* The next item of a comma list: *item and *len, not NUL-terminated; *rest moves behind it. Empty items are skipped, so a doubled
 * or trailing comma is harmless. false: no further item. */
bool str_list_next(const char **rest, const char **item, size_t *len);

/* The bytes of `path` (of `len`) before STR_DELETED at its end; `len` where it does not end so. */
size_t str_without_deleted(const char *path, size_t len);

/* The part of a path behind its last slash; the path itself where that is empty. Borrowed; NULL returns NULL. */
const char *str_base(const char *path);

/* Append to `buf` of `size` bytes at *at, which moves; always NUL-terminated, cut where full. str_cat_dec() writes at least
 * `width` digits. */
void str_cat(char *buf, size_t size, size_t *at, const char *s);
void str_cat_item(char *buf, size_t size, size_t *at, const char *s, size_t len);
void str_cat_dec(char *buf, size_t size, size_t *at, uint64_t value, unsigned width);

#endif
