/* SPDX-License-Identifier: MIT */
#include "preload/base/stackwalk.h"
#include "preload/base/modmap.h"

/* Enough for cache hits in recursion and mutual recursion; few, since each page first touched in a crash costs a page
 * fault. */
#define ROW_SLOTS 32u

static struct cfi_row rows[ROW_SLOTS];
static struct cfi_walk walk;
static bool used;

static void put_frame(struct wire_frame *f)
{
        *f = (struct wire_frame){
                .pc = walk.regs.v[ARCH_REG_PC],
                .sp = walk.regs.known & 1u << ARCH_REG_SP ? walk.regs.v[ARCH_REG_SP] : 0,
                .trust = (uint8_t)walk.trust,
                .exact_pc = walk.exact_pc,
                .signal_frame = cfi_walk_is_signal_frame(&walk),
        };
}

uint32_t stackwalk(const struct arch_registers *regs, struct wire_frame *frame, uint32_t max, enum cfi_end *end)
{
        struct cfi_cache cache = { rows, ROW_SLOTS };
        uint32_t n = 0;

        if (used)
                __builtin_memset(rows, 0, sizeof(rows)); /* modules may have been loaded or unloaded since */
        used = true;
        cfi_walk_begin(&walk, &modmap_space, cache, regs);
        for (;;) {
                put_frame(&frame[n++]);
                if (n == max) {
                        *end = CFI_END_MAX_FRAMES;
                        return n;
                }
                if (!cfi_walk_next(&walk)) {
                        *end = walk.end;
                        return n;
                }
        }
}
