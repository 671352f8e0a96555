/* SPDX-License-Identifier: MIT */
/* report/code/disassemble.h: one instruction, as gdb prints it, and what it does with memory.
 *
 * One file a processor answers (x86_64_disassemble.c). The bytes may be anything: they come from a process that ran
 * astray. Not async-signal-safe; one thread. Everything stands in the caller's struct.
 */
#ifndef CRASHPRE_REPORT_DISASSEMBLE_H
#define CRASHPRE_REPORT_DISASSEMBLE_H

#include "unwind/core/cfi/arch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes an instruction may have; it does no harm to offer more. */
#define INSTRUCTION_LONGEST 15
#define INSTRUCTION_OPERANDS 3

enum { OPERAND_READ = 1, OPERAND_WRITE = 2 };

/* Bytes in memory that an instruction works on. */
struct memory_operand {
        char text[48];     /* what makes the address: "rdx", "rax + rcx*8 - 16", "fs:0x28" */
        unsigned access;   /* OPERAND_* */
        uint32_t size;     /* in bytes, 0 unknown */
        bool known;        /* all its registers were given */
        uint64_t address;  /* if known */
        bool on_stack;     /* by a push, a call, a return: not written out in the instruction */
        bool in_segment;   /* fs or gs: thread-local storage */
        bool vector_index; /* a gather or scatter: `address` is that of element 0 of an index of zeros */
        int base, index;   /* ARCH_REG_*, -1 none; base ARCH_REG_PC: a place in the program itself */
        uint64_t base_value, index_value;
        uint32_t scale;
        int64_t displacement;
};

/* A register, a constant or what lies in memory, as the divisor of a division or the goal of a jump. */
struct value_operand {
        char text[48]; /* "ecx"; in memory: as operands[0] */
        bool present;
        bool in_memory; /* at operands[0] */
        bool known;     /* never of one in memory */
        uint64_t value; /* if known; zero-extended from `size` bytes */
        uint32_t size;
};

enum instruction_kind {
        INSTRUCTION_PLAIN,
        INSTRUCTION_CALL,
        INSTRUCTION_JUMP,
        INSTRUCTION_RETURN,
        INSTRUCTION_DIVISION,
        INSTRUCTION_BREAKPOINT, /* the trap comes after it */
        INSTRUCTION_SYSTEM_CALL,
        INSTRUCTION_UNDEFINED,  /* meant to be illegal: __builtin_trap(), unreachable code */
        INSTRUCTION_PRIVILEGED, /* for the kernel alone, or where it says so */
};

struct instruction {
        uint64_t address;
        uint32_t length;
        char text[160]; /* "mov %eax,(%rdx)": AT&T syntax, one blank after the mnemonic */
        enum instruction_kind kind;
        struct memory_operand operands[INSTRUCTION_OPERANDS]; /* those written out before those that are not */
        size_t operand_count;
        uint32_t alignment;         /* what operands[0].address must be a multiple of, 0 no matter */
        struct value_operand value; /* divisor; goal of a call or jump */
};

/* The instruction at `address`, of which `n` bytes are there. `regs` (may be NULL) are those before it runs.
 * 0; -EBADMSG: no instruction (text "(bad)", length 1); -ENOMEM. */
int disassemble(const uint8_t *code, size_t n, uint64_t address, const struct arch_registers *regs,
                struct instruction *out);

/* Can this processor use `address` at all, for `size` bytes? */
bool disassemble_is_canonical(uint64_t address, uint32_t size);

#endif
