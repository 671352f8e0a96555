/* SPDX-License-Identifier: MIT */
/* unwind/target/arch.h: where a processor's registers come from; one file each (x86_64.c). */
#ifndef CRASHPRE_UNWIND_ARCH_H
#define CRASHPRE_UNWIND_ARCH_H

#include "unwind/core/cfi/arch.h"

#include <stdbool.h>
#include <sys/types.h>
#include <ucontext.h>

/* Registers of a thread in ptrace-stop. 0 or -errno. A thread stopped in a system call has its pc behind the
 * instruction, as gdb shows it. */
int arch_read_registers(pid_t tid, struct arch_registers *out);

/* Registers that getcontext(3) or a signal handler was given. */
void arch_from_ucontext(const ucontext_t *uc, struct arch_registers *out);

/* In a signal handler: what the system call that the signal interrupted returns. */
void arch_set_result(ucontext_t *uc, long result);

/* Which slot of the global offset table does the stub of `len` bytes at virtual address `addr` jump through? */
bool arch_plt_slot(const uint8_t *code, size_t len, uint64_t addr, uint64_t *slot);

/* How many functions in `code` begin by setting up a frame pointer. */
size_t arch_count_frame_pointers(const uint8_t *code, size_t len);

#endif
