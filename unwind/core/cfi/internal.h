/* SPDX-License-Identifier: MIT */
/* unwind/core/cfi/internal.h: what the files of the CFI engine share, and nobody else includes.
 *
 *   cursor.c   bytes, LEB128 numbers and encoded pointers out of a table
 *   table.c    .eh_frame_hdr, .eh_frame, .debug_frame: from a pc to its FDE
 *   program.c  the FDE's instructions: from an FDE to a row
 *   expr.c     DWARF expressions
 *   cfi.c          a row looked up and applied
 *   walk.c     the walk: which way leads to the caller, and when to stop
 *
 * Signal context and errors as in cfi.h.
 */
#ifndef CRASHPRE_UNWIND_CORE_CFI_INTERNAL_H
#define CRASHPRE_UNWIND_CORE_CFI_INTERNAL_H

#include "unwind/core/cfi/cfi.h"

/* A table is read through a small window: a call of `read` may cost a system call, a byte of the window does not.
 * 64 bytes hold most CIEs and most FDEs whole; more would only be stack that a handler has to have. */
#define CFI_WINDOW 64

/* Reads forward in [pos, end). The error is sticky: after one, every read gives 0 and `err` says why,
 * so that a whole structure is read first and asked about once. */
struct cfi_cursor {
        const struct cfi_space *space; /* NULL: addresses are our own memory */
        uint64_t pos, end;
        uint64_t window; /* address of buf[0] */
        uint32_t held;   /* bytes of buf that are valid */
        int err;
        uint8_t buf[CFI_WINDOW];
};

void cfi_cursor_begin(struct cfi_cursor *c, const struct cfi_space *space);
void cfi_seek(struct cfi_cursor *c, uint64_t pos, uint64_t end); /* forgets an error, keeps the window */
void cfi_skip(struct cfi_cursor *c, uint64_t len);
int cfi_fail(struct cfi_cursor *c, int err); /* notes the first error; returns that one */

uint8_t cfi_u8(struct cfi_cursor *c);
uint64_t cfi_unsigned(struct cfi_cursor *c, unsigned size); /* little-endian, 1 to 8 bytes */
int64_t cfi_signed(struct cfi_cursor *c, unsigned size);
uint64_t cfi_uleb(struct cfi_cursor *c);
int64_t cfi_sleb(struct cfi_cursor *c);

/* DW_EH_PE_*, LSB 5.0 core 10.5.1: the low four bits say how a pointer is stored, the next three what it is
 * relative to, the highest that it is the address of the pointer. */
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

/* Bytes a pointer of this encoding takes, 0 where that varies or the encoding is unknown. */
unsigned cfi_pointer_size(uint8_t encoding);

/* A pointer of this encoding; `data` is what DW_EH_PE_datarel is relative to. */
uint64_t cfi_pointer(struct cfi_cursor *c, uint8_t encoding, uint64_t data);

/* What an FDE and its CIE say, LSB 5.0 core 10.6.1, DWARF 5 section 6.4.1. */
struct cfi_cie {
        uint64_t at; /* address of the CIE, to know it again */
        uint64_t program, program_end;
        uint64_t code_align;
        int64_t data_align;
        uint64_t return_column;
        uint8_t encoding; /* of the FDE's addresses */
        bool augmented;   /* the FDE has augmentation data, its length first */
        bool signal_frame;
};
struct cfi_fde {
        struct cfi_cie cie;
        uint64_t begin, size; /* covers [begin, begin + size), run-time addresses */
        uint64_t program, program_end;
        uint64_t bias; /* to be added to the absolute addresses of the program */
};

/* The FDE that covers `pc`. On success `c` reads the table the FDE came from. */
int cfi_find_fde(struct cfi_cursor *c, const struct cfi_space *space, uint64_t pc, struct cfi_fde *out);

/* Runs the programs of `fde` up to `pc`, which gives *out. */
int cfi_run_program(struct cfi_cursor *c, const struct cfi_fde *fde, uint64_t pc, struct cfi_row *out);

/* The value of the expression of `rule`; `cfa`: pushed before it begins, unless NULL. */
int cfi_evaluate(const struct cfi_space *space, const struct cfi_rule *rule, const struct arch_registers *regs,
                 const uint64_t *cfa, uint64_t *out);

/* May the register be used to compute with? Known, or most likely unchanged since it was. */
static inline bool cfi_usable(const struct arch_registers *regs, uint64_t reg)
{
        return reg < ARCH_DWARF_REGS && ((regs->known | regs->inherited) >> reg & 1);
}

#endif
