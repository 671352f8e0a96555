/* SPDX-License-Identifier: MIT */
#include "unwind/core/cfi/arch_unwind.h"
#include "unwind/core/cfi/internal.h"

#include <errno.h>

#define SCAN_FIRST 1024 /* bytes of stack scanned from the innermost frame, whose function may have large locals */
#define SCAN_LATER 320

#define FUNCTION_MAX 65536 /* bytes: a function without CFI that is longer is treated as unknown */

/* A frame pointer farther up than this belongs to another stack: a coroutine starts with its creator's frame pointer.
 */
#define FRAME_MAX (8ull << 20)

/* Two signal frames that refer to each other would cause an endless loop. A real stack switches to the alternate one
 * and back. */
#define SWITCH_MAX 16

/* The caller's state as computed by one of the rules. */
struct move {
        struct arch_registers regs;
        uint64_t cfa;
        enum cfi_trust trust;
        bool signal; /* the frame being left is a signal trampoline */
};

void cfi_walk_begin(struct cfi_walk *walk, const struct cfi_space *space, struct cfi_cache cache,
                    const struct arch_registers *regs)
{
        *walk = (struct cfi_walk){ .space = space,
                                   .cache = cache,
                                   .regs = *regs,
                                   .trust = CFI_TRUST_CONTEXT,
                                   .end = CFI_END_NONE,
                                   .exact_pc = true };
}

static bool is_known(const struct arch_registers *regs, unsigned reg)
{
        return regs->known >> reg & 1;
}

static void set_register(struct arch_registers *regs, unsigned reg, uint64_t value)
{
        regs->v[reg] = value;
        regs->known |= 1u << reg;
        regs->inherited &= ~(1u << reg);
}

static bool executable(const struct cfi_walk *walk, uint64_t addr)
{
        return walk->space->executable(walk->space->ctx, addr);
}

static int read_word(const struct cfi_walk *walk, uint64_t addr, uint64_t *out)
{
        return walk->space->read(walk->space->ctx, addr, out, sizeof(*out));
}

/* After a call pc may be past the last byte of the caller, so the byte before pc is used for look-ups. */
static uint64_t lookup_pc(const struct cfi_walk *walk)
{
        return walk->regs.v[ARCH_REG_PC] - !walk->exact_pc;
}

static struct cfi_row *cache_slot(const struct cfi_cache *cache, uint64_t pc)
{
        /* Fibonacci hashing spreads both neighbouring pcs and equal offsets in many pages. */
        uint64_t hash = pc * 0x9e3779b97f4a7c15u >> 32;

        return &cache->rows[hash & (cache->slots - 1)];
}

/* Finds the row of the current frame, in the cache or in *own. A valid row always has a CFA rule; a slot without one
 * is empty. */
static int find_row(const struct cfi_walk *walk, struct cfi_row *own, const struct cfi_row **out)
{
        uint64_t pc = lookup_pc(walk);
        struct cfi_row *row = own;
        int err;

        if (walk->cache.rows && walk->cache.slots)
                row = cache_slot(&walk->cache, pc);
        *out = row;
        if (row != own && row->pc == pc && row->cfa.kind != CFI_RULE_SAME)
                return 0;
        err = cfi_find_row(walk->space, pc, row);
        if (err)
                row->cfa.kind = CFI_RULE_SAME; /* may be partially filled */
        return err;
}

/* True for a trampoline without CFI; tested only if no row covers this exact pc. */
static bool is_bare_trampoline(const struct cfi_walk *walk, const struct cfi_row *row)
{
        uint64_t pc = walk->regs.v[ARCH_REG_PC];

        if (row && (walk->exact_pc || !row->ends_here))
                return false;
        return executable(walk, pc) && arch_is_sigreturn(walk->space, pc);
}

bool cfi_walk_is_signal_frame(struct cfi_walk *walk)
{
        struct cfi_row own;
        const struct cfi_row *row;

        if (find_row(walk, &own, &row))
                row = NULL;
        walk->signal_frame = (row && row->signal_frame) || is_bare_trampoline(walk, row);
        return walk->signal_frame;
}

/* Only PC, SP and, if it was found, FP of the caller are known; other registers may have changed since. */
static void set_caller(const struct cfi_walk *walk, struct move *to, uint64_t pc, uint64_t cfa)
{
        to->regs = walk->regs;
        to->regs.inherited = (to->regs.known | to->regs.inherited) & ((1u << ARCH_DWARF_REGS) - 1);
        to->regs.known = 0;
        set_register(&to->regs, ARCH_REG_PC, pc);
        set_register(&to->regs, ARCH_REG_SP, cfa);
        to->cfa = cfa;
        to->signal = false;
}

/* Rule 1: a call or jump through a bad pointer left the return address at SP, and no instruction has been executed
 * since. */
