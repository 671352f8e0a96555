/* SPDX-License-Identifier: MIT */
#include "preload/base/x86_64.h"
#include "preload/base/startup.h"
#include "preload/base/syscalls.h"
#include "unwind/core/terms/signames.h"

#include <errno.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/user.h>

/* Debuggers recognize a signal trampoline by the name __restore_rt (gdb: amd64_linux_sigtramp_p) and by this byte
 * sequence. On entry SP points to the ucontext, because the handler's ret has popped the return address. The registers
 * are in uc_mcontext (asm/sigcontext.h), at offset 40 of the ucontext; each rule is "saved at SP + offset"
 * (DW_CFA_expression, DW_OP_breg7). The FDE starts one byte early because some unwinders look up pc - 1 even here. */
#define SAVED(reg, offset) ".cfi_escape 0x10, " reg ", 0x02, 0x77, " offset "\n"
#define SAVED_FAR(reg, offset) ".cfi_escape 0x10, " reg ", 0x03, 0x77, " offset "\n"
__asm__(".pushsection .text, \"ax\", @progbits\n"
        ".balign 16\n"
        ".cfi_startproc simple\n"
        ".cfi_signal_frame\n"
        ".cfi_escape 0x0f, 0x04, 0x77, 0xa0, 0x01, 0x06\n"                /* CFA = *(SP + 160): the interrupted SP */
        SAVED("0x08", "0x28") SAVED("0x09", "0x30") SAVED("0x0a", "0x38") /* r8 r9 r10 */
        /* r11 r12 r13 */
        SAVED_FAR("0x0b", "0xc0, 0x00") SAVED_FAR("0x0c", "0xc8, 0x00") SAVED_FAR("0x0d", "0xd0, 0x00")
                SAVED_FAR("0x0e", "0xd8, 0x00") SAVED_FAR("0x0f", "0xe0, 0x00") /* r14 r15 */
        SAVED_FAR("0x05", "0xe8, 0x00") SAVED_FAR("0x04", "0xf0, 0x00")         /* rdi rsi */
        SAVED_FAR("0x06", "0xf8, 0x00") SAVED_FAR("0x03", "0x80, 0x01")         /* rbp rbx */
        SAVED_FAR("0x01", "0x88, 0x01") SAVED_FAR("0x00", "0x90, 0x01")         /* rdx rax */
        SAVED_FAR("0x02", "0x98, 0x01") SAVED_FAR("0x07", "0xa0, 0x01")         /* rcx rsp */
        SAVED_FAR("0x10", "0xa8, 0x01")                                         /* rip */
        "nop\n"
        ".type __restore_rt, @function\n"
        ".globl arch_restorer\n"
        ".hidden arch_restorer\n"
        "arch_restorer:\n"
        "__restore_rt:\n"
        "movq $15, %rax\n" /* SYS_rt_sigreturn */
        "syscall\n"
        ".size __restore_rt, . - __restore_rt\n"
        ".cfi_endproc\n"
        ".popsection\n");

/* The child starts with no caller frame: the undefined return address terminates an unwind. */
__asm__(".pushsection .text, \"ax\", @progbits\n"
        ".balign 16\n"
        ".globl arch_clone\n"
        ".hidden arch_clone\n"
        ".type arch_clone, @function\n"
        "arch_clone:\n"
        ".cfi_startproc\n"
        "movq %rcx, %r9\n"  /* fn: the system call destroys rcx */
        "movq %rdx, %r10\n" /* child_tid: clone's fourth argument; the third, parent_tid, is unused */
        "xorl %edx, %edx\n"
        "movl $56, %eax\n" /* SYS_clone */
        "syscall\n"
        "testq %rax, %rax\n"
        "jz 1f\n"
        "ret\n"
        "1:\n"
        ".cfi_undefined rip\n"
        "xorl %ebp, %ebp\n"
        "movq %r8, %rdi\n"
        "call *%r9\n"
        "hlt\n"
        ".cfi_endproc\n"
        ".size arch_clone, . - arch_clone\n"
        ".popsection\n");

