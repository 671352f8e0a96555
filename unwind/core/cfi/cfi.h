/* SPDX-License-Identifier: MIT */
/* unwind/core/cfi/cfi.h: the CFI engine: from one frame's registers to its caller's.
 *
 * The same code runs in the signal handler of a dying process, in the helper that looks at it from
 * outside, and offline. So: no allocation, no lock, no libc call, no thread-local storage, no static
 * mutable state; every byte of the target is fetched through the caller's `read`, every table is
 * treated as hostile (bounds-checked, loops bounded). Async-signal-safe throughout; at most 2 KiB of stack.
 *
 * Formats: .eh_frame and .eh_frame_hdr as in LSB 5.0 core chapter 10.6, DWARF 5 section 6.4 (versions 1, 3, 4 of
 * the CIE), expressions as in DWARF 5 section 2.5 as far as 6.4.2.3 allows them in CFI.
 *
 * Errors: 0 or -errno. -ENOENT: no FDE covers the pc; -EBADMSG: malformed table; -EFAULT: the target's
 * memory could not be read; -E2BIG: a table larger than the engine's limits; -EOPNOTSUPP: an operation
 * that no known compiler emits in CFI; -ENODATA: the row needs a register that is not known.
 */
#ifndef CRASHPRE_UNWIND_CORE_CFI_H
#define CRASHPRE_UNWIND_CORE_CFI_H

#include "unwind/core/cfi/arch.h"

#include <stdbool.h>

/* How much a frame can be believed; the report prints these names. */
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
        /* "end-of-stack": the outermost frame says that it has no caller (undefined or zero return address) */
        CFI_END_OF_STACK,
        CFI_END_MAX_FRAMES,  /* "max-frames": set by the caller of the engine */
        CFI_END_NO_PROGRESS, /* "no-progress": the CFA does not grow */
        CFI_END_UNREADABLE,  /* "unreadable": stack memory cannot be read */
        CFI_END_BAD_PC,      /* "bad-pc": the return address is in no executable mapping */
        CFI_END_NO_RULE,     /* "no-rule": no CFI, no frame pointer, nothing found by the scan */
};
const char *cfi_end_name(enum cfi_end end);

/* Where the unwind tables of one module are, as addresses in the target. */
struct cfi_module {
        uint64_t start, end;        /* addresses this answer is good for, [start, end) */
        uint64_t bias;              /* load bias: run-time address minus ELF virtual address */
        uint64_t eh_frame_hdr;      /* 0: none */
        uint64_t eh_frame_hdr_size; /* p_memsz of PT_GNU_EH_FRAME */
        uint64_t eh_frame;          /* where there is no .eh_frame_hdr to tell it; 0: unknown */
        const uint8_t *debug_frame; /* .debug_frame in our own memory, uncompressed; NULL: none */
        size_t debug_frame_size;
};

/* What the engine sees of the world. All functions get `ctx` and must be as signal-safe as their use demands. */
struct cfi_space {
        void *ctx;
        /* Copies exactly `len` bytes at `addr` of the target. 0 or -EFAULT. */
        int (*read)(void *ctx, uint64_t addr, void *buf, size_t len);
        /* The module that holds `pc`. 0 or -ENOENT. */
        int (*module)(void *ctx, uint64_t pc, struct cfi_module *out);
        /* Is `addr` in an executable mapping? */
        bool (*executable)(void *ctx, uint64_t addr);
};

