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

/* Whether the program runs under valgrind, whose processor understands this sequence of rotations, which has no effect on
 * another one (valgrind.h: "client requests"; request 0x1001, RUNNING_ON_VALGRIND). */
static inline bool arch_under_valgrind(void)
{
        const uint64_t request[6] = { 0x1001 };
        uint64_t answer = 0;

        __asm__ volatile("rolq $3, %%rdi\n\trolq $13, %%rdi\n\t"
                         "rolq $61, %%rdi\n\trolq $51, %%rdi\n\t"
                         "xchgq %%rbx, %%rbx"
                         : "+d"(answer)
                         : "a"(request), "m"(request)
                         : "rdi", "cc", "memory");
        return answer != 0;
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

/* Where the helper lets other threads of a dying process wait for its end: an endless loop of pause(2) that uses no stack. */
void arch_park(void);

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

/* If an instruction raised the signal that does not fault again when the context is resumed, because the context is after it
 * (int3; a system call that a seccomp filter traps), moves the context back to it and returns true. */
bool arch_context_execute_again(int sig, const siginfo_t *info, ucontext_t *uc);

/* Sets the return value of the system call that the context was interrupted after. */
void arch_context_set_result(ucontext_t *uc, long result);

/* Lets the system call for which the traced thread was stopped by SIGSYS return -ENOSYS (user(5): PTRACE_POKEUSER). */
void arch_trace_fail_call(long tid);

/* The registers of an interrupted context. */
void arch_registers_from_context(const ucontext_t *uc, struct arch_registers *out);

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

/* Defines `entry`, a handler for the kernel, around `function`:
 *
 *     void *function(int sig, siginfo_t *info, ucontext_t *uc, uint64_t restorer)
 *
 * The kernel pushes sa_restorer as the handler's return address (arch/x86/kernel/signal_64.c: x64_setup_rt_frame()). `entry`
 * passes it on and puts arch_restorer in its place, so sa_restorer can hold any value (actions.h). If `function` returns an
 * address, `entry` jumps there with the registers and the stack as the kernel set them: an unwinder in that handler sees the
 * handler, the signal frame, and the interrupted code. If it returns NULL, so does the handler.
 *
 * A handler of the application that found `entry` in the kernel's table may call it; its return address is left alone then,
 * and `restorer` is 0. On entry from the kernel the ucontext follows the return address, and rdx points to it.
 *
 * Emulators may align the frame to 8 bytes only, so SP is aligned. Flag AC is cleared during the call: a program may have
 * set it to get SIGBUS at each misaligned access, handlers are entered with it (the kernel clears only DF, RF and TF), and
 * this library's code makes misaligned accesses. */
#define ARCH_SIGNAL_ENTRY(entry, function)                      \
        __asm__(".pushsection .text, \"ax\", @progbits\n"       \
                ".balign 16\n"                                  \
                ".globl " #entry "\n"                           \
                ".hidden " #entry "\n"                          \
                ".type " #entry ", @function\n" #entry ":\n"    \
                ".cfi_startproc\n"                              \
                "xorl %ecx, %ecx\n"                             \
                "leaq 8(%rsp), %rax\n"                          \
                "cmpq %rax, %rdx\n"                             \
                "jne 1f\n"                                      \
                "leaq arch_restorer(%rip), %rax\n"              \
                "movq (%rsp), %rcx\n"                           \
                "movq %rax, (%rsp)\n"                           \
                "1:\n"                                          \
                "pushq %rbp\n"                                  \
                ".cfi_def_cfa_offset 16\n"                      \
                ".cfi_offset rbp, -16\n"                        \
                "movq %rsp, %rbp\n"                             \
                ".cfi_def_cfa_register rbp\n"                   \
                "pushq %rdi\n"                                  \
                "pushq %rsi\n"                                  \
                "pushq %rdx\n"                                  \
                "pushfq\n"                                      \
                "andq $-16, %rsp\n"                             \
                "pushfq\n"                                      \
                "andl $~0x40000, (%rsp)\n" /* AC */             \
                "popfq\n"                                       \
                "call " #function "\n"                          \
                "leaq -32(%rbp), %rsp\n"                        \
                "popfq\n"                                       \
                "popq %rdx\n"                                   \
                "popq %rsi\n"                                   \
                "popq %rdi\n"                                   \
                "popq %rbp\n"                                   \
                ".cfi_def_cfa rsp, 8\n"                         \
                ".cfi_restore rbp\n"                            \
                "movq %rax, %r11\n"                             \
                "movl $0, %eax\n" /* as the kernel leaves it */ \
                "testq %r11, %r11\n"                            \
                "jnz 2f\n"                                      \
                "ret\n"                                         \
                "2:\n"                                          \
                "jmp *%r11\n"                                   \
                ".cfi_endproc\n"                                \
                ".size " #entry ", . - " #entry "\n"            \
                ".popsection\n")

/* Defines `name`, an interposed function, around `function`:
 *
 *     void *function(long first, long second, ...)
 *
 * It is called with the first arguments and returns the address of the function that `name` stands before, where `name` jumps
 * with all arguments in their registers, the number of vector registers in al for a variadic function included (psABI 3.2.3): no
 * frame of this library is on the stack then. Arguments in vector registers are not preserved. */
#define ARCH_FORWARD(name, function)                       \
        __asm__(".pushsection .text, \"ax\", @progbits\n"  \
                ".balign 16\n"                             \
                ".globl " #name "\n"                       \
                ".type " #name ", @function\n" #name ":\n" \
                ".cfi_startproc\n"                         \
                "pushq %rax\n"                             \
                "pushq %rdi\n"                             \
                "pushq %rsi\n"                             \
                "pushq %rdx\n"                             \
                "pushq %rcx\n"                             \
                "pushq %r8\n"                              \
                "pushq %r9\n"                              \
                ".cfi_adjust_cfa_offset 56\n"              \
                "call " #function "\n"                     \
                "movq %rax, %r11\n"                        \
                "popq %r9\n"                               \
                "popq %r8\n"                               \
                "popq %rcx\n"                              \
                "popq %rdx\n"                              \
                "popq %rsi\n"                              \
                "popq %rdi\n"                              \
                "popq %rax\n"                              \
                ".cfi_adjust_cfa_offset -56\n"             \
                "jmp *%r11\n"                              \
                ".cfi_endproc\n"                           \
                ".size " #name ", . - " #name "\n"         \
                ".popsection\n")

/* The return address of handlers: calls rt_sigreturn; its CFI marks it as a signal frame. */
void arch_restorer(void) __attribute__((visibility("hidden")));

/* Moves the signal frame that `uc` is part of (with siginfo and vector state) to the stack that was interrupted, where
 * the kernel would have put it for a handler without SA_ONSTACK. Returns the new context, NULL if the frame cannot be
 * written there (overflow, unmapped). Makes no system call: a store that faults is abandoned (arch_abandon_store()). */
ucontext_t *arch_move_to_interrupted_stack(const siginfo_t *info, const ucontext_t *uc);

/* Enters `handler` on the signal frame of `uc`, which arch_move_to_interrupted_stack() made, as the kernel would. */
_Noreturn void arch_enter_handler(void *handler, int sig, ucontext_t *uc);

/* If the context is that of a store of arch_move_to_interrupted_stack() that faulted, lets it continue after the store, with
 * the result "failed", and returns true. */
bool arch_abandon_store(ucontext_t *uc);

/* The siginfo of the signal frame that the context at address `uc` is part of. */
static inline uint64_t arch_siginfo_of_frame(uint64_t uc)
{
        return uc + 304; /* arch/x86/include/asm/sigframe.h: struct rt_sigframe */
}

/* A value that differs from thread to thread of a process and costs no system call where the processor and the kernel let
 * programs read the base of fs (AT_HWCAP2, asm/hwcap2.h: HWCAP2_FSGSBASE), else the thread id. Never 0. arch_init() is called
 * once, at load time. */
void arch_init(uint64_t hwcap2);
uint64_t arch_thread_key(void);

#endif
