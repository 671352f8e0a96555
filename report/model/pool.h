/* SPDX-License-Identifier: MIT */
/* report/model/pool.h: memory with the lifetime of one report.
 *
 * A report consists of a few thousand small strings and arrays that are freed together; they are allocated from one
 * pool and are all "borrowed" from it. No function returns NULL: if the system is out of memory, the function set by
 * pool_on_no_memory() is called and must not return (the raw report is then the only report). Not async-signal-safe.
 */
#ifndef CRASHPRE_REPORT_POOL_H
#define CRASHPRE_REPORT_POOL_H

#include <stdarg.h>
#include <stddef.h>

struct pool_block;
struct pool {
        struct pool_block *blocks; /* initially NULL */
};

/* Returns zeroed memory, aligned for any type. */
void *pool_alloc(struct pool *pool, size_t size);

/* Return copies; NULL for NULL. */
char *pool_strdup(struct pool *pool, const char *s);
char *pool_strndup(struct pool *pool, const char *s, size_t len);
char *pool_printf(struct pool *pool, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *pool_vprintf(struct pool *pool, const char *format, va_list ap) __attribute__((format(printf, 2, 0)));

/* Returns `array` of `n` elements of `size` bytes with room for one more, zeroed: the same array, or a copy if n is a
 * power of two. */
void *pool_grow(struct pool *pool, void *array, size_t n, size_t size);

/* Address of a new last element of a typed array with its counter. */
#define POOL_APPEND(pool, array, n) ((array) = pool_grow((pool), (array), (n), sizeof(*(array))), &(array)[(n)++])

/* Frees all memory of the pool, which is then empty and usable again. */
void pool_free(struct pool *pool);

/* Sets the function called when out of memory; it must not return. The default prints a message on stderr and exits
 * with 125. */
void pool_on_no_memory(void (*die)(void));

/* Like malloc(), but calls that function instead of returning NULL, for libraries that accept an allocator. Freed by
 * free(). */
void *pool_malloc(size_t size);

#endif
