/* SPDX-License-Identifier: MIT */
/* unwind/core/cfi/cfi.h: the CFI engine: computes the caller's registers from one frame's registers.
 *
 * The same code runs in the signal handler of a crashing process, in the helper, which examines that process from
 * outside, and offline. So: no allocation, no lock, no libc call, no thread-local storage, no static mutable state;
 * every byte of the target is read through the caller's `read`, every table is treated as hostile (bounds-checked,
 * loops bounded). Async-signal-safe throughout; at most 2 KiB of stack.
 *
 * Formats: .eh_frame and .eh_frame_hdr as in LSB 5.0 core chapter 10.6, DWARF 5 section 6.4 (versions 1, 3, 4 of the
 * CIE), expressions as in DWARF 5 section 2.5 as far as 6.4.2.3 allows them in CFI.
 *
 * Errors: 0 or -errno. -ENOENT: no FDE covers the pc; -EBADMSG: malformed table; -EFAULT: the target's memory could
 * not be read; -E2BIG: a table larger than the engine's limits; -EOPNOTSUPP: an operation that no known compiler
 * emits in CFI; -ENODATA: the row needs a register whose value is unknown.
 */
#ifndef CRASHPRE_UNWIND_CORE_CFI_H
#define CRASHPRE_UNWIND_CORE_CFI_H

#include "unwind/core/cfi/arch.h"

#include <stdbool.h>

/* How reliable a frame is; the report prints these names. */
enum cfi_trust {
        CFI_TRUST_CONTEXT,       /* registers of a signal context or of a stopped thread */
        CFI_TRUST_CFI,           /* call frame information, or the return address at SP after a call to a bad pc */
        CFI_TRUST_FRAME_POINTER, /* the frame-pointer chain, validated */
        CFI_TRUST_SCAN,          /* a word on the stack that looks like a return address */
};
const char *cfi_trust_name(enum cfi_trust trust); /* "context", "cfi", "frame-pointer", "scan" */

/* Why a walk ended; the report prints these names as unwind_end. */
enum cfi_end {
        CFI_END_NONE, /* not ended */
        /* "end-of-stack": the outermost frame is marked as having no caller (undefined or zero return address) */
        CFI_END_OF_STACK,
        CFI_END_MAX_FRAMES,  /* "max-frames": limit set by the caller of the engine */
        CFI_END_NO_PROGRESS, /* "no-progress": the CFA does not grow */
        CFI_END_UNREADABLE,  /* "unreadable": stack memory cannot be read */
        CFI_END_BAD_PC,      /* "bad-pc": the return address is in no executable mapping */
        CFI_END_NO_RULE,     /* "no-rule": no CFI, no frame pointer, and the scan found nothing */
};
/* Returns the static name of `end`, as quoted above. */
const char *cfi_end_name(enum cfi_end end);

/* Where the unwind tables of one module are, as addresses in the target. */
struct cfi_module {
        uint64_t start, end;        /* addresses for which this result is valid, [start, end) */
        uint64_t bias;              /* load bias: run-time address minus ELF virtual address */
        uint64_t eh_frame_hdr;      /* 0: none */
        uint64_t eh_frame_hdr_size; /* p_memsz of PT_GNU_EH_FRAME */
        uint64_t eh_frame;          /* used if there is no .eh_frame_hdr, which contains it; 0: unknown */
        const uint8_t *debug_frame; /* .debug_frame in our own memory, uncompressed; NULL: none */
        size_t debug_frame_size;
};

/* How the engine accesses the target. All functions receive `ctx` and must be async-signal-safe if the engine is used
 * in signal context. */
struct cfi_space {
        void *ctx;
        /* Copies exactly `len` bytes at `addr` of the target. Returns 0 or -EFAULT. */
        int (*read)(void *ctx, uint64_t addr, void *buf, size_t len);
        /* Fills *out with the module that contains `pc`, or with the table that the program registered for code it made at run time
         * (registered.h). Returns 0 or -ENOENT. */
        int (*module)(void *ctx, uint64_t pc, struct cfi_module *out);
        /* True if `addr` is in an executable mapping. */
        bool (*executable)(void *ctx, uint64_t addr);
        /* May be NULL. Returns the start of the function that contains `pc`, by its symbol; 0: unknown. */
        uint64_t (*function)(void *ctx, uint64_t pc);
};

/* How the caller's value of a register is found (DWARF 5 section 6.4.1). */
enum cfi_rule_kind {
        CFI_RULE_SAME, /* also: unspecified */
        CFI_RULE_UNDEFINED,
        CFI_RULE_OFFSET,     /* saved at CFA + value */
        CFI_RULE_VAL_OFFSET, /* is CFA + value */
        CFI_RULE_REGISTER,   /* in register `value` */
        CFI_RULE_EXPR,       /* saved at the address the expression computes (CFA pushed first) */
        CFI_RULE_VAL_EXPR,   /* is the value of the expression (CFA pushed first) */
        CFI_RULE_CFA_EXPR,   /* CFA only: is the value of the expression (nothing pushed) */
};
struct cfi_rule {
        uint8_t kind; /* enum cfi_rule_kind; for the CFA: CFI_RULE_VAL_OFFSET means register `reg` + value */
        uint8_t reg;
        bool local; /* expression bytes are in our own memory (.debug_frame), not in the target */
        uint32_t expr_len;
        union {
                int64_t value; /* offset or register */
                uint64_t expr; /* address of the expression's bytes */
        };
};