__asm__(".pushsection .text, \"ax\", @progbits\n"
        ".balign 16\n"
        ".globl arch_call_on_stack\n"
        ".hidden arch_call_on_stack\n"
        ".type arch_call_on_stack, @function\n"
        "arch_call_on_stack:\n"
        ".cfi_startproc\n"
        "pushq %rbp\n"
        ".cfi_def_cfa_offset 16\n"
        ".cfi_offset rbp, -16\n"
        "movq %rsp, %rbp\n"
        ".cfi_def_cfa_register rbp\n"
        "movq %rdx, %rsp\n"
        "movq %rdi, %rax\n"
        "movq %rsi, %rdi\n"
        "call *%rax\n"
        "leave\n"
        ".cfi_def_cfa rsp, 8\n"
        "ret\n"
        ".cfi_endproc\n"
        ".size arch_call_on_stack, . - arch_call_on_stack\n"
        ".popsection\n");

__asm__(".pushsection .text, \"ax\", @progbits\n"
        ".balign 16\n"
        ".globl arch_save\n"
        ".hidden arch_save\n"
        ".type arch_save, @function\n"
        "arch_save:\n"
        ".cfi_startproc\n"
        "movq %rbx, 0(%rdi)\n"
        "movq %rbp, 8(%rdi)\n"
        "movq %r12, 16(%rdi)\n"
        "movq %r13, 24(%rdi)\n"
        "movq %r14, 32(%rdi)\n"
        "movq %r15, 40(%rdi)\n"
        "leaq 8(%rsp), %rax\n"
        "movq %rax, 48(%rdi)\n"
        "movq (%rsp), %rax\n"
        "movq %rax, 56(%rdi)\n"
        "xorl %eax, %eax\n"
        "ret\n"
        ".cfi_endproc\n"
        ".size arch_save, . - arch_save\n"
        ".globl arch_restore\n"
        ".hidden arch_restore\n"
        ".type arch_restore, @function\n"
        "arch_restore:\n"
        ".cfi_startproc\n"
        "movq 0(%rdi), %rbx\n"
        "movq 8(%rdi), %rbp\n"
        "movq 16(%rdi), %r12\n"
        "movq 24(%rdi), %r13\n"
        "movq 32(%rdi), %r14\n"
        "movq 40(%rdi), %r15\n"
        "movq 48(%rdi), %rsp\n"
        "movl $1, %eax\n"
        "jmp *56(%rdi)\n"
        ".cfi_endproc\n"
        ".size arch_restore, . - arch_restore\n"
        ".popsection\n");

__asm__(".pushsection .text, \"ax\", @progbits\n"
        ".balign 16\n"
        ".globl arch_park\n"
        ".hidden arch_park\n"
        ".type arch_park, @function\n"
        "arch_park:\n"
        ".cfi_startproc\n"
        ".cfi_undefined rip\n"
        "movl $34, %eax\n" /* SYS_pause */
        "syscall\n"
        "jmp arch_park\n"
        ".cfi_endproc\n"
        ".size arch_park, . - arch_park\n"
        ".popsection\n");

