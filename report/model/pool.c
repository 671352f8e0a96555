/* SPDX-License-Identifier: MIT */
#include "report/model/pool.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_SIZE ((size_t)64 * 1024)

struct pool_block {
        struct pool_block *next;
        size_t used, size;
        max_align_t data[];
};

static void exit_by_default(void)
{
        static const char message[] = "crashpre: out of memory\n";

        if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
                _exit(125);
        _exit(125);
}

static void (*no_memory)(void) = exit_by_default;

void pool_on_no_memory(void (*die)(void))
{
        no_memory = die;
}

static void *checked(void *p)
{
        if (!p) {
                no_memory();
                abort();
        }
        return p;
}

void *pool_malloc(size_t size)
{
        return checked(malloc(size ? size : 1));
}

void *pool_alloc(struct pool *pool, size_t size)
{
        const size_t align = sizeof(max_align_t);
        struct pool_block *block = pool->blocks;
        void *p;

        if (size > SIZE_MAX / 2)
                checked(NULL);
        size = (size + align - 1) / align * align;
        if (!block || block->size - block->used < size) {
                size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;

                block = checked(calloc(1, sizeof(*block) + room));
                block->size = room;
                block->next = pool->blocks;
                pool->blocks = block;
        }
        p = (char *)block->data + block->used;
        block->used += size;
        return p;
}

char *pool_strndup(struct pool *pool, const char *s, size_t len)
{
        char *copy = pool_alloc(pool, len + 1);

        memcpy(copy, s, len);
        return copy;
}

char *pool_strdup(struct pool *pool, const char *s)
{
        return s ? pool_strndup(pool, s, strlen(s)) : NULL;
}

char *pool_vprintf(struct pool *pool, const char *format, va_list ap)
{
        va_list again;
        char *s;
        int len;

        va_copy(again, ap);
        len = vsnprintf(NULL, 0, format, again);
        va_end(again);
        if (len < 0)
                checked(NULL);
        s = pool_alloc(pool, (size_t)len + 1);
        vsnprintf(s, (size_t)len + 1, format, ap);
        return s;
}

char *pool_printf(struct pool *pool, const char *format, ...)
{
        va_list ap;
        char *s;

        va_start(ap, format);
        s = pool_vprintf(pool, format, ap);
        va_end(ap);
        return s;
}

void *pool_grow(struct pool *pool, void *array, size_t n, size_t size)
{
        void *bigger;

        if (n & (n - 1)) /* not a power of two: the last growth left room */
                return array;
        if (n > SIZE_MAX / 4 / size)
                checked(NULL);
        bigger = pool_alloc(pool, (n ? 2 * n : 1) * size);
        if (n)
                memcpy(bigger, array, n * size);
        return bigger;
}

void pool_free(struct pool *pool)
{
        while (pool->blocks) {
                struct pool_block *next = pool->blocks->next;

                free(pool->blocks);
                pool->blocks = next;
        }
}
