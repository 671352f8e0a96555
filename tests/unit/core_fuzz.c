/* SPDX-License-Identifier: MIT */
/* Hostile tables: the real headers and unwind tables of libc and of this program, with modified bytes and truncated
 * ends. Any result is correct; the tests check that each call returns in bounded time and reads only readable memory.
 * The seed is printed; CORE_FUZZ_SEED and CORE_FUZZ_ROUNDS set it and the number of rounds. Most useful with
 * sanitizers. */
#include "tests/unit/self_space.h"
#include "tests/unit/tap.h"
#include "unwind/core/cfi/internal.h"

#include <stdlib.h>
#include <time.h>

#define ROUNDS 3000
#define LOOKUPS 8        /* per round, and two walks and one image */
#define READS_MAX 300000 /* in one call; a scan of all of libc takes 8000 */

static uint64_t seed;

static uint64_t draw(uint64_t below)
{
        seed ^= seed << 13; /* xorshift64, Marsaglia */
        seed ^= seed >> 7;
        seed ^= seed << 17;
        return (seed >> 11) % below;
}

/* A copy of a module's memory, from its ELF header to the end of the contiguous readable memory. */
static struct {
        uint64_t at;
        size_t size; /* size of the copy */
        size_t cut;  /* readable size */
        uint8_t *good, *bad;
        struct image image;
} copy;

/* Stack, for walks. */
#define STACK 0x10000u
static uint64_t stack[512];

static unsigned long reads, most_reads;
static bool runaway;

static int fuzz_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
        (void)ctx;
        if (++reads > READS_MAX)
                runaway = true;
        if (runaway)
                return -EFAULT;
        if (addr >= copy.at && len <= copy.cut && addr - copy.at <= copy.cut - len) {
                memcpy(buf, copy.bad + (addr - copy.at), len);
                return 0;
        }
        if (addr >= STACK && len <= sizeof(stack) && addr - STACK <= sizeof(stack) - len) {
                memcpy(buf, (char *)stack + (addr - STACK), len);
                return 0;
        }
        return -EFAULT;
}

static int fuzz_module(void *ctx, uint64_t pc, struct cfi_module *out)
{
        (void)ctx;
        if (pc < copy.at || pc >= copy.at + copy.size)
                return -ENOENT;
        *out = (struct cfi_module){ .start = copy.at,
                                    .end = copy.at + copy.size,
                                    .bias = copy.image.bias,
                                    .eh_frame_hdr = copy.image.eh_frame_hdr,
                                    .eh_frame_hdr_size = copy.image.eh_frame_hdr_size };
        return 0;
}

/* The tables of the copy as a .debug_frame, which is read without `read`: in a block of their exact size. */
static uint8_t *debug_frame;
static size_t debug_frame_size;

static int debug_module(void *ctx, uint64_t pc, struct cfi_module *out)
{
        (void)ctx;
        (void)pc;
        *out = (struct cfi_module){ .debug_frame = debug_frame, .debug_frame_size = debug_frame_size };
        return 0;
}

static bool fuzz_executable(void *ctx, uint64_t addr)
{
        (void)ctx;
        return addr >= copy.at && addr < copy.at + copy.size;
}

static const struct cfi_space space = { .read = fuzz_read, .module = fuzz_module, .executable = fuzz_executable };
static const struct cfi_space debug_space = { .read = fuzz_read,
                                              .module = debug_module,
                                              .executable = fuzz_executable };

static void take_copy(const struct self_module *module)
{
        uint64_t end = module->image.base;

        while (end < module->image.end && !self_read(NULL, end, (char[1]){ 0 }, 1))
                end += 4096;
        copy.at = module->image.base;
        copy.image = module->image;
        copy.size = end - copy.at;
        copy.good = malloc(copy.size);
        copy.bad = malloc(copy.size);
        for (uint64_t at = 0; at < copy.size; at += 4096)
                self_read(NULL, copy.at + at, copy.good + at, 4096);
        memcpy(copy.bad, copy.good, copy.size);
}

/* A pc for which the original tables have a row, and the location of its entries. */
static struct {
        uint64_t pc;
        struct cfi_fde fde;
} target;

static void choose_target(void)
{
        struct cfi_cursor c;

        copy.cut = copy.size;
        for (int i = 0; i < 100; i++) {
                target.pc = copy.at + draw(copy.size);
                reads = 0;
                if (!cfi_find_fde(&c, &space, target.pc, &target.fde))
                        return;
        }
}