static int move_by_pop(const struct cfi_walk *walk, struct move *to)
{
        uint64_t sp = walk->regs.v[ARCH_REG_SP], pc;
        uint32_t known = walk->regs.known & ARCH_CALLEE_SAVED;

        if (!walk->exact_pc || executable(walk, walk->regs.v[ARCH_REG_PC]))
                return -ENOENT;
        if (read_word(walk, sp, &pc))
                return -EFAULT;
        if (!executable(walk, pc))
                return -ENOENT;
        set_caller(walk, to, pc, sp + 8);
        to->regs.known |= known;
        to->regs.inherited &= ~known;
        to->trust = CFI_TRUST_CFI;
        return 0;
}

/* Rule 2. -EFAULT refers to the stack: a table that cannot be read is treated as absent. */
static int move_by_row(struct cfi_walk *walk, struct move *to)
{
        struct cfi_row own;
        const struct cfi_row *row;
        int err = find_row(walk, &own, &row);

        if (err)
                return err == -EFAULT ? -ENOENT : err;
        if (is_bare_trampoline(walk, row))
                return -ENOENT;
        walk->signal_frame = row->signal_frame;
        to->signal = row->signal_frame;
        to->trust = CFI_TRUST_CFI;
        return cfi_apply_row(walk->space, row, &walk->regs, &to->regs, &to->cfa);
}

/* Rule 3, first part: the kernel's signal frame below a trampoline without CFI. */
static int move_by_sigreturn(struct cfi_walk *walk, struct move *to)
{
        int err;

        if (!is_bare_trampoline(walk, NULL))
                return -ENOENT;
        walk->signal_frame = true;
        err = arch_read_signal_frame(walk->space, walk->regs.v[ARCH_REG_SP], &to->regs);
        to->cfa = to->regs.v[ARCH_REG_SP];
        to->signal = true;
        to->trust = CFI_TRUST_CFI;
        return err;
}

/* A return address not derived from CFI must follow a call instruction. That of a signal handler is the trampoline. */
static bool plausible_return(const struct cfi_walk *walk, uint64_t pc)
{
        if (!pc)
                return false;
        return (executable(walk, pc - 1) && arch_follows_call(walk->space, pc)) ||
               (executable(walk, pc) && arch_is_sigreturn(walk->space, pc));
}

static bool in_module(const struct cfi_walk *walk, uint64_t pc)
{
        struct cfi_module module;

        return !walk->space->module(walk->space->ctx, pc - 1, &module);
}

/* Code generated at run time, above all an interpreter's, returns to addresses that no call instruction precedes. */
static bool returns_to_generated_code(const struct cfi_walk *walk, uint64_t pc)
{
        return pc && executable(walk, pc) && !in_module(walk, pc);
}

static int follow_link(const struct cfi_walk *walk, const struct arch_frame_link *link, struct move *to)
{
        uint64_t fp = walk->regs.v[ARCH_REG_FP], pc;

        if (read_word(walk, link->return_address, &pc) ||
            (link->frame_pointer && read_word(walk, link->frame_pointer, &fp)))
                return -ENOENT;
        if (fp && link->frame_pointer && fp <= link->frame_pointer)
                return -ENOENT;
        /* Code without CFI marks the outermost frame by two zero words (psABI 3.4.1). */
        if ((pc || fp) && !plausible_return(walk, pc) && !returns_to_generated_code(walk, pc))
                return -ENOENT;
        set_caller(walk, to, pc, link->cfa);
        if (link->frame_pointer || is_known(&walk->regs, ARCH_REG_FP))
                set_register(&to->regs, ARCH_REG_FP, fp);
        to->trust = CFI_TRUST_FRAME_POINTER;
        return 0;
}

/* Whether the word at `at` is where the function at `start` has its return address; if so, moves there. */
static bool fits_prologue(const struct cfi_walk *walk, uint64_t start, uint64_t at, const struct arch_prologue *p,
                          struct move *to)
{
        uint64_t pc, fp;

        if (p->framed || lookup_pc(walk) - start >= FUNCTION_MAX || at != walk->regs.v[ARCH_REG_SP] + p->depth ||
            read_word(walk, at, &pc) || !plausible_return(walk, pc))
                return false;
        set_caller(walk, to, pc, at + 8);
        if (!p->saved_fp && is_known(&walk->regs, ARCH_REG_FP))
                set_register(&to->regs, ARCH_REG_FP, walk->regs.v[ARCH_REG_FP]);
        else if (p->saved_fp && !read_word(walk, at - p->fp_offset, &fp))
                set_register(&to->regs, ARCH_REG_FP, fp);
        to->trust = CFI_TRUST_FRAME_POINTER;
        return true;
}

/* A function that does not set a frame pointer, or has not done so yet: the chain would leave out its caller. */
static int move_by_prologue(const struct cfi_walk *walk, struct move *to)
{
        uint64_t pc = lookup_pc(walk), sp = walk->regs.v[ARCH_REG_SP], start, word;
        uint64_t size = walk->depth ? SCAN_LATER : SCAN_FIRST;
        struct arch_prologue p;

        if (!executable(walk, pc) || sp % 8)
                return -ENOENT;
        start = walk->space->function ? walk->space->function(walk->space->ctx, pc) : 0;
        if (start && start <= pc && arch_read_prologue(walk->space, start, pc, &p) &&
            fits_prologue(walk, start, sp + p.depth, &p, to))
                return 0;
        for (uint64_t at = sp; at - sp < size && !read_word(walk, at, &word); at += 8)
                if (plausible_return(walk, word) && arch_call_target(walk->space, word, &start) && start <= pc &&
                    pc - start < FUNCTION_MAX && arch_read_prologue(walk->space, start, pc, &p) &&
                    fits_prologue(walk, start, at, &p, to))
                        return 0;
        return -ENOENT;
}

