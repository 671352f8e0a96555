/* SPDX-License-Identifier: MIT */
/* Two names for the same code: an assembler that describes functions generates two DIEs for it. */
        .text
        .globl  assembled
        .type   assembled, @function
        .globl  assembled_too
        .type   assembled_too, @function
assembled:
assembled_too:
        lea     (%rdi,%rdi), %eax
        add     $0, %eax
        ret
        .size   assembled, . - assembled
        .size   assembled_too, . - assembled_too
        .section .note.GNU-stack, "", @progbits
