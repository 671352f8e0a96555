/* SPDX-License-Identifier: MIT */
/* report/code/x86_64_internal.h: what the files of the x86-64 disassembler share. */
#ifndef CRASHPRE_REPORT_X86_64_INTERNAL_H
#define CRASHPRE_REPORT_X86_64_INTERNAL_H

#include "report/code/disassemble.h"

/* `mnemonic` and `operands` as capstone spells them in AT&T syntax, rewritten as binutils does, to `out` of `size`
 * bytes. `plain` is the mnemonic without a suffix for the operand size. `immediate` says how many bytes a constant
 * operand counts; `wide` how many bytes of displacement stand in the code (one of zero is written out). */
struct x86_64_spelling {
        const char *mnemonic, *plain, *operands;
        unsigned immediate, wide;
        bool quad;     /* REX.W */
        bool by_one;   /* a shift whose count is part of the opcode: not written out */
        uint64_t next; /* address of the next instruction, for what is relative to it */
};
void x86_64_spell(const struct x86_64_spelling *in, char *out, size_t size);

/* Fills text (as in struct memory_operand) and, where the registers are known, address. `wide`: 32-bit addresses if
 * false. `next` is what rip counts from. */
void x86_64_settle_operand(struct memory_operand *m, const char *segment, bool wide, uint64_t next,
                           const struct arch_registers *regs);

/* Vector comparisons into mask registers and moves of those, which capstone 4 does not know and libc's string
 * functions are made of. As disassemble(), less "(bad)"; -EBADMSG: not one of them. */
int x86_64_evex(const uint8_t *code, size_t n, uint64_t address, const struct arch_registers *regs,
                struct instruction *out);

#endif
