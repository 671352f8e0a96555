/* SPDX-License-Identifier: MIT */
/* report/code/x86_64_internal.h: declarations shared by the files of the x86-64 disassembler. Not async-signal-safe. */
#ifndef CRASHPRE_REPORT_X86_64_INTERNAL_H
#define CRASHPRE_REPORT_X86_64_INTERNAL_H

#include "report/code/disassemble.h"

/* Input of x86_64_spell(): `mnemonic` and `operands` in capstone's AT&T syntax. `plain` is the mnemonic without a
 * suffix for the operand size; `immediate` the size in bytes of a constant operand; `wide` the bytes of displacement
 * in the encoding (a displacement of zero is printed then). */
struct x86_64_spelling {
        const char *mnemonic, *plain, *operands;
        unsigned immediate, wide;
        bool quad;     /* REX.W */
        bool by_one;   /* a shift whose count is part of the opcode: not printed */
        uint64_t next; /* address of the next instruction, the base of relative operands */
};
/* Writes the instruction in binutils' spelling to `out`, truncated to size - 1 bytes. */
void x86_64_spell(const struct x86_64_spelling *in, char *out, size_t size);

/* Sets the text (as in struct memory_operand) and, if the registers are known, the address. `wide`: false for 32-bit
 * addresses. `next` is the value of rip. */
void x86_64_resolve_operand(struct memory_operand *m, const char *segment, bool wide, uint64_t next,
                            const struct arch_registers *regs);

/* Decodes vector comparisons into mask registers and moves of mask registers, which capstone 4 does not support and
 * libc's string functions use. Returns like disassemble(), but does not set the text to "(bad)"; -EBADMSG: not one of
 * them. */
int x86_64_evex(const uint8_t *code, size_t n, uint64_t address, const struct arch_registers *regs,
                struct instruction *out);

#endif
