/* SPDX-License-Identifier: MIT */
/* unwind/target/x86_64.c: registers of x86-64 threads from ptrace and ucontext. */
#include "unwind/target/arch.h"
#include "unwind/target/target.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

struct place {
        int reg;
        size_t offset;
};

/* NT_PRSTATUS has the layout of struct user_regs_struct (linux arch/x86/kernel/ptrace.c, x86_64_regsets). */
#define USER(reg, field)                                                 \
        {                                                                \
                ARCH_REG_##reg, offsetof(struct user_regs_struct, field) \
        }
static const struct place user_places[] = {
        USER(RAX, rax),         USER(RDX, rdx), USER(RCX, rcx),      USER(RBX, rbx), USER(RSI, rsi),
        USER(RDI, rdi),         USER(FP, rbp),  USER(SP, rsp),       USER(R8, r8),   USER(R9, r9),
        USER(R10, r10),         USER(R11, r11), USER(R12, r12),      USER(R13, r13), USER(R14, r14),
        USER(R15, r15),         USER(PC, rip),  USER(FLAGS, eflags), USER(CS, cs),   USER(SS, ss),
        USER(DS, ds),           USER(ES, es),   USER(FS, fs),        USER(GS, gs),   USER(FS_BASE, fs_base),
        USER(GS_BASE, gs_base),
};

static const struct {
        int reg, greg;
} context_places[] = {
        { ARCH_REG_RAX, REG_RAX }, { ARCH_REG_RDX, REG_RDX },   { ARCH_REG_RCX, REG_RCX }, { ARCH_REG_RBX, REG_RBX },
        { ARCH_REG_RSI, REG_RSI }, { ARCH_REG_RDI, REG_RDI },   { ARCH_REG_FP, REG_RBP },  { ARCH_REG_SP, REG_RSP },
        { ARCH_REG_R8, REG_R8 },   { ARCH_REG_R9, REG_R9 },     { ARCH_REG_R10, REG_R10 }, { ARCH_REG_R11, REG_R11 },
        { ARCH_REG_R12, REG_R12 }, { ARCH_REG_R13, REG_R13 },   { ARCH_REG_R14, REG_R14 }, { ARCH_REG_R15, REG_R15 },
        { ARCH_REG_PC, REG_RIP },  { ARCH_REG_FLAGS, REG_EFL },
};

int arch_read_registers(pid_t tid, struct arch_registers *out)
{
        struct user_regs_struct user;
        struct iovec iov = { &user, sizeof(user) };

        memset(out, 0, sizeof(*out));
        if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov) < 0)
                return -errno;
        if (iov.iov_len != sizeof(user)) /* a 32-bit process */
                return -EOPNOTSUPP;
        for (size_t i = 0; i < sizeof(user_places) / sizeof(user_places[0]); i++) {
                memcpy(&out->v[user_places[i].reg], (const char *)&user + user_places[i].offset, sizeof(uint64_t));
                out->known |= 1u << user_places[i].reg;
        }
        return 0;
}

int arch_park_thread(pid_t tid, uint64_t pc)
{
        struct user_regs_struct user;
        struct iovec iov = { &user, sizeof(user) };
        const uint64_t all = ~UINT64_C(0);

        if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov) < 0)
                return -errno;
        user.rip = pc;
        user.orig_rax = ~0ull; /* no system call to restart: arch/x86/kernel/signal.c, arch_do_signal_or_restart() */
        if (ptrace(PTRACE_SETSIGMASK, tid, sizeof(all), &all) < 0 ||
            ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &iov) < 0)
                return -errno;
        return 0;
}

/* The thread control block, to which the thread pointer points, begins struct pthread in glibc (sysdeps/x86_64/nptl/tls.h) and in
 * musl (src/internal/pthread_impl.h). */
bool arch_thread_self(const struct arch_registers *regs, uint64_t *out)
{
        *out = regs->v[ARCH_REG_FS_BASE];
        return regs->known >> ARCH_REG_FS_BASE & 1;
}

void arch_set_result(ucontext_t *uc, long result)
{
        uc->uc_mcontext.gregs[REG_RAX] = result;
}

void arch_from_ucontext(const ucontext_t *uc, struct arch_registers *out)
{
        memset(out, 0, sizeof(*out));
        for (size_t i = 0; i < sizeof(context_places) / sizeof(context_places[0]); i++) {
                out->v[context_places[i].reg] = (uint64_t)uc->uc_mcontext.gregs[context_places[i].greg];
                out->known |= 1u << context_places[i].reg;
        }
}

/* The stubs of ld, gold and lld, with and without endbr64 or a bnd prefix, all contain ff 25 disp32, jmp *disp(%rip).
 */
bool arch_plt_slot(const uint8_t *code, size_t len, uint64_t addr, uint64_t *slot)
{
        for (size_t i = 0; i + 6 <= len; i++) {
                int32_t disp;

                if (code[i] != 0xff || code[i + 1] != 0x25)
                        continue;
                memcpy(&disp, code + i + 2, sizeof(disp));
                *slot = addr + i + 6 + (uint64_t)(int64_t)disp;
                return true;
        }
        return false;
}

size_t arch_count_frame_pointers(const uint8_t *code, size_t len)
{
        static const uint8_t prologue[] = { 0x55, 0x48, 0x89, 0xe5 }; /* push %rbp; mov %rsp,%rbp */
        const uint8_t *at = code, *end = code + len;
        size_t n = 0;

        while (at && (at = memmem(at, (size_t)(end - at), prologue, sizeof(prologue)))) {
                n++;
                at += sizeof(prologue);
        }
        return n;
}

int arch_signal_of_frame(struct target *t, uint64_t sp, int *signal)
{
        siginfo_t info;
        int err = target_read(t, sp + ARCH_KERNEL_UCONTEXT_SIZE, &info.si_signo, sizeof(info.si_signo));

        if (!err)
                *signal = info.si_signo;
        return err;
}