/* The rules that apply at one pc: the unit of caching. */
struct cfi_row {
        uint64_t pc; /* the address looked up */
        struct cfi_rule cfa;
        struct cfi_rule reg[ARCH_DWARF_REGS];
        uint32_t ruled;    /* bit n: the rule of reg[n] is not CFI_RULE_SAME */
        bool signal_frame; /* augmentation 'S': the caller's pc is exact, not a return address */
        /* pc is the last byte the FDE covers: pc + 1, as a return address, may belong to other code */
        bool ends_here;
};

/* A direct-mapped cache of rows, in memory the caller owns and has zeroed; `slots` must be a power of two. Rows
 * contain no pointer into it. With NULL rows every row is computed anew. */
struct cfi_cache {
        struct cfi_row *rows;
        uint32_t slots;
};

/* Finds the row for `pc` (already decremented for callers). Returns 0 or an error from the list above. */
int cfi_find_row(const struct cfi_space *space, uint64_t pc, struct cfi_row *out);

/* Applies `row` to `regs` and computes the caller's registers and the CFA. An undefined return address leaves
 * ARCH_REG_PC unknown in `out`; any other register whose saved value cannot be read becomes unknown. Returns 0 or
 * -errno.
 *
 * A register without a rule has the caller's value if the psABI requires functions to preserve it, or if the frame is
 * a signal frame, which saves every register. Otherwise (rax, rcx ...) it becomes `inherited`: not known, but still
 * used if a row depends on it, because hand-written code calls helpers that are known to preserve such a register. */
int cfi_apply_row(const struct cfi_space *space, const struct cfi_row *row, const struct arch_registers *regs,
                  struct arch_registers *out, uint64_t *cfa);

/* State of one walk. Begin with cfi_walk_begin(); each call of cfi_walk_next() that returns true moves to the caller.
 */
struct cfi_walk {
        const struct cfi_space *space; /* borrowed */
        struct cfi_cache cache;
        struct arch_registers regs; /* of the current frame; valid only if known */
        /* of the frame just left: the value of SP in the current frame when it made the call */
        uint64_t cfa;
        enum cfi_trust trust; /* of the current frame */
        enum cfi_end end;     /* CFI_END_NONE while the walk continues */
        /* the current pc is the next instruction to execute (frame 0, or interrupted by a signal), so it is not
         * decremented for a look-up */
        bool exact_pc;
        /* the current frame is a signal trampoline; determined by the look-up of its row: by cfi_walk_next(), or by
         * cfi_walk_is_signal_frame() */
        bool signal_frame;
        uint32_t depth;    /* 0 for the innermost frame */
        uint32_t switches; /* signal frames left so far whose CFA did not grow; bounded */
};

/* Starts a walk. `regs` is copied; PC and SP should be known. `space` and the rows of `cache` are borrowed until the
 * walk ends. */
void cfi_walk_begin(struct cfi_walk *walk, const struct cfi_space *space, struct cfi_cache cache,
                    const struct arch_registers *regs);

/* True if the current frame is a signal trampoline (CFI augmentation 'S', or the processor's sigreturn code if there
 * is no CFI). */
bool cfi_walk_is_signal_frame(struct cfi_walk *walk);

/* Moves to the caller. Returns false if the walk has ended: walk->end is the reason, the current frame is unchanged.
 *
 * The rules, in order:
 *   1. A frame with an exact pc (frame 0, or interrupted by a signal) that is in no executable mapping: the return
 *      address is the word at SP if that is executable (a call through a bad pointer): caller = pop, trust cfi,
 *      exact_pc false.
 *   2. The row from .eh_frame(_hdr), else .debug_frame; applied. An error of the table (ENOENT, EBADMSG, E2BIG,
 *      EOPNOTSUPP, ENODATA, a table that cannot be read) leads to 3; unreadable stack memory ends the walk.
 *   3. No row: if the code at pc is the sigreturn sequence, the kernel's signal frame at SP. Else frame pointers: for
 *      an exact pc that is in a prologue or at a return, the return address at the location that this code implies;
 *      else the chain: FP aligned to 8, FP >= SP, both words readable, return address executable and after a call
 *      instruction, new FP > FP or 0. Before the chain: a function without frame pointer, whose start is known by a symbol, or as
 *      the target of the call that precedes a word of the stack: the return address at the location that its prologue implies.
 *      Else a scan of the stack from SP (at most 1024 bytes from frame 0, 320
 *      otherwise) for an executable address inside a module that a call instruction precedes.
 *   4. The walk ends if the return address is undefined; if the new pc is 0 (both end-of-stack) or in no executable
 *      mapping (any pc from a signal frame is accepted); if the CFA does not grow by the size of a return address, in
 *      readable memory. The CFA need not grow if the frame left is a signal frame, since a handler may run on another
 *      stack (a few times a walk), and may be equal for an exact pc, as in a function that has popped its return
 *      address.
 */
bool cfi_walk_next(struct cfi_walk *walk);

#endif