/* Rule 3, second part. */
static int move_by_frame_pointer(const struct cfi_walk *walk, struct move *to)
{
        uint64_t fp = walk->regs.v[ARCH_REG_FP], sp = walk->regs.v[ARCH_REG_SP];
        struct arch_frame_link link;

        if (walk->exact_pc && executable(walk, walk->regs.v[ARCH_REG_PC]) &&
            arch_link_by_code(walk->space, walk->regs.v[ARCH_REG_PC], sp, &link) && !follow_link(walk, &link, to))
                return 0;
        if (!move_by_prologue(walk, to))
                return 0;
        if (!cfi_usable(&walk->regs, ARCH_REG_FP) || fp % 8 || fp < sp || fp - sp > FRAME_MAX)
                return -ENOENT;
        link = arch_link_by_fp(fp);
        return follow_link(walk, &link, to);
}

/* Rule 3, last part. */
static int move_by_scan(const struct cfi_walk *walk, struct move *to)
{
        uint64_t start = (walk->regs.v[ARCH_REG_SP] + 7) & ~(uint64_t)7;
        uint64_t size = walk->depth ? SCAN_LATER : SCAN_FIRST;

        for (uint64_t at = start; at - start < size; at += 8) {
                uint64_t pc;

                if (read_word(walk, at, &pc))
                        return at == start ? -EFAULT : -ENOENT;
                if (!plausible_return(walk, pc) || !in_module(walk, pc))
                        continue;
                set_caller(walk, to, pc, at + 8);
                to->trust = CFI_TRUST_SCAN;
                return 0;
        }
        return -ENOENT;
}

static int find_caller(struct cfi_walk *walk, struct move *to)
{
        int err;

        if (!is_known(&walk->regs, ARCH_REG_PC) || !is_known(&walk->regs, ARCH_REG_SP))
                return -ENODATA;
        err = move_by_pop(walk, to);
        if (!err || err == -EFAULT)
                return err;
        err = move_by_row(walk, to);
        if (!err || err == -EFAULT)
                return err;
        err = move_by_sigreturn(walk, to);
        if (!err || err == -EFAULT)
                return err;
        err = move_by_frame_pointer(walk, to);
        return err ? move_by_scan(walk, to) : 0;
}

/* A function that made a call has its own return address on the stack, above its SP at the call. So each frame takes
 * at least one readable word, and a walk over hostile tables is no longer than the stack. An exact pc may be in a
 * function that keeps the return address in a register. */
static enum cfi_end check_progress(const struct cfi_walk *walk, uint64_t cfa)
{
        uint64_t word;

        if (cfa < walk->cfa)
                return CFI_END_NO_PROGRESS;
        if (walk->exact_pc)
                return CFI_END_NONE;
        if (cfa - walk->cfa < sizeof(word))
                return CFI_END_NO_PROGRESS;
        return read_word(walk, cfa - sizeof(word), &word) ? CFI_END_UNREADABLE : CFI_END_NONE;
}

/* Rule 4. */
static enum cfi_end check_end(struct cfi_walk *walk, const struct move *to)
{
        uint64_t pc = to->regs.v[ARCH_REG_PC];

        if (!is_known(&to->regs, ARCH_REG_PC))
                return CFI_END_OF_STACK;
        if (to->signal) {
                if (!is_known(&to->regs, ARCH_REG_SP))
                        return CFI_END_UNREADABLE;
                if (to->cfa <= walk->cfa && ++walk->switches > SWITCH_MAX)
                        return CFI_END_NO_PROGRESS;
                return CFI_END_NONE; /* an interrupted pc is accepted in any case: execution was there */
        }
        if (!pc)
                return CFI_END_OF_STACK;
        /* A call that does not return may be the last instruction of its mapping; a trampoline may be the first. */
        if (!executable(walk, pc - 1) && !executable(walk, pc))
                return CFI_END_BAD_PC;
        return check_progress(walk, to->cfa);
}

bool cfi_walk_next(struct cfi_walk *walk)
{
        struct move to;
        int err;

        if (walk->end != CFI_END_NONE)
                return false;
        err = find_caller(walk, &to);
        if (err)
                walk->end = err == -EFAULT ? CFI_END_UNREADABLE : CFI_END_NO_RULE;
        else
                walk->end = check_end(walk, &to);
        if (walk->end != CFI_END_NONE)
                return false;
        walk->regs = to.regs;
        walk->cfa = to.cfa;
        walk->trust = to.trust;
        walk->exact_pc = to.signal;
        walk->signal_frame = false;
        walk->depth++;
        return true;
}
