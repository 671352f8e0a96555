# SPDX-License-Identifier: MIT
# Functions with frame pointers and unwind tables, a local label, a symbol without type and size.
        .text
        .globl main
        .type main, @function
main:   .cfi_startproc
        pushq %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset %rbp, -16
        movq %rsp, %rbp
        .cfi_def_cfa_register %rbp
        call bare
        xorl %eax, %eax
        popq %rbp
        .cfi_def_cfa %rsp, 8
        ret
        .cfi_endproc
        .size main, . - main

bare:   .cfi_startproc
        pushq %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset %rbp, -16
        movq %rsp, %rbp
        .cfi_def_cfa_register %rbp
        movl $5, %edi
        call crash_in_c@PLT
        popq %rbp
        .cfi_def_cfa %rsp, 8
        ret
        .cfi_endproc
        .section .note.GNU-stack, "", @progbits