/* Returns a location where changes have most effect: the ELF header, .eh_frame_hdr, the target's CIE and FDE. */
static uint64_t choose_location(void)
{
        uint64_t hdr = copy.image.eh_frame_hdr - copy.at, size = copy.image.eh_frame_hdr_size;

        switch (draw(16)) {
        case 0:
                return draw(1024);
        case 1:
                return hdr + draw(16);
        case 2:
        case 3:
                return hdr + draw(size);
        case 4:
        case 5:
        case 6:
        case 7:
                return target.fde.cie.at - copy.at + draw(24);
        case 8:
        case 9:
        case 10:
                return target.fde.program - copy.at - draw(24);
        default:
                return target.fde.program - copy.at + draw(target.fde.program_end - target.fde.program + 1);
        }
}

static void corrupt(void)
{
        static const uint8_t nasty[] = { 0x00, 0x01, 0x7f, 0x80, 0xff, 0xfe, 0x0f, 0x50, 0x90 };
        uint64_t changes = draw(6);

        for (uint64_t i = 0; i < changes; i++) {
                uint64_t at = choose_location(), len = 1 + draw(draw(8) ? 2 : 12);

                for (uint64_t j = at; j < at + len && j < copy.size; j++)
                        copy.bad[j] = draw(2) ? nasty[draw(sizeof(nasty))] : (uint8_t)draw(256);
        }
        if (!draw(8)) /* often just inside the data that is read */
                copy.cut = draw(2) ? draw(copy.size) : target.fde.program - copy.at - 30 + draw(60);
}

static void finish_call(void)
{
        if (reads > most_reads)
                most_reads = reads;
        reads = 0;
}

static int answers[2]; /* rows not found and found */

static void find_row(const struct cfi_space *s, uint64_t pc, struct arch_registers *regs)
{
        struct cfi_row row;
        struct arch_registers out;
        uint64_t cfa;
        int err = cfi_find_row(s, pc, &row);

        finish_call();
        answers[!err]++;
        if (!err)
                cfi_apply_row(s, &row, regs, &out, &cfa);
        finish_call();
}

static void make_registers(struct arch_registers *regs, uint64_t pc)
{
        for (size_t i = 0; i < sizeof(stack) / sizeof(stack[0]); i++) {
                switch (draw(3)) {
                case 0:
                        stack[i] = copy.at + draw(copy.size);
                        break;
                case 1:
                        stack[i] = STACK + draw(sizeof(stack));
                        break;
                default:
                        stack[i] = draw(UINT64_MAX);
                }
        }
        *regs = (struct arch_registers){ .known = (uint32_t)draw(1u << ARCH_DWARF_REGS) };
        regs->known |= 1u << ARCH_REG_PC | 1u << ARCH_REG_SP;
        for (unsigned i = 0; i < ARCH_DWARF_REGS; i++)
                regs->v[i] = draw(2) ? STACK + draw(sizeof(stack)) : draw(UINT64_MAX);
        regs->v[ARCH_REG_SP] = STACK + 8 * draw(200);
        regs->v[ARCH_REG_PC] = pc;
}

static void walk(const struct arch_registers *regs, uint32_t *deepest)
{
        static struct cfi_row rows[16];
        struct cfi_walk w;

        cfi_walk_begin(&w, &space, (struct cfi_cache){ draw(2) ? rows : NULL, 16 }, regs);
        do
                finish_call();
        while (w.depth < 2000 && cfi_walk_next(&w));
        finish_call();
        if (w.depth > *deepest)
                *deepest = w.depth;
}

/* Programs and expressions in .debug_frame: the tables of the copy would not parse as such, so random ones are built,
 * mostly from existing instructions. */
