/* SPDX-License-Identifier: MIT */
/* unwind/core/cfi/arch_unwind.h: what the walk asks of the processor where there is no call frame information.
 *
 * One file a processor answers (x86_64.c). Signal context as in cfi.h. Code and stack are read through `space`;
 * what cannot be read is not recognized.
 */
#ifndef CRASHPRE_UNWIND_CORE_ARCH_UNWIND_H
#define CRASHPRE_UNWIND_CORE_ARCH_UNWIND_H

#include "unwind/core/cfi/cfi.h"

/* Does the code at `pc` begin with the call of rt_sigreturn that a handler returns to? */
bool arch_is_sigreturn(const struct cfi_space *space, uint64_t pc);

/* The registers that rt_sigreturn would restore, `sp` being SP at that code. 0 or -EFAULT. */
int arch_read_signal_frame(const struct cfi_space *space, uint64_t sp, struct arch_registers *out);

/* Is the instruction that ends at `pc` a call? The code is variable in length, so that a yes may be chance. */
bool arch_follows_call(const struct cfi_space *space, uint64_t pc);

/* Where a frame keeps what leads to its caller, as addresses. */
struct arch_frame_link {
        uint64_t return_address;
        uint64_t frame_pointer; /* saved one; 0: FP has the caller's value still */
        uint64_t cfa;           /* SP of the caller */
};

/* By the frame pointer. */
struct arch_frame_link arch_link_by_fp(uint64_t fp);

/* By the code at an exact `pc`, before the frame pointer is set up and after it is taken down. */
bool arch_link_by_code(const struct cfi_space *space, uint64_t pc, uint64_t sp, struct arch_frame_link *out);

/* What the function at `code` gives when it is called with `self`, where it does no more than load a pointer from an
 * object, or name a constant. false: it does more, or something unknown. */
bool arch_simple_getter(const struct cfi_space *space, uint64_t code, uint64_t self, uint64_t *result);

/* The first four arguments of the call that returns to `return_address`, where the code before it sets them all to
 * constants and does nothing else, as for functions that report a failed check. */
bool arch_constant_arguments(const struct cfi_space *space, uint64_t return_address, uint64_t argument[4]);

#endif