/* How to find one register of the caller (DWARF 5 section 6.4.1). */
enum cfi_rule_kind {
        CFI_RULE_SAME, /* also: unspecified */
        CFI_RULE_UNDEFINED,
        CFI_RULE_OFFSET,     /* saved at CFA + value */
        CFI_RULE_VAL_OFFSET, /* is CFA + value */
        CFI_RULE_REGISTER,   /* in register `value` */
        CFI_RULE_EXPR,       /* saved at the address the expression gives (CFA pushed first) */
        CFI_RULE_VAL_EXPR,   /* is what the expression gives */
        CFI_RULE_CFA_EXPR,   /* CFA only: is what the expression gives (nothing pushed) */
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

/* The rules that hold at one pc: what is worth caching. */
struct cfi_row {
        uint64_t pc; /* the address looked up */
        struct cfi_rule cfa;
        struct cfi_rule reg[ARCH_DWARF_REGS];
        uint32_t ruled;    /* bit n: reg[n] is anything but CFI_RULE_SAME */
        bool signal_frame; /* augmentation 'S': the caller's pc is exact, not a return address */
        bool ends_here;    /* pc is the last byte the FDE covers: what returns to pc + 1 may be other code */
};

/* A direct-mapped cache of rows, in memory the caller owns and has zeroed; `slots` must be a power of two.
 * Rows hold no pointer into it. NULL cache: every row is computed anew. */
struct cfi_cache {
        struct cfi_row *rows;
        uint32_t slots;
};

/* Finds the row for `pc` (already decremented for callers). 0 or an error from the list above. */
int cfi_find_row(const struct cfi_space *space, uint64_t pc, struct cfi_row *out);

/* Applies `row` to `regs`, giving the caller's registers and the CFA. An undefined return address leaves ARCH_REG_PC
 * unknown in `out`; any other register whose place cannot be read is merely unknown. 0 or -errno.
 *
 * A register without a rule has the caller's value where the psABI makes functions keep it, or where the frame is a
 * signal frame, which saves every register. Otherwise (rax, rcx ...) it becomes `inherited`: not known, but still
 * used where a row is built on it, for hand-written code calls helpers that it knows to leave such a register alone. */
int cfi_apply_row(const struct cfi_space *space, const struct cfi_row *row, const struct arch_registers *regs,
                  struct arch_registers *out, uint64_t *cfa);

/* One walk. Begin with cfi_walk_begin(); each cfi_walk_next() that returns true has moved to the caller. */
struct cfi_walk {
        const struct cfi_space *space; /* borrowed */
        struct cfi_cache cache;
        struct arch_registers regs; /* of the present frame; only known ones count */
        uint64_t cfa;               /* of the frame just left: what the present frame had as SP when it called */
        enum cfi_trust trust;       /* of the present frame */
        enum cfi_end end;           /* CFI_END_NONE while going */
        /* the present pc is where execution stood (frame 0, or interrupted by a signal), so it is not decremented
         * for a look-up */
        bool exact_pc;
        /* the present frame is a signal trampoline; known only once its row was looked up: by cfi_walk_next(), or by
         * cfi_walk_is_signal_frame() */
        bool signal_frame;
        uint32_t depth;    /* 0 for the innermost frame */
        uint32_t switches; /* signal frames left so far whose CFA did not grow; bounded */
};

/* `regs` is copied; PC and SP should be known. */
void cfi_walk_begin(struct cfi_walk *walk, const struct cfi_space *space, struct cfi_cache cache,
                    const struct arch_registers *regs);

/* Is the present frame a signal trampoline (CFI augmentation 'S', or the processor's sigreturn code where there is no
 * CFI)? */
bool cfi_walk_is_signal_frame(struct cfi_walk *walk);

/* Moves to the caller. false: the walk has ended and walk->end says why; the present frame stays as it was.
 *
 * The rules, in order:
 *   1. A frame with an exact pc (frame 0, or interrupted by a signal) that is in no executable mapping: the return
 *      address is the word at SP if that is executable (a call through a bad pointer): caller = pop, trust cfi,
 *      exact_pc false.
 *   2. The row from .eh_frame(_hdr), else .debug_frame; applied. An error of the table (ENOENT, EBADMSG, E2BIG,
 *      EOPNOTSUPP, ENODATA, a table that cannot be read) falls to 3; unreadable stack memory ends the walk.
 *   3. No row: if the code at pc is the sigreturn sequence, the kernel's signal frame at SP. Else frame pointers: for
 *      an exact pc that stands in a prologue or at a return, by its code, the return address at its place there; else
 *      the chain: FP aligned to 8, FP >= SP, both words readable, return address executable and after a call
 *      instruction, new FP > FP or 0. Else a scan of the stack from SP (at most 1024 bytes from frame 0, 320 otherwise) for an
 *      executable address inside a module that a call instruction precedes.
 *   4. The walk stops when the return address is undefined; when the new pc is 0 (both end-of-stack) or in no
 *      executable mapping (any pc is taken from a signal frame); when the CFA does not grow by the size of a return
 *      address, in readable memory. It need not grow where the frame left is a signal frame, since a handler may stand
 *      on another stack (a few times a walk), and may stay for an exact pc, as in a function that has popped its
 *      return address.
 */
bool cfi_walk_next(struct cfi_walk *walk);

#endif