/* arch_capture(out): struct arch_registers begins with v[], in DWARF order. */
__asm__(".pushsection .text, \"ax\", @progbits\n"
        ".balign 16\n"
        ".globl arch_capture\n"
        ".hidden arch_capture\n"
        ".type arch_capture, @function\n"
        "arch_capture:\n"
        ".cfi_startproc\n"
        "movq %rax, 0(%rdi)\n"
        "movq %rdx, 8(%rdi)\n"
        "movq %rcx, 16(%rdi)\n"
        "movq %rbx, 24(%rdi)\n"
        "movq %rsi, 32(%rdi)\n"
        "movq %rdi, 40(%rdi)\n"
        "movq %rbp, 48(%rdi)\n"
        "leaq 8(%rsp), %rax\n"
        "movq %rax, 56(%rdi)\n"
        "movq %r8, 64(%rdi)\n"
        "movq %r9, 72(%rdi)\n"
        "movq %r10, 80(%rdi)\n"
        "movq %r11, 88(%rdi)\n"
        "movq %r12, 96(%rdi)\n"
        "movq %r13, 104(%rdi)\n"
        "movq %r14, 112(%rdi)\n"
        "movq %r15, 120(%rdi)\n"
        "movq (%rsp), %rax\n"
        "movq %rax, 128(%rdi)\n"
        "movl $0x1ffff, 208(%rdi)\n" /* known: all of DWARF's */
        "movq 0(%rdi), %rax\n"
        "ret\n"
        ".cfi_endproc\n"
        ".size arch_capture, . - arch_capture\n"
        ".popsection\n");
_Static_assert(offsetof(struct arch_registers, known) == 208, "arch_capture writes by offset");
_Static_assert(ARCH_REG_PC == 16, "arch_capture writes by offset");

/* The kernel's signal frame; glibc's ucontext ends in space for vector state that the kernel stores elsewhere. */
struct signal_frame {
        void (*return_address)(void);
        uint8_t uc[ARCH_KERNEL_UCONTEXT_SIZE];
        uint8_t info[128];
};

uint64_t arch_context_pc(const ucontext_t *uc)
{
        return (uint64_t)uc->uc_mcontext.gregs[REG_RIP];
}

static bool is_before(uint64_t pc, const uint8_t *code, size_t n)
{
        uint8_t found[2];
        struct iovec to = { found, n }, from = { (void *)(pc - n), n }; // NOLINT(performance-no-int-to-ptr)

        return sys_process_vm_readv(sys_getpid(), &to, &from) == (long)n && found[0] == code[0] &&
               found[n - 1] == code[n - 1];
}

bool arch_context_execute_again(int sig, const siginfo_t *info, ucontext_t *uc)
{
        static const uint8_t int3[] = { 0xcc }, int_3[] = { 0xcd, 3 }, syscall_instruction[] = { 0x0f, 0x05 };
        greg_t *pc = &uc->uc_mcontext.gregs[REG_RIP];

        if (sig == SIGTRAP && info->si_code == SI_KERNEL && is_before((uint64_t)*pc, int3, 1)) {
                *pc -= 1;
                return true;
        }
        if (sig == SIGTRAP && info->si_code == SI_KERNEL && is_before((uint64_t)*pc, int_3, 2)) {
                *pc -= 2;
                return true;
        }
        /* kernel/seccomp.c has restored rax (syscall_rollback()) */
        if (sig == SIGSYS && info->si_code == SYS_SECCOMP && is_before((uint64_t)*pc, syscall_instruction, 2)) {
                *pc -= 2;
                return true;
        }
        return false;
}

void arch_context_set_result(ucontext_t *uc, long result)
{
        uc->uc_mcontext.gregs[REG_RAX] = result;
}

uint64_t arch_context_sp(const ucontext_t *uc)
{
        return (uint64_t)uc->uc_mcontext.gregs[REG_RSP];
}

void arch_registers_from_context(const ucontext_t *uc, struct arch_registers *out)
{
        static const uint8_t greg_of[ARCH_DWARF_REGS] = {
                REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
                REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP,
        };
        const greg_t *greg = uc->uc_mcontext.gregs;
        uint64_t selectors = (uint64_t)greg[REG_CSGSFS]; /* cs, gs, fs, ss: 16 bits each, low to high */

        for (unsigned i = 0; i < ARCH_DWARF_REGS; i++)
                out->v[i] = (uint64_t)greg[greg_of[i]];
        out->v[ARCH_REG_FLAGS] = (uint64_t)greg[REG_EFL];
        out->v[ARCH_REG_CS] = selectors & 0xffff;
        out->v[ARCH_REG_GS] = selectors >> 16 & 0xffff;
        out->v[ARCH_REG_FS] = selectors >> 32 & 0xffff;
        out->v[ARCH_REG_SS] = selectors >> 48;
        out->v[ARCH_REG_DS] = out->v[ARCH_REG_ES] = 0;
        out->v[ARCH_REG_FS_BASE] = out->v[ARCH_REG_GS_BASE] = 0;
        out->known = (1u << ARCH_DWARF_REGS) - 1;
        out->known |= 1u << ARCH_REG_FLAGS | 1u << ARCH_REG_CS | 1u << ARCH_REG_SS;
}

