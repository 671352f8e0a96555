/* SPDX-License-Identifier: MIT */
/* report/code/disassemble.h: disassembles one instruction as gdb prints it, and determines its memory accesses.
 *
 * Implemented once per processor (x86_64_disassemble.c). The bytes may have any value: the process that contained
 * them was out of control. Not async-signal-safe; single-threaded. All results are in the caller's struct.
 */
#ifndef CRASHPRE_REPORT_DISASSEMBLE_H
#define CRASHPRE_REPORT_DISASSEMBLE_H

#include "unwind/core/cfi/arch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Maximum length of an instruction; more bytes may be passed. */
#define INSTRUCTION_LONGEST ARCH_INSTRUCTION_LONGEST
#define INSTRUCTION_OPERANDS 3

enum { OPERAND_READ = 1, OPERAND_WRITE = 2 };

/* Memory accessed by an instruction. */
struct memory_operand {
        char text[48];     /* the address expression: "rdx", "rax + rcx*8 - 16", "fs:0x28" */
        unsigned access;   /* OPERAND_* */
        uint32_t size;     /* in bytes, 0: unknown */
        bool known;        /* the values of all its registers are known */
        uint64_t address;  /* if known */
        bool on_stack;     /* implicit, by a push, a call, a return: not written in the instruction */
        bool in_segment;   /* fs or gs: thread-local storage */
        bool vector_index; /* a gather or scatter: `address` is that of element 0 of an index of zeros */
        int base, index;   /* ARCH_REG_*, -1 none; base ARCH_REG_PC: relative to the instruction */
        uint64_t base_value, index_value;
        uint32_t scale;
        int64_t displacement;
};

/* A register, a constant or memory contents, as the divisor of a division or the target of a jump. */
struct value_operand {
        char text[48]; /* "ecx"; in memory: as operands[0] */
        bool present;
        bool constant;  /* written out in the instruction */
        bool in_memory; /* at operands[0] */
        bool known;     /* always false for memory contents */
        uint64_t value; /* if known; zero-extended from `size` bytes */
        uint32_t size;
};

enum instruction_kind {
        INSTRUCTION_PLAIN,
        INSTRUCTION_CALL,
        INSTRUCTION_JUMP,
        INSTRUCTION_RETURN,
        INSTRUCTION_DIVISION,
        INSTRUCTION_BREAKPOINT, /* the trap is raised after the instruction */
        INSTRUCTION_SYSTEM_CALL,
        INSTRUCTION_UNDEFINED,  /* undefined by definition: __builtin_trap(), unreachable code */
        INSTRUCTION_PRIVILEGED, /* reserved to the kernel, or permitted by it */
        INSTRUCTION_INVALID,    /* no instruction */
};

/* What permits a privileged instruction to programs unless it was revoked. */
enum instruction_permit { PERMIT_NONE, PERMIT_TIME_STAMP, PERMIT_CPUID, PERMIT_COUNTERS };

struct instruction {
        uint64_t address;
        uint32_t length;
        char text[160]; /* "mov %eax,(%rdx)": AT&T syntax, one blank after the mnemonic */
        enum instruction_kind kind;
        struct memory_operand operands[INSTRUCTION_OPERANDS]; /* explicit operands before implicit ones */
        size_t operand_count;
        uint32_t alignment;         /* required alignment of operands[0].address, 0: none */
        struct value_operand value; /* divisor; target of a call or jump */
        bool is_signed;             /* a division of signed integers */
        bool is_x87;                /* of the x87 unit, which reports an exception of an earlier instruction */
        bool makes_integer;         /* converts floating-point numbers to integers */
        enum instruction_permit permit;
        bool has_check; /* clang's -fsanitize-trap encoded the number of the failed check in it */
        uint8_t check;
};

/* Disassembles the instruction at `address`, of which `n` bytes are available in `code`. `regs` (may be NULL) are the
 * registers before it is executed. Returns 0; -EBADMSG: no instruction (text "(bad)", kind
 * INSTRUCTION_INVALID, length 1); -ENOMEM. */
int disassemble(const uint8_t *code, size_t n, uint64_t address, const struct arch_registers *regs,
                struct instruction *out);

#endif
