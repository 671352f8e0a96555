/* SPDX-License-Identifier: MIT */
/* unwind/core/image/fault_look.h: the first look at a fault: its class as far as it is certain without a disassembler and
 * without names.
 *
 * The raw writer prints the result; report/fault/fault.c refines it. All inputs are plain facts in one struct.
 * Async-signal-safe: no libc, reads no memory of the crashing program.
 */
#ifndef CRASHPRE_UNWIND_CORE_FAULT_LOOK_H
#define CRASHPRE_UNWIND_CORE_FAULT_LOOK_H

#include "unwind/core/cfi/arch_fault.h"
#include "unwind/core/image/guards.h"
#include "unwind/core/terms/fault_class.h"

/* An access below FAULT_NULL_PAGE is through a null pointer, whatever the instruction; below FAULT_NULL_AREA, the default of
 * vm.mmap_min_addr, nothing can be mapped. */
#define FAULT_NULL_PAGE ARCH_PAGE_MIN
#define FAULT_NULL_AREA 65536u

/* If SP is in the lowest page of a stack, an access below that stack is an overflow, whatever the instruction. */
#define FAULT_STACK_LOWEST ARCH_PAGE_MIN

/* One mapping; end 0: none. */
struct fault_area {
        uint64_t start, end;
        uint32_t perms; /* MAPS_* */
};

struct fault_look {
        int signal, code; /* si_signo, si_code */
        bool from_self;   /* the process itself sent the signal, if it was sent */
        bool uncaught_exception, terminate;
        bool has_address; /* as signames_has_address() */
        uint64_t address;
        uint64_t trap, error;              /* 0 unknown */
        const struct arch_registers *regs; /* at the fault; members may be unknown */
        const uint8_t *code_at_pc;         /* code_size bytes, 0 if they could not be read */
        size_t code_size;
        bool has_map; /* the memory map is known, and so are `at` and `above` */
        struct fault_area at,
                above;       /* the mapping that holds `address`; the lowest writable one that begins above it */
        bool above_is_stack; /* it is [stack], or the thread has frames in it */
        enum guard_state
                guard; /* FOUND: `at` is only the guard region, without rights, and `above` may be the rest of its mapping.
                                 * NONE: `at` is empty, if its mapping cannot have been there at the fault */
};

/* Returns the class or a coarser one (fault_class_is_coarser()); FAULT_UNKNOWN if nothing is certain. */
enum fault_class fault_look_class(const struct fault_look *look);

/* Whether the fault can only be explained by a guard region, or by a mapping that was made after it: `guard` is to be determined. */
bool fault_look_wants_guard(const struct fault_look *look);

/* Returns the access that faulted; ARCH_ACCESS_UNKNOWN if only the instruction shows it. */
enum arch_access fault_look_access(const struct fault_look *look);

/* True if the fetch of an instruction faulted. The error code alone may belong to an earlier fault of the thread: the kernel
 * keeps the last one, and a debugger that calls functions before it passes the signal on causes others. */
bool fault_look_is_fetch(const struct fault_look *look);

/* True if the address is below a stack (in its guard or unmapped) and SP is at the low end of that stack or below it: a stack
 * overflow, unless the access was made through a pointer unrelated to the stack. */
bool fault_look_is_below_stack(const struct fault_look *look);

#endif