#define XSTATE_SW_OFFSET 464 /* of sw_reserved in struct _fpstate_64 */
#define XSTATE_MAX 16384
#define LEGACY_FPSTATE_SIZE 512

const void *arch_context_xstate(const ucontext_t *uc, size_t *size)
{
        const uint8_t *fp = (const void *)uc->uc_mcontext.fpregs;
        uint32_t magic, extended;

        *size = 0;
        if (!fp)
                return NULL;
        __builtin_memcpy(&magic, fp + XSTATE_SW_OFFSET, sizeof(magic));
        __builtin_memcpy(&extended, fp + XSTATE_SW_OFFSET + 4, sizeof(extended));
        *size = magic == 0x46505853u /* FP_XSTATE_MAGIC1 */ && extended <= XSTATE_MAX ? extended : LEGACY_FPSTATE_SIZE;
        return fp;
}

uint64_t arch_context_fault_error(const ucontext_t *uc)
{
        return (uint64_t)uc->uc_mcontext.gregs[REG_ERR];
}

uint64_t arch_context_trap(const ucontext_t *uc)
{
        return (uint64_t)uc->uc_mcontext.gregs[REG_TRAPNO];
}

bool arch_context_is_protection_fault(const ucontext_t *uc)
{
        uint64_t trap = arch_context_trap(uc);

        return trap >= 10 && trap <= 13; /* X86_TRAP_TS, _NP, _SS, _GP */
}

/* store_word(p): writes the word at `p` back as it is, as an ordinary store would: the kernel grows the stack where it allows
 * that. Returns 1; if the store faults, the handler continues at store_failed (arch_abandon_store()), which returns 0. */
int store_word(uint64_t *p) __attribute__((visibility("hidden")));
extern const char store_instruction[] __attribute__((visibility("hidden")));
extern const char store_failed[] __attribute__((visibility("hidden")));
__asm__(".pushsection .text, \"ax\", @progbits\n"
        ".balign 16\n"
        ".globl store_word, store_instruction, store_failed\n"
        ".hidden store_word, store_instruction, store_failed\n"
        ".type store_word, @function\n"
        "store_word:\n"
        ".cfi_startproc\n"
        "movl $1, %eax\n"
        "store_instruction:\n"
        "lock orq $0, (%rdi)\n"
        "ret\n"
        "store_failed:\n"
        "xorl %eax, %eax\n"
        "ret\n"
        ".cfi_endproc\n"
        ".size store_word, . - store_word\n"
        ".popsection\n");

bool arch_abandon_store(ucontext_t *uc)
{
        if (arch_context_pc(uc) != (uint64_t)store_instruction)
                return false;
        uc->uc_mcontext.gregs[REG_RIP] = (greg_t)(uint64_t)store_failed;
        return true;
}

/* Makes every page from `low` to `high` present and writable. */
static bool stack_can_take(uint64_t low, uint64_t high)
{
        for (uint64_t p = high & ~(uint64_t)7; p > low; p = p > 4096 ? p - 4096 : 0)
                if (!store_word((uint64_t *)p)) // NOLINT(performance-no-int-to-ptr)
                        return false;
        return store_word((uint64_t *)(low & ~(uint64_t)7)); // NOLINT(performance-no-int-to-ptr)
}

