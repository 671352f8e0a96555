/* SPDX-License-Identifier: MIT */
/* tests/unit/buffer_space.h: a few buffers as a struct cfi_space: constructed images, stacks and tables at arbitrary
 * addresses. */
#ifndef CRASHPRE_TESTS_UNIT_BUFFER_SPACE_H
#define CRASHPRE_TESTS_UNIT_BUFFER_SPACE_H

#include "unwind/core/cfi/cfi.h"

#include <errno.h>
#include <string.h>

#define BUFFERS_MAX 8

struct buffer {
        uint64_t at;
        size_t size;
        const void *bytes;
        bool executable;
};

static struct buffer_space {
        struct cfi_space space;
        struct buffer v[BUFFERS_MAX];
        size_t count;
        bool has_module;
        struct cfi_module module;
        unsigned long reads, crossings; /* calls of read, and those across a page boundary */
} buffers;

static int buffers_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
        (void)ctx;
        buffers.reads++;
        buffers.crossings += addr / 4096 != (addr + len - 1) / 4096;
        for (size_t i = 0; i < buffers.count; i++) {
                const struct buffer *b = &buffers.v[i];

                if (addr < b->at || addr - b->at > b->size || len > b->size - (addr - b->at))
                        continue;
                memcpy(buf, (const char *)b->bytes + (addr - b->at), len);
                return 0;
        }
        return -EFAULT;
}

static int buffers_module(void *ctx, uint64_t pc, struct cfi_module *out)
{
        (void)ctx;
        if (!buffers.has_module || pc < buffers.module.start || pc >= buffers.module.end)
                return -ENOENT;
        *out = buffers.module;
        return 0;
}

static bool buffers_executable(void *ctx, uint64_t addr)
{
        (void)ctx;
        for (size_t i = 0; i < buffers.count; i++) {
                if (addr >= buffers.v[i].at && addr - buffers.v[i].at < buffers.v[i].size)
                        return buffers.v[i].executable;
        }
        return false;
}

/* Removes all buffers: nothing is readable. */
static struct cfi_space *buffers_clear(void)
{
        memset(&buffers, 0, sizeof(buffers));
        buffers.space =
                (struct cfi_space){ .read = buffers_read, .module = buffers_module, .executable = buffers_executable };
        return &buffers.space;
}

/* `bytes` is borrowed. */
static void buffers_add(uint64_t at, const void *bytes, size_t size, bool executable)
{
        buffers.v[buffers.count++] = (struct buffer){ at, size, bytes, executable };
}

#endif
