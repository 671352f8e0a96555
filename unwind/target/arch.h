/* SPDX-License-Identifier: MIT */
/* unwind/target/arch.h: processor-specific access to registers and code; one file per processor (x86_64.c). */
#ifndef CRASHPRE_UNWIND_ARCH_H
#define CRASHPRE_UNWIND_ARCH_H

#include "unwind/core/cfi/arch.h"

#include <stdbool.h>
#include <sys/types.h>
#include <ucontext.h>

/* Reads the registers of a thread in ptrace-stop. Returns 0 or -errno. If the thread is stopped in a system call, its
 * pc is after the system call instruction, as gdb shows it. */
int arch_read_registers(pid_t tid, struct arch_registers *out);

/* Lets a thread in ptrace-stop continue at `pc` when it is detached, with all signals blocked; a system call that was interrupted
 * is not restarted. Returns 0 or -errno. */
int arch_park_thread(pid_t tid, uint64_t pc);

/* Converts the registers of getcontext(3) or of a signal handler's context. Async-signal-safe. */
void arch_from_ucontext(const ucontext_t *uc, struct arch_registers *out);

/* Returns the value of pthread_self() in the thread with these registers in *out; false if its thread pointer is not known. */
bool arch_thread_self(const struct arch_registers *regs, uint64_t *out);

/* In a signal handler: sets the return value of the system call that the signal interrupted. Async-signal-safe. */
void arch_set_result(ucontext_t *uc, long result);

/* Finds the slot of the global offset table that the PLT stub of `len` bytes at virtual address `addr` jumps through.
 * Returns false if there is no such jump. */
bool arch_plt_slot(const uint8_t *code, size_t len, uint64_t addr, uint64_t *slot);

/* Returns the number of functions in `code` that begin by setting up a frame pointer. */
size_t arch_count_frame_pointers(const uint8_t *code, size_t len);

struct target;

/* Reads the number of the signal from a frame of the kernel's: `sp` is SP at the code that ends the handler. Returns 0, or -errno. */
int arch_signal_of_frame(struct target *t, uint64_t sp, int *signal);

#endif