ucontext_t *arch_move_to_interrupted_stack(const siginfo_t *info, const ucontext_t *uc)
{
        uint64_t sp = (uint64_t)uc->uc_mcontext.gregs[REG_RSP], fp_at, at;
        size_t fp_size;
        const void *fp = arch_context_xstate(uc, &fp_size);
        struct signal_frame *frame;

        if (sp < 65536)
                return NULL;
        sp -= ARCH_RED_ZONE;
        fp_at = (sp - fp_size) & ~(uint64_t)63;                           /* XRSTOR requires 64-byte alignment */
        at = ((fp_at - sizeof(struct signal_frame)) & ~(uint64_t)15) - 8; /* as after a call: psABI 3.2.2 */
        if (!stack_can_take(at, sp))
                return NULL;
        frame = (void *)at; // NOLINT(performance-no-int-to-ptr)
        frame->return_address = arch_restorer;
        __builtin_memcpy(frame->uc, uc, sizeof(frame->uc));
        __builtin_memcpy(frame->info, info, sizeof(frame->info));
        if (fp) {
                __builtin_memcpy((void *)fp_at, fp, fp_size); // NOLINT(performance-no-int-to-ptr)
                ((ucontext_t *)(void *)frame->uc)->uc_mcontext.fpregs =
                        (void *)fp_at; // NOLINT(performance-no-int-to-ptr)
        }
        return (void *)frame->uc;
}

_Noreturn void arch_enter_handler(void *handler, int sig, ucontext_t *uc)
{
        char *frame = (char *)uc - offsetof(struct signal_frame, uc);
        register void *info __asm__("rsi") = frame + offsetof(struct signal_frame, info);
        register uint64_t flags __asm__("r10") = (uint64_t)uc->uc_mcontext.gregs[REG_EFL] & 0x40000; /* AC */

        __asm__ volatile("movq %[frame], %%rsp\n\t"
                         "leaq -128(%%rsp), %%rsp\n\t"
                         "pushfq\n\t"
                         "orq %[flags], (%%rsp)\n\t"
                         "popfq\n\t"
                         "leaq 128(%%rsp), %%rsp\n\t"
                         "movl $0, %%eax\n\t"
                         "jmp *%[handler]"
                         :
                         : [frame] "r"(frame), [handler] "r"(handler), "D"((long)sig), "r"(info),
                           "d"(uc), [flags] "r"(flags)
                         : "memory");
        __builtin_unreachable();
}

/* ---- threads ---- */

SEALED_DATA static bool fs_base_readable = false;

void arch_init(uint64_t hwcap2)
{
        fs_base_readable = hwcap2 & 2; /* HWCAP2_FSGSBASE */
}

uint64_t arch_thread_key(void)
{
        uint64_t key;

        if (!fs_base_readable)
                return (uint64_t)arch_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0);
        __asm__ volatile(".byte 0xf3, 0x48, 0x0f, 0xae, 0xc0" /* rdfsbase %%rax */ : "=a"(key));
        return key ? key : 1;
}

/* jmp rel32 and jcc rel32 (Intel SDM volume 2): 0xe9 and 0x0f 0x80 to 0x8f, the distance counts from the next instruction. */
bool arch_jumps_between(const uint8_t *code, size_t n, uint64_t at, uint64_t low, uint64_t high)
{
        for (size_t i = 0; i + 5 <= n; i++) {
                bool is_jump = code[i] == 0xe9 || (code[i] >= 0x80 && code[i] <= 0x8f && i && code[i - 1] == 0x0f);
                int32_t distance;

                __builtin_memcpy(&distance, code + i + 1, sizeof(distance));
                if (is_jump && at + i + 5 + (uint64_t)(int64_t)distance - low <= high - low)
                        return true;
        }
        return false;
}

void arch_trace_fail_call(long tid)
{
        arch_syscall(SYS_ptrace, PTRACE_POKEUSER, tid, offsetof(struct user_regs_struct, rax), -ENOSYS, 0, 0);
}