static void corrupt_debug_frame(uint64_t pc)
{
        static const uint8_t cie[] = {
                16, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 1, 0x78, 16, 0x0c, 7, 8, 0x90, 1, 0, 0
        };
        uint64_t len = draw(200);
        uint32_t head[2] = { (uint32_t)(20 + len), 0 };
        uint64_t range[2] = { pc - draw(64), 256 };

        free(debug_frame);
        debug_frame_size = 44 + len;
        debug_frame = malloc(debug_frame_size);
        memcpy(debug_frame, cie, 20);
        memcpy(debug_frame + 20, head, 8);
        memcpy(debug_frame + 28, range, 16);
        for (uint64_t i = 44; i < debug_frame_size; i++) {
                switch (draw(4)) {
                case 0:
                        debug_frame[i] = (uint8_t)draw(0x18);
                        break;
                case 1: /* advances, operands and expression operations */
                        debug_frame[i] = (uint8_t)(0x10 + draw(0x87));
                        break;
                case 2:
                        debug_frame[i] = (uint8_t)draw(8);
                        break;
                default:
                        debug_frame[i] = (uint8_t)draw(256);
                }
        }
        if (!draw(8))
                debug_frame[draw(44)] = (uint8_t)draw(256);
        if (!draw(8)) {
                debug_frame_size = draw(debug_frame_size);
                debug_frame = realloc(debug_frame, debug_frame_size + !debug_frame_size);
        }
}

/* Expressions on their own; those in programs mostly end early. */
static int expressions[2];

static void evaluate(const struct arch_registers *regs)
{
        uint64_t len = 1 + draw(40), cfa;
        uint8_t *bytes = malloc(len);
        struct cfi_row row = { .cfa = { .kind = CFI_RULE_CFA_EXPR, .local = true, .expr_len = (uint32_t)len } };
        struct arch_registers out;

        row.cfa.expr = (uintptr_t)bytes;
        for (uint64_t i = 0; i < len; i++)
                bytes[i] = (uint8_t)(draw(3) ? (draw(2) ? 0x30 + draw(0x60) : 0x10 + draw(0x20)) : draw(256));
        expressions[!cfi_apply_row(&space, &row, regs, &out, &cfa)]++;
        finish_call();
        free(bytes);
}

static void fuzz(const struct self_module *module, long rounds)
{
        struct timespec begin, end;
        uint32_t deepest = 0;
        struct image image;
        int images = 0;

        take_copy(module);
        memset(answers, 0, sizeof(answers));
        memset(expressions, 0, sizeof(expressions));
        most_reads = 0;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        for (long i = 0; i < rounds; i++) {
                struct arch_registers regs;
                uint64_t pc;

                if (!draw(3))
                        memcpy(copy.bad, copy.good, copy.size);
                choose_target();
                pc = target.pc;
                corrupt();
                images += !image_read(&space, copy.at, &image);
                finish_call();
                for (int j = 0; j < LOOKUPS; j++) {
                        make_registers(&regs, draw(4) ? pc + draw(64) : pc + draw(4096));
                        find_row(&space, regs.v[ARCH_REG_PC], &regs);
                        corrupt_debug_frame(pc);
                        find_row(&debug_space, pc, &regs);
                        evaluate(&regs);
                }
                walk(&regs, &deepest);
                make_registers(&regs, pc);
                walk(&regs, &deepest);
        }
        clock_gettime(CLOCK_MONOTONIC, &end);
        printf("# %s: %ld rounds, %.2f s; rows found %d, not %d; images read %d; expressions good %d, bad %d; "
               "deepest walk %u, "
               "most reads in a step %lu\n",
               module->path, rounds, (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9,
               answers[1], answers[0], images, expressions[1], expressions[0], deepest, most_reads);
        tap_ok(answers[1] > rounds / 4 && answers[0] > rounds / 4 && expressions[1] > rounds / 20,
               "modified tables yield both rows and errors");
        tap_ok(!runaway, "no step makes more than %d reads", READS_MAX);
        tap_ok(deepest <= sizeof(stack) / 8 + 32, "no walk over modified tables is longer than the stack");
        free(copy.good);
        free(copy.bad);
}

int main(void)
{
        const char *given = getenv("CORE_FUZZ_SEED"), *rounds = getenv("CORE_FUZZ_ROUNDS");
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        seed = given ? strtoull(given, NULL, 0) : (uint64_t)now.tv_nsec * 1000003 + (uint64_t)now.tv_sec;
        seed += !seed;
        printf("# CORE_FUZZ_SEED=%#lx\n", (unsigned long)seed);
        self_load();
        for (size_t i = 0; i < self.module_count; i++) {
                if (i == 0 || strstr(self.modules[i].path, "libc.so"))
                        fuzz(&self.modules[i], rounds ? atol(rounds) : ROUNDS);
        }
        return tap_done();
}
