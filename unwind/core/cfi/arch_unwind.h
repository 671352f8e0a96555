/* SPDX-License-Identifier: MIT */
/* unwind/core/cfi/arch_unwind.h: processor-specific rules of the walk for code without call frame information.
 *
 * Implemented once per processor (x86_64.c). Signal context as in cfi.h. Code and stack are read through `space`;
 * code that cannot be read is not recognized.
 */
#ifndef CRASHPRE_UNWIND_CORE_ARCH_UNWIND_H
#define CRASHPRE_UNWIND_CORE_ARCH_UNWIND_H

#include "unwind/core/cfi/cfi.h"

/* True if the code at `pc` begins with the rt_sigreturn system call that a signal handler returns to. */
bool arch_is_sigreturn(const struct cfi_space *space, uint64_t pc);

/* Reads the registers that rt_sigreturn would restore; `sp` is SP at that code. Returns 0 or -EFAULT. */
int arch_read_signal_frame(const struct cfi_space *space, uint64_t sp, struct arch_registers *out);

/* True if the instruction that ends at `pc` is a call. Instructions vary in length, so a positive result may be
 * accidental. */
bool arch_follows_call(const struct cfi_space *space, uint64_t pc);

/* Addresses at which a frame stores the link to its caller. */
struct arch_frame_link {
        uint64_t return_address;
        uint64_t frame_pointer; /* address of the saved frame pointer; 0: FP still has the caller's value */
        uint64_t cfa;           /* SP of the caller */
};

/* Returns the link of a frame whose frame pointer is `fp`. */
struct arch_frame_link arch_link_by_fp(uint64_t fp);

/* Finds the link from the code at an exact `pc`, before the frame pointer is set up and after it is restored. Returns
 * false if the code at `pc` is neither. */
bool arch_link_by_code(const struct cfi_space *space, uint64_t pc, uint64_t sp, struct arch_frame_link *out);

/* What the beginning of a function has done to the stack: `depth` is the number of bytes between SP and the return address. */
struct arch_prologue {
        uint64_t depth;
        bool saved_fp; /* FP was pushed, `fp_offset` bytes below the return address */
        uint64_t fp_offset;
        bool framed; /* FP has been set: the frame-pointer chain includes this function */
};

/* Interprets the code from `start`, the first instruction of a function, to the first instruction that does not belong to a prologue, or
 * to `pc`. Returns false if the code cannot be read, or moves SP by an amount that it does not contain. */
bool arch_read_prologue(const struct cfi_space *space, uint64_t start, uint64_t pc, struct arch_prologue *out);

/* Finds the function that is called by the instruction before the return address: a direct call, also through a PLT stub, or one
 * through an address in memory. Returns false for any other. */
bool arch_call_target(const struct cfi_space *space, uint64_t return_address, uint64_t *target);

/* Computes the return value of the function at `code` when it is called with `self`, if the function only loads a
 * pointer from an object or returns a constant. Returns false if it does more, or contains an unsupported
 * instruction. */
bool arch_simple_getter(const struct cfi_space *space, uint64_t code, uint64_t self, uint64_t *result);

/* Finds the first four arguments of the call with the return address `return_address`, if the code before it sets
 * them all to constants and does nothing else, as for functions that report a failed check. Returns false otherwise. */
bool arch_constant_arguments(const struct cfi_space *space, uint64_t return_address, uint64_t argument[4]);

/* Finds in the code before the call with the return address `return_address` what loads a constant to the register of argument `n` (0 to 3).
 * Where instructions begin is not known there: the caller checks what the constant points to. Returns false if there is none. */
bool arch_near_constant(const struct cfi_space *space, uint64_t return_address, unsigned n, uint64_t *value);

/* The arguments of a variadic function, by the va_list in its frame: see arch_va_begin(). */
struct arch_va {
        uint64_t general, vector, memory; /* addresses of the saved registers, and of the arguments behind them */
        unsigned next_general, next_vector, next_memory;
};

/* Whether `words` is the va_list of a function with `named` arguments before the variable ones, whose frame is [sp, end): its parts point into
 * that frame and behind it. */
bool arch_va_begin(const uint64_t words[3], uint64_t sp, uint64_t end, unsigned named, struct arch_va *out);

/* The address of the next argument: a double, or of any other type. */
uint64_t arch_va_next(struct arch_va *va, bool is_double);

#endif
