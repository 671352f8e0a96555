/* SPDX-License-Identifier: MIT */
/* unwind/core/cfi/arch_fault.h: what the processor reports with a fault, and what the first bytes of an instruction show
 * without a disassembler. One implementation per processor (x86_64_fault.c). Async-signal-safe.
 */
#ifndef CRASHPRE_UNWIND_CORE_ARCH_FAULT_H
#define CRASHPRE_UNWIND_CORE_ARCH_FAULT_H

#include "unwind/core/cfi/arch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum arch_access { ARCH_ACCESS_UNKNOWN, ARCH_ACCESS_READ, ARCH_ACCESS_WRITE, ARCH_ACCESS_EXECUTE };

/* Returns the access that faulted, from the trap number and the error code in the ucontext; UNKNOWN if it was not a page
 * fault. */
enum arch_access arch_fault_access(uint64_t trap, uint64_t error);

/* True if a check of the processor failed that reports no address (x86: general protection). */
bool arch_fault_is_protection(uint64_t trap);

/* True if such a check failed for an access through the stack pointer or the frame pointer (x86: stack segment). */
bool arch_fault_is_stack_protection(uint64_t trap);

/* True if the processor can address `size` bytes (0 counts as 1) at `address`. */
bool arch_is_canonical(uint64_t address, uint32_t size);

/* True if the instruction that begins with these `n` bytes certainly addresses memory without a segment register
 * (thread-local storage). */
bool arch_code_is_flat(const uint8_t *code, size_t n);

/* True if it is certainly an instruction that only the kernel may execute. */
bool arch_code_is_privileged(const uint8_t *code, size_t n);

#endif
