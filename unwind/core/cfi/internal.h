/* SPDX-License-Identifier: MIT */
/* unwind/core/cfi/internal.h: declarations shared by the files of the CFI engine only.
 *
 *   cursor.c   reads bytes, LEB128 numbers and encoded pointers from a table
 *   table.c    .eh_frame_hdr, .eh_frame, .debug_frame: finds the FDE of a pc
 *   program.c  executes the FDE's instructions: computes the row of an FDE
 *   expr.c     evaluates DWARF expressions
 *   cfi.c      finds and applies a row
 *   registered.c   finds tables that were given to libgcc (registered.h)
 *   walk.c     the walk: selects the rule that leads to the caller, and decides when to stop
 *
 * Signal context and errors as in cfi.h.
 */
#ifndef CRASHPRE_UNWIND_CORE_CFI_INTERNAL_H
#define CRASHPRE_UNWIND_CORE_CFI_INTERNAL_H

#include "unwind/core/cfi/cfi.h"

/* A table is read through a small window: a call of `read` may cost a system call, a byte of the window does not. 64
 * bytes contain most CIEs and most FDEs; a larger window would only use more of the handler's stack. */
#define CFI_WINDOW 64

/* Reads forward in [pos, end). The error is sticky: after the first error every read returns 0 and `err` holds that
 * error, so that a caller reads a whole structure and checks once. */
struct cfi_cursor {
        const struct cfi_space *space; /* NULL: addresses are our own memory */
        uint64_t pos, end;
        uint64_t window; /* address of buf[0] */
        uint32_t held;   /* bytes of buf that are valid */
        int err;
        uint8_t buf[CFI_WINDOW];
};

/* Initializes an empty cursor; `space` is borrowed, NULL for our own memory. */
void cfi_cursor_begin(struct cfi_cursor *c, const struct cfi_space *space);
void cfi_seek(struct cfi_cursor *c, uint64_t pos, uint64_t end); /* clears the error, keeps the window */
void cfi_skip(struct cfi_cursor *c, uint64_t len);
int cfi_fail(struct cfi_cursor *c, int err); /* records the first error and returns it */

/* Read a number and advance; 0 after an error. */
uint8_t cfi_u8(struct cfi_cursor *c);
uint64_t cfi_unsigned(struct cfi_cursor *c, unsigned size); /* little-endian, 1 to 8 bytes */
int64_t cfi_signed(struct cfi_cursor *c, unsigned size);
uint64_t cfi_uleb(struct cfi_cursor *c);
int64_t cfi_sleb(struct cfi_cursor *c);

/* DW_EH_PE_*, LSB 5.0 core 10.5.1: the low four bits are the format of the pointer, the next three the base it is
 * relative to; the highest marks the address of a pointer. */
enum {
        CFI_PE_ABSPTR = 0x00,
        CFI_PE_ULEB = 0x01,
        CFI_PE_UDATA2 = 0x02,
        CFI_PE_UDATA4 = 0x03,
        CFI_PE_UDATA8 = 0x04,
        CFI_PE_SIGNED = 0x08,
        CFI_PE_SLEB = 0x09,
        CFI_PE_SDATA2 = 0x0a,
        CFI_PE_SDATA4 = 0x0b,
        CFI_PE_SDATA8 = 0x0c,
        CFI_PE_FORMAT = 0x0f,
        CFI_PE_PCREL = 0x10,
        CFI_PE_DATAREL = 0x30,
        CFI_PE_ALIGNED = 0x50,
        CFI_PE_BASE = 0x70,
        CFI_PE_INDIRECT = 0x80,
        CFI_PE_OMIT = 0xff,
};

/* Size in bytes of a pointer of this encoding; 0 if it varies or the encoding is unknown. */
unsigned cfi_pointer_size(uint8_t encoding);

/* Reads a pointer of this encoding; `data` is the base of DW_EH_PE_datarel. Returns 0 after an error. */
uint64_t cfi_pointer(struct cfi_cursor *c, uint8_t encoding, uint64_t data);

/* Contents of an FDE and its CIE, LSB 5.0 core 10.6.1, DWARF 5 section 6.4.1. */
struct cfi_cie {
        uint64_t at; /* address of the CIE, to recognize it */
        uint64_t program, program_end;
        uint64_t code_align;
        int64_t data_align;
        uint64_t return_column;
        uint8_t encoding; /* of the FDE's addresses */
        bool augmented;   /* the FDE has augmentation data, preceded by its length */
        bool signal_frame;
};
struct cfi_fde {
        struct cfi_cie cie;
        uint64_t begin, size; /* covers [begin, begin + size), run-time addresses */
        uint64_t program, program_end;
        uint64_t bias; /* added to the absolute addresses of the program */
};

/* Finds the FDE that covers `pc`. Returns 0 or an error of cfi.h. On success `c` is positioned in the table that
 * contains the FDE. */
int cfi_find_fde(struct cfi_cursor *c, const struct cfi_space *space, uint64_t pc, struct cfi_fde *out);

/* True if an FDE of the table at `start`, which ends as .eh_frame does, covers `pc`. Reads at most *left entries, and lowers it. */
bool cfi_table_covers(const struct cfi_space *space, uint64_t start, uint64_t pc, unsigned *left);

/* Executes the programs of `fde` up to `pc` and fills *out. Returns 0 or an error of cfi.h. */
int cfi_run_program(struct cfi_cursor *c, const struct cfi_fde *fde, uint64_t pc, struct cfi_row *out);

/* Evaluates the expression of `rule`; `cfa` is pushed first unless it is NULL. Returns 0 or an error of cfi.h. */
int cfi_evaluate(const struct cfi_space *space, const struct cfi_rule *rule, const struct arch_registers *regs,
                 const uint64_t *cfa, uint64_t *out);

/* True if the register's value may be used in computations: it is known, or most likely unchanged in the callee. */
static inline bool cfi_usable(const struct arch_registers *regs, uint64_t reg)
{
        return reg < ARCH_DWARF_REGS && ((regs->known | regs->inherited) >> reg & 1);
}

#endif
