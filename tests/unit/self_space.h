/* SPDX-License-Identifier: MIT */
/* tests/unit/self_space.h: this process as a struct cfi_space.
 *
 * Memory is read by process_vm_readv, so that a bad address causes an error and no crash; maps and modules are read by
 * the code under test. One static instance is sufficient. */
#ifndef CRASHPRE_TESTS_UNIT_SELF_SPACE_H
#define CRASHPRE_TESTS_UNIT_SELF_SPACE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "unwind/core/cfi/cfi.h"
#include "unwind/core/image/image.h"
#include "unwind/core/image/maps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

#define SELF_MAPS_MAX 512

struct self_module {
        struct image image;
        char path[256];
};

static struct self_space {
        struct cfi_space space;
        unsigned long reads; /* calls of read */
        size_t maps_count, module_count;
        struct maps_line maps[SELF_MAPS_MAX]; /* paths are not stored */
        struct self_module modules[SELF_MAPS_MAX];
        const uint8_t *debug_frame; /* of the program itself */
        size_t debug_frame_size;
} self;

static int self_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
        struct iovec to = { buf, len }, from = { (void *)(uintptr_t)addr, len };

        (void)ctx;
        self.reads++;
        return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == (ssize_t)len ? 0 : -EFAULT;
}

static bool self_executable(void *ctx, uint64_t addr)
{
        (void)ctx;
        for (size_t i = 0; i < self.maps_count; i++) {
                if (addr >= self.maps[i].start && addr < self.maps[i].end)
                        return self.maps[i].perms & MAPS_EXEC;
        }
        return false;
}

static int self_module(void *ctx, uint64_t pc, struct cfi_module *out)
{
        (void)ctx;
        for (size_t i = 0; i < self.module_count; i++) {
                const struct image *image = &self.modules[i].image;

                if (pc < image->base || pc >= image->end)
                        continue;
                *out = (struct cfi_module){ .start = image->base,
                                            .end = image->end,
                                            .bias = image->bias,
                                            .eh_frame_hdr = image->eh_frame_hdr,
                                            .eh_frame_hdr_size = image->eh_frame_hdr_size };
                if (i == 0) {
                        out->debug_frame = self.debug_frame;
                        out->debug_frame_size = self.debug_frame_size;
                }
                return 0;
        }
        return -ENOENT;
}

static void self_add_map(char *line)
{
        struct maps_line map;
        struct self_module *module = &self.modules[self.module_count];

        line[strcspn(line, "\n")] = '\0';
        if (self.maps_count == SELF_MAPS_MAX || maps_parse_line(line, strlen(line), &map))
                return;
        self.maps[self.maps_count++] = map;
        if (map.offset || !map.path_len || image_read(&self.space, map.start, &module->image))
                return;
        snprintf(module->path, sizeof(module->path), "%.*s", (int)map.path_len, map.path);
        self.module_count++;
}

/* Reads the maps (again). The program is modules[0]. */
static struct cfi_space *self_load(void)
{
        char line[4096];
        FILE *maps = fopen("/proc/self/maps", "r");

        self.space = (struct cfi_space){ .read = self_read, .module = self_module, .executable = self_executable };
        self.maps_count = self.module_count = 0;
        while (maps && fgets(line, sizeof(line), maps))
                self_add_map(line);
        if (maps)
                fclose(maps);
        return &self.space;
}

/* The registers of a context from getcontext() or a signal. */
__attribute__((unused)) static struct arch_registers self_registers(const ucontext_t *uc)
{
        static const struct {
                int dwarf, greg;
        } map[] = {
                { ARCH_REG_RAX, REG_RAX }, { ARCH_REG_RDX, REG_RDX }, { ARCH_REG_RCX, REG_RCX },
                { ARCH_REG_RBX, REG_RBX }, { ARCH_REG_RSI, REG_RSI }, { ARCH_REG_RDI, REG_RDI },
                { ARCH_REG_FP, REG_RBP },  { ARCH_REG_SP, REG_RSP },  { ARCH_REG_R8, REG_R8 },
                { ARCH_REG_R9, REG_R9 },   { ARCH_REG_R10, REG_R10 }, { ARCH_REG_R11, REG_R11 },
                { ARCH_REG_R12, REG_R12 }, { ARCH_REG_R13, REG_R13 }, { ARCH_REG_R14, REG_R14 },
                { ARCH_REG_R15, REG_R15 }, { ARCH_REG_PC, REG_RIP },
        };
        struct arch_registers regs = { .known = 0 };

        for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
                regs.v[map[i].dwarf] = (uint64_t)uc->uc_mcontext.gregs[map[i].greg];
                regs.known |= 1u << map[i].dwarf;
        }
        return regs;
}

#endif
