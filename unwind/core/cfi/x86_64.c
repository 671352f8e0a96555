/* SPDX-License-Identifier: MIT */
#include "unwind/core/cfi/arch_unwind.h"

#include <errno.h>

static bool code_is(const struct cfi_space *space, uint64_t at, const uint8_t *code, size_t len)
{
        uint8_t bytes[16];

        if (len > sizeof(bytes) || space->read(space->ctx, at, bytes, len))
                return false;
        for (size_t i = 0; i < len; i++) {
                if (bytes[i] != code[i])
                        return false;
        }
        return true;
}

/* mov $15,%rax; syscall. Used by glibc's __restore_rt (sysdeps/unix/sysv/linux/x86_64/libc_sigaction.c) and every
 * other libc; gdb recognizes the same bytes (gdb/amd64-linux-tdep.c). */
bool arch_is_sigreturn(const struct cfi_space *space, uint64_t pc)
{
        static const uint8_t code[] = { 0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05 };

        return code_is(space, pc, code, sizeof(code));
}

/* The kernel's struct rt_sigframe (arch/x86/include/asm/sigframe.h) contains the return address, which the handler
 * has popped, then struct ucontext: uc_flags, uc_link, uc_stack (40 bytes), then struct sigcontext_64
 * (arch/x86/include/uapi/asm/sigcontext.h), which begins with these registers. */
#define UCONTEXT_REGISTERS 40

int arch_read_signal_frame(const struct cfi_space *space, uint64_t sp, struct arch_registers *out)
{
        static const uint8_t order[] = {
                ARCH_REG_R8,  ARCH_REG_R9,  ARCH_REG_R10, ARCH_REG_R11, ARCH_REG_R12, ARCH_REG_R13,
                ARCH_REG_R14, ARCH_REG_R15, ARCH_REG_RDI, ARCH_REG_RSI, ARCH_REG_FP,  ARCH_REG_RBX,
                ARCH_REG_RDX, ARCH_REG_RAX, ARCH_REG_RCX, ARCH_REG_SP,  ARCH_REG_PC,  ARCH_REG_FLAGS,
        };
        uint64_t saved[sizeof(order)];

        if (space->read(space->ctx, sp + UCONTEXT_REGISTERS, saved, sizeof(saved)))
                return -EFAULT;
        *out = (struct arch_registers){ .known = 0 };
        for (size_t i = 0; i < sizeof(order); i++) {
                out->v[order[i]] = saved[i];
                out->known |= 1u << order[i];
        }
        return 0;
}

/* `tail` contains the seven bytes before the return address: e8 rel32, or ff /2 with each form of operand (Intel SDM
 * 2, CALL and table 2-2); prefixes before these are irrelevant. */
static bool ends_in_call(const uint8_t tail[7])
{
        static const struct {
                uint8_t len, mask, modrm; /* len bytes starting at ff; modrm & mask must have this value */
                bool sib;
        } form[] = {
                { 2, 0xf8, 0xd0, false }, /* call *%reg */
                { 2, 0xf8, 0x10, false }, /* call *(%reg); 14 and 15 are longer forms */
                { 3, 0xff, 0x14, true },  /* call *(%reg,%reg,n) */
                { 3, 0xf8, 0x50, false }, /* call *disp8(%reg) */
                { 4, 0xff, 0x54, true },  /* call *disp8(%reg,%reg,n) */
                { 6, 0xff, 0x15, false }, /* call *disp32(%rip) */
                { 6, 0xf8, 0x90, false }, /* call *disp32(%reg) */
                { 7, 0xff, 0x94, true },  /* call *disp32(%reg,%reg,n) */
                { 7, 0xff, 0x14, true },  /* call *disp32(,%reg,n) */
        };

        if (tail[2] == 0xe8)
                return true;
        for (size_t i = 0; i < sizeof(form) / sizeof(form[0]); i++) {
                uint8_t modrm = tail[8 - form[i].len];

                if (tail[7 - form[i].len] != 0xff || (modrm & form[i].mask) != form[i].modrm)
                        continue;
                if (!form[i].sib && form[i].mask == 0xf8 && modrm >> 6 != 3 && (modrm & 7) == 4)
                        continue; /* a SIB byte follows, so the length differs */
                if (form[i].len == 2 && modrm == 0x15)
                        continue;
                return true;
        }
        return false;
}

bool arch_follows_call(const struct cfi_space *space, uint64_t pc)
{
        uint8_t tail[7] = { 0 };
        size_t len = sizeof(tail);

        /* Near the start of a mapping fewer bytes may be readable. */
        if (pc % 4096 && pc % 4096 < len)
                len = pc % 4096;
        if (!space->read(space->ctx, pc - sizeof(tail), tail, sizeof(tail)))
                return ends_in_call(tail);
        if (space->read(space->ctx, pc - len, tail + sizeof(tail) - len, len))
                return false;
        return ends_in_call(tail);
}

struct arch_frame_link arch_link_by_fp(uint64_t fp)
{
        return (struct arch_frame_link){ .return_address = fp + 8, .frame_pointer = fp, .cfa = fp + 16 };
}

bool arch_link_by_code(const struct cfi_space *space, uint64_t pc, uint64_t sp, struct arch_frame_link *out)
{
        static const uint8_t ret[] = { 0xc3 };
        static const uint8_t entry[] = { 0x55, 0x48, 0x89, 0xe5 }; /* push %rbp; mov %rsp,%rbp */
        static const uint8_t cet_entry[] = { 0xf3, 0x0f, 0x1e, 0xfa, 0x55, 0x48, 0x89, 0xe5 }; /* endbr64 before it */

        if (code_is(space, pc, ret, sizeof(ret)) || code_is(space, pc, entry, sizeof(entry)) ||
            code_is(space, pc, cet_entry, sizeof(cet_entry))) {
                *out = (struct arch_frame_link){ .return_address = sp, .cfa = sp + 8 };
                return true;
        }
        if (code_is(space, pc - 1, entry, sizeof(entry))) { /* pushed, but not changed in the register yet */
                *out = (struct arch_frame_link){ .return_address = sp + 8, .cfa = sp + 16 };
                return true;
        }
        return false;
}
