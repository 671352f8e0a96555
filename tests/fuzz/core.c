/* SPDX-License-Identifier: MIT */
/* Fuzz target: an ELF image in memory, its headers, dynamic symbols and unwind tables, and a walk by them. Of the input, the
 * first HEAD bytes choose pc, registers and kind of table; the rest is the image. In place of its program headers' word on the
 * tables, the input may be a .debug_frame. */
#include "tests/fuzz/fuzz.h"

#include "unwind/core/image/dynsym.h"

#include <errno.h>
#include <string.h>

#define HEAD 16
#define BASE UINT64_C(0x10000)
#define STACK UINT64_C(0x7f0000000000)
#define READS_MAX 300000 /* as in tests/unit/core_fuzz.c: a call that asks for more does not end soon enough */

struct input {
        const uint8_t *image;
        size_t size;
        uint8_t stack[512];
        bool debug_frame;
        struct image headers;
        unsigned long reads;
};

static int read_input(void *ctx, uint64_t addr, void *buf, size_t len)
{
        struct input *in = ctx;

        if (++in->reads > READS_MAX)
                __builtin_trap();
        if (addr >= BASE && len <= in->size && addr - BASE <= in->size - len)
                memcpy(buf, in->image + (addr - BASE), len);
        else if (addr >= STACK && len <= sizeof(in->stack) && addr - STACK <= sizeof(in->stack) - len)
                memcpy(buf, in->stack + (addr - STACK), len);
        else
                return -EFAULT;
        return 0;
}

static int find_module(void *ctx, uint64_t pc, struct cfi_module *out)
{
        struct input *in = ctx;

        if (pc < BASE || pc >= BASE + in->size)
                return -ENOENT;
        *out = (struct cfi_module){ .start = BASE, .end = BASE + in->size, .bias = in->headers.bias };
        if (in->debug_frame) {
                out->debug_frame = in->image;
                out->debug_frame_size = in->size;
        } else {
                out->eh_frame_hdr = in->headers.eh_frame_hdr;
                out->eh_frame_hdr_size = in->headers.eh_frame_hdr_size;
        }
        return 0;
}

static bool executable(void *ctx, uint64_t addr)
{
        struct input *in = ctx;

        return addr >= BASE && addr < BASE + in->size;
}

/* The stack: words that point into the image and into the stack, in turns that `seed` chooses. */
static void make_registers(struct input *in, const uint8_t *head, struct arch_registers *regs)
{
        uint32_t offset, seed;

        memcpy(&offset, head, 4);
        memcpy(&seed, head + 4, 4);
        *regs = (struct arch_registers){ .known = (1u << ARCH_DWARF_REGS) - 1 };
        for (unsigned i = 0; i < sizeof(in->stack) / 8; i++) {
                uint64_t word = seed >> i % 32 & 1 ? BASE + (offset + 16 * i) % (in->size + 1) : STACK + 8 * i;

                memcpy(in->stack + 8 * i, &word, 8);
        }
        for (unsigned i = 0; i < ARCH_DWARF_REGS; i++)
                regs->v[i] = STACK + 8 * (head[8 + i % 4] % 64);
        regs->v[ARCH_REG_SP] = STACK;
        regs->v[ARCH_REG_PC] = BASE + offset % (in->size + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct input in = { .image = data + HEAD };
        struct cfi_space space = { .ctx = &in, .read = read_input, .module = find_module, .executable = executable };
        struct arch_registers regs, caller;
        struct dynsym symbol;
        struct cfi_row row;
        struct cfi_walk walk;
        uint64_t cfa;

        if (size < HEAD)
                return 0;
        in.size = size - HEAD;
        in.debug_frame = data[12] & 1;
        if (!image_read(&space, BASE, &in.headers))
                dynsym_find(&space, &in.headers, "main", &symbol);
        make_registers(&in, data, &regs);
        in.reads = 0;
        if (!cfi_find_row(&space, regs.v[ARCH_REG_PC], &row))
                cfi_apply_row(&space, &row, &regs, &caller, &cfa);
        cfi_walk_begin(&walk, &space, (struct cfi_cache){ NULL, 0 }, &regs);
        do
                in.reads = 0;
        while (walk.depth < 2000 && cfi_walk_next(&walk));
        if (walk.depth > sizeof(in.stack) / 8 + 32) /* longer than the stack */
                __builtin_trap();
        return 0;
}
