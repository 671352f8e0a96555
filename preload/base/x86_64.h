/* SPDX-License-Identifier: MIT */
/* preload/base/x86_64.h: the parts of the x86-64 Linux ABI that the crash path uses: system calls, the signal frame,
 * stack switching.
 *
 * Signal context: async-signal-safe throughout. System calls are inline and return -errno: libc's wrappers set errno,
 * which is addressed through a thread pointer that the crash may have corrupted, and another module may interpose
 * functions of the same names.
 */
#ifndef CRASHPRE_PRELOAD_X86_64_H
#define CRASHPRE_PRELOAD_X86_64_H

#include "unwind/core/cfi/arch.h"

#include <elf.h> /* constants only */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/* Relocations by which a module calls, or takes the address of, another's function (psABI 4.4.1). */
#define ARCH_RELOCATION_CALL R_X86_64_JUMP_SLOT
#define ARCH_RELOCATION_ADDRESS R_X86_64_GLOB_DAT

/* Kernel entry, psABI A.2.1: number in rax, arguments in rdi rsi rdx r10 r8 r9; rcx and r11 are clobbered. */
static inline long arch_syscall(long n, long a, long b, long c, long d, long e, long f)
{
        register long r10 __asm__("r10") = d;
        register long r8 __asm__("r8") = e;
        register long r9 __asm__("r9") = f;
        long ret;

        __asm__ volatile("syscall"
                         : "=a"(ret)
                         : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                         : "rcx", "r11", "memory");
        return ret;
}

/* Copy and fill memory without a function call; memcpy() and memset() of the crash path are built on these. */
static inline void arch_copy(void *to, const void *from, size_t n)
{
        __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
}

static inline void arch_fill(void *to, int byte, size_t n)
{
        __asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(byte) : "memory");
}

/* clone(2) for a child that shares memory: the child runs fn(arg) on `stack_top` (16-byte aligned) and must not return
 * from it. Returns, in the parent only, the child's pid or -errno. */
long arch_clone(unsigned long flags, void *stack_top, int *child_tid, void (*fn)(void *), void *arg);

/* Calls fn(arg) on the stack that ends at `stack_top`, then switches back. Debuggers can unwind through it. */
void arch_call_on_stack(void (*fn)(void *), void *arg, void *stack_top);

/* Recovery point for a step of the crash path that may fault: setjmp and longjmp without a thread pointer (glibc's
 * mangle saved pointers with a secret addressed through it). arch_save() returns 0, and 1 after arch_restore(). */
struct arch_jump {
        uint64_t reg[8];
};
int arch_save(struct arch_jump *jump) __attribute__((returns_twice));
_Noreturn void arch_restore(struct arch_jump *jump);

/* The current registers of the caller of arch_capture(). */
void arch_capture(struct arch_registers *out);

/* Program counter and stack pointer of an interrupted context. */
uint64_t arch_context_pc(const ucontext_t *uc);
uint64_t arch_context_sp(const ucontext_t *uc);

/* Sets the return value of the system call that the context was interrupted after. */
void arch_context_set_result(ucontext_t *uc, long result);

/* The registers of an interrupted context. */
void arch_registers_from_context(const ucontext_t *uc, struct arch_registers *out);

/* Clears flag AC. A program may have set it to get SIGBUS at each misaligned access, and the kernel enters handlers
 * with the flag unchanged (arch/x86/kernel/signal.c clears only DF, RF and TF); this library's code makes misaligned
 * accesses. Does not touch the red zone. */
static inline void arch_allow_misaligned(void)
{
        __asm__ volatile("leaq -128(%%rsp), %%rsp\n\t"
                         "pushfq\n\t"
                         "andl $~0x40000, (%%rsp)\n\t"
                         "popfq\n\t"
                         "leaq 128(%%rsp), %%rsp" ::
                                 : "memory", "cc");
}

/* The floating-point and vector state of a signal frame (asm/sigcontext.h: struct _fpx_sw_bytes) as the kernel saved
 * it: start and size in bytes, or NULL and 0 if there is none. The caller must read the bytes with probe_*(), since
 * they may be unreadable. */
const void *arch_context_xstate(const ucontext_t *uc, size_t *size);

/* The hardware error code of a page fault and the trap number (asm/trap_pf.h, asm/trapnr.h). */
uint64_t arch_context_fault_error(const ucontext_t *uc);
uint64_t arch_context_trap(const ucontext_t *uc);

/* Whether the processor raised a general-protection or stack fault (reported with si_code SI_KERNEL, and raised again
 * when the instruction is restarted). */
bool arch_context_is_protection_fault(const ucontext_t *uc);

/* Whether a direct jump in the `n` bytes of code, which are those at address `at`, has its target in [low, high].
 * Decodes at every byte, since instruction boundaries are unknown. */
bool arch_jumps_between(const uint8_t *code, size_t n, uint64_t at, uint64_t low, uint64_t high);

/* The return address of handlers: calls rt_sigreturn; its CFI marks it as a signal frame. */
void arch_restorer(void) __attribute__((visibility("hidden")));

/* Moves the signal frame that `uc` is part of (with siginfo and vector state) to the stack that was interrupted, where
 * the kernel would have put it for a handler without SA_ONSTACK, and calls fn(sig, info, uc, arg) there; fn's return is
 * the handler's return. Returns only if the frame cannot be written to that stack (overflow, unmapped): false. */
bool arch_deliver_on_interrupted_stack(int sig, siginfo_t *info, ucontext_t *uc,
                                       void (*fn)(int, siginfo_t *, ucontext_t *, void *), void *arg);

#endif
