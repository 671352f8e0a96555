/* SPDX-License-Identifier: MIT */
/* report/model/pool.h: memory that lives exactly as long as one report.
 *
 * A report is a few thousand small strings and arrays that die together; they are taken from one pool and are all
 * "borrowed" from it. Nothing here returns NULL: where the system has no memory left, the function set by
 * pool_on_no_memory() is called and must not return (the raw report then stands alone). Not async-signal-safe.
 */
#ifndef CRASHPRE_REPORT_POOL_H
#define CRASHPRE_REPORT_POOL_H

#include <stdarg.h>
#include <stddef.h>

struct pool_block;
struct pool {
        struct pool_block *blocks; /* begins as NULL */
};

/* Zeroed, aligned for anything. */
void *pool_alloc(struct pool *pool, size_t size);

/* Copies; NULL gives NULL. */
char *pool_strdup(struct pool *pool, const char *s);
char *pool_strndup(struct pool *pool, const char *s, size_t len);
char *pool_printf(struct pool *pool, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *pool_vprintf(struct pool *pool, const char *format, va_list ap) __attribute__((format(printf, 2, 0)));

/* `array` of `n` elements of `size` bytes with room for one more, zeroed: the same array, or a copy at each power
 * of two. */
void *pool_grow(struct pool *pool, void *array, size_t n, size_t size);

/* The address of a new last element of a typed array with its counter. */
#define POOL_APPEND(pool, array, n) ((array) = pool_grow((pool), (array), (n), sizeof(*(array))), &(array)[(n)++])

/* Frees all of it; the pool is empty and usable again. */
void pool_free(struct pool *pool);

/* What to do without memory; it must not return. The default says so on stderr and exits with 125. */
void pool_on_no_memory(void (*die)(void));

/* malloc() that dies the same way, for libraries that take an allocator. Freed by free(). */
void *pool_malloc(size_t size);

#endif
