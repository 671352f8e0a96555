/* SPDX-License-Identifier: MIT */
/* unwind/core/cfi/x86_64.h: properties of the x86-64 processor and its psABI that the unwinder uses.
 *
 * DWARF register numbers: System V psABI AMD64, figure 3.36. No other file of unwind/ or report/ contains register
 * names such as "rip": they use the names and tables below, so that support for a second processor is a second file.
 */
#ifndef CRASHPRE_UNWIND_CORE_X86_64_H
#define CRASHPRE_UNWIND_CORE_X86_64_H

#include <stddef.h>
#include <stdint.h>

/* The page sizes that a kernel may have. Memory is mapped in multiples of the smallest: reads that stay within such a piece fail or
 * succeed as a whole. What has to be aligned to pages before the real size is known takes the largest. */
#define ARCH_PAGE_MIN 4096u
#define ARCH_PAGE_MAX 4096u

enum {
        ARCH_REG_RAX,
        ARCH_REG_RDX,
        ARCH_REG_RCX,
        ARCH_REG_RBX,
        ARCH_REG_RSI,
        ARCH_REG_RDI,
        ARCH_REG_FP, /* rbp */
        ARCH_REG_SP, /* rsp */
        ARCH_REG_R8,
        ARCH_REG_R9,
        ARCH_REG_R10,
        ARCH_REG_R11,
        ARCH_REG_R12,
        ARCH_REG_R13,
        ARCH_REG_R14,
        ARCH_REG_R15,
        ARCH_REG_PC, /* the return address column, 16 */
        ARCH_DWARF_REGS,

        /* Not DWARF registers: shown in reports, not used to unwind. */
        ARCH_REG_FLAGS = ARCH_DWARF_REGS,
        ARCH_REG_CS,
        ARCH_REG_SS,
        ARCH_REG_DS,
        ARCH_REG_ES,
        ARCH_REG_FS,
        ARCH_REG_GS,
        ARCH_REG_FS_BASE,
        ARCH_REG_GS_BASE,
        ARCH_REGS
};

/* Intel SDM volume 3, 6.15 and 4.7: the trap number of a page fault and bits of its error code. Valid only if si_code
 * indicates that the kernel raised the signal: for a sent signal they are left over from the thread's last fault. */
#define ARCH_TRAP_OVERFLOW 4u
#define ARCH_TRAP_STACK_SEGMENT 12u
#define ARCH_TRAP_PROTECTION 13u
#define ARCH_TRAP_PAGE_FAULT 14u
#define ARCH_FAULT_WRITE 0x2u
#define ARCH_FAULT_EXECUTE 0x10u

#define ARCH_FLAG_ALIGNMENT (1u << 18) /* of ARCH_REG_FLAGS, AC: misaligned accesses fault (volume 1, 3.4.3.3) */

#define ARCH_NAME "x86_64" /* as uname(2) returns it */

/* Bytes an instruction may have (Intel SDM volume 2, 2.3.11). */
#define ARCH_INSTRUCTION_LONGEST 15

/* Bytes below SP that a leaf function may use without changing SP (psABI 3.2.2). */
#define ARCH_RED_ZONE 128

/* Registers that a function must preserve (psABI 3.2.1), bit n for register n. */
#define ARCH_CALLEE_SAVED                                                                                       \
        (1u << ARCH_REG_RBX | 1u << ARCH_REG_FP | 1u << ARCH_REG_SP | 1u << ARCH_REG_R12 | 1u << ARCH_REG_R13 | \
         1u << ARCH_REG_R14 | 1u << ARCH_REG_R15)

/* ELF e_machine of modules for this processor. */
#define ARCH_ELF_MACHINE 62 /* EM_X86_64 */

/* All registers of one thread at one instant. Bit n of `known`: v[n] is valid. Bit n of `inherited`: v[n] is the
 * callee's value, and nothing indicates that the callee preserved the caller's value (see cfi_apply_row()):
 * sufficient to compute a CFA, not to be shown. `inherited` is zero in registers from a context. */
struct arch_registers {
        uint64_t v[ARCH_REGS];
        uint32_t known;
        uint32_t inherited;
};

/* AUDIT_ARCH_X86_64 of linux/audit.h: the si_arch of a SIGSYS for this processor's native system calls. */
#define ARCH_AUDIT 0xc000003eu

/* Names as gdb's "info registers" prints them, indexed by ARCH_REG_*. */
#define ARCH_REG_NAMES                                                                                                 \
        {                                                                                                              \
                "rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", \
                        "r15", "rip", "eflags", "cs", "ss", "ds", "es", "fs", "gs", "fs_base", "gs_base"               \
        }

/* The order in which gdb's "info registers" lists them. */
/* The kernel's struct rt_sigframe (arch/x86/include/asm/sigframe.h) has a return address, a ucontext of this size, shorter than libc's, and the
 * siginfo. */
#define ARCH_KERNEL_UCONTEXT_SIZE 304

/* That functions preserve (System V ABI, AMD64, figure 3.4), other than SP. */
#define ARCH_REG_PRESERVED ARCH_REG_RBX, ARCH_REG_FP, ARCH_REG_R12, ARCH_REG_R13, ARCH_REG_R14, ARCH_REG_R15

#define ARCH_REG_DISPLAY_ORDER                                                                                         \
        {                                                                                                              \
                ARCH_REG_RAX, ARCH_REG_RBX, ARCH_REG_RCX, ARCH_REG_RDX, ARCH_REG_RSI, ARCH_REG_RDI, ARCH_REG_FP,       \
                        ARCH_REG_SP, ARCH_REG_R8, ARCH_REG_R9, ARCH_REG_R10, ARCH_REG_R11, ARCH_REG_R12, ARCH_REG_R13, \
                        ARCH_REG_R14, ARCH_REG_R15, ARCH_REG_PC, ARCH_REG_FLAGS, ARCH_REG_CS, ARCH_REG_SS,             \
                        ARCH_REG_DS, ARCH_REG_ES, ARCH_REG_FS, ARCH_REG_GS, ARCH_REG_FS_BASE, ARCH_REG_GS_BASE         \
        }

#endif
