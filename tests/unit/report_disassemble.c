/* SPDX-License-Identifier: MIT */
/* tests/unit/report_disassemble.c: instructions, their operands, and invalid code. */
#include "report/code/disassemble.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Each register has a unique value, so that a wrong one is detected. */
static struct arch_registers registers(void)
{
        struct arch_registers r = { .known = (1u << ARCH_DWARF_REGS) - 1 };
        int i;

        for (i = 0; i < ARCH_DWARF_REGS; i++)
                r.v[i] = 0x1000000u + 0x10000u * (unsigned)i;
        r.v[ARCH_REG_FS_BASE] = 0x7000000;
        r.known |= 1u << ARCH_REG_FS_BASE;
        return r;
}

#define V(reg) (0x1000000u + 0x10000u * (unsigned)(reg))
#define PC 0x400000u
#define R OPERAND_READ
#define W OPERAND_WRITE

static const struct {
        const char *bytes; /* hexadecimal */
        const char *text;
        enum instruction_kind kind;
        const char *operand; /* the first; NULL: none */
        uint64_t address;
        uint32_t size;
        unsigned access;
        uint32_t alignment;
        size_t operands;
} cases[] = {
        { "8902", "mov %eax,(%rdx)", 0, "rdx", V(ARCH_REG_RDX), 4, W, 0, 1 },
        { "c70001000000", "movl $0x1,(%rax)", 0, "rax", V(ARCH_REG_RAX), 4, W, 0, 1 },
        { "8b448bf0", "mov -0x10(%rbx,%rcx,4),%eax", 0, "rbx + rcx*4 - 16",
          V(ARCH_REG_RBX) + 4ul * V(ARCH_REG_RCX) - 16, 4, R, 0, 1 },
        { "488b0510000000", "mov 0x10(%rip),%rax # 0x400017", 0, "rip + 16", PC + 7 + 16, 8, R, 0, 1 },
        { "64488b042528000000", "mov %fs:0x28,%rax", 0, "fs:0x28", 0x7000028, 8, R, 0, 1 },
        { "a1f8ffffffffffff7f", "movabs 0x7ffffffffffffff8,%eax", 0, "0x7ffffffffffffff8", 0x7ffffffffffffff8, 4, R, 0,
          1 },
        { "f3a4", "rep movsb %ds:(%rsi),%es:(%rdi)", 0, "rsi", V(ARCH_REG_RSI), 1, R, 0, 2 },
        { "f348ab", "rep stos %rax,%es:(%rdi)", 0, "rdi", V(ARCH_REG_RDI), 8, W, 0, 1 },
        { "f00fb10f", "lock cmpxchg %ecx,(%rdi)", 0, "rdi", V(ARCH_REG_RDI), 4, R | W, 0, 1 },
        { "50", "push %rax", 0, "rsp - 8", V(ARCH_REG_SP) - 8, 8, W, 0, 1 },
        { "58", "pop %rax", 0, "rsp", V(ARCH_REG_SP), 8, R, 0, 1 },
        { "ff33", "push (%rbx)", 0, "rbx", V(ARCH_REG_RBX), 8, R, 0, 2 },
        { "f2ae", "repnz scas %es:(%rdi),%al", 0, "rdi", V(ARCH_REG_RDI), 1, R, 0, 1 },
        { "f3a6", "repz cmpsb %es:(%rdi),%ds:(%rsi)", 0, "rdi", V(ARCH_REG_RDI), 1, R, 0, 2 },
        { "d7", "xlat %ds:(%rbx)", 0, NULL, 0, 0, 0, 0, 0 },
        { "62e17f497f00", "vmovdqu8 %zmm16,(%rax){%k1}", 0, "rax", V(ARCH_REG_RAX), 0, W, 0, 1 },
        { "0fae00", "fxsave (%rax)", 0, "rax", V(ARCH_REG_RAX), 512, W, 16, 1 },
        { "0f32", "rdmsr", INSTRUCTION_PRIVILEGED, NULL, 0, 0, 0, 0, 0 },
        { "48cf", "iretq", 0, NULL, 0, 0, 0, 0, 0 },
        { "8ed8", "mov %eax,%ds", 0, NULL, 0, 0, 0, 0, 0 },
        { "c3", "ret", INSTRUCTION_RETURN, "rsp", V(ARCH_REG_SP), 8, R, 0, 1 },
        { "c9", "leave", 0, "rbp", V(ARCH_REG_FP), 8, R, 0, 1 },
        { "e8fb0f0000", "call 0x401000", INSTRUCTION_CALL, "rsp - 8", V(ARCH_REG_SP) - 8, 8, W, 0, 1 },
        { "ff5010", "call *0x10(%rax)", INSTRUCTION_CALL, "rax + 16", V(ARCH_REG_RAX) + 16, 8, R, 0, 2 },
        { "ffe0", "jmp *%rax", INSTRUCTION_JUMP, NULL, 0, 0, 0, 0, 0 },
        { "0f2907", "movaps %xmm0,(%rdi)", 0, "rdi", V(ARCH_REG_RDI), 16, W, 16, 1 },
        { "0f1107", "movups %xmm0,(%rdi)", 0, "rdi", V(ARCH_REG_RDI), 16, W, 0, 1 },
        { "660ffe06", "paddd (%rsi),%xmm0", 0, "rsi", V(ARCH_REG_RSI), 16, R, 16, 1 },
        { "c5fd6f06", "vmovdqa (%rsi),%ymm0", 0, "rsi", V(ARCH_REG_RSI), 32, R, 32, 1 },
        { "c5fe6f06", "vmovdqu (%rsi),%ymm0", 0, "rsi", V(ARCH_REG_RSI), 32, R, 0, 1 },
        { "480fc70e", "cmpxchg16b (%rsi)", 0, "rsi", V(ARCH_REG_RSI), 16, R | W, 16, 1 },
        { "f7f9", "idiv %ecx", INSTRUCTION_DIVISION, NULL, 0, 0, 0, 0, 0 },
        { "48f77c2408", "idivq 0x8(%rsp)", INSTRUCTION_DIVISION, "rsp + 8", V(ARCH_REG_SP) + 8, 8, R, 0, 1 },
        { "670fb94003", "ud1 0x3(%eax),%eax", INSTRUCTION_UNDEFINED, NULL, 0, 0, 0, 0, 0 },
        { "670fb90090", "ud1 (%eax),%eax", INSTRUCTION_UNDEFINED, NULL, 0, 0, 0, 0, 0 },
        { "0fb9c190", "ud1 %ecx,%eax", INSTRUCTION_UNDEFINED, NULL, 0, 0, 0, 0, 0 },
        { "0f0b", "ud2", INSTRUCTION_UNDEFINED, NULL, 0, 0, 0, 0, 0 },
        { "cc", "int3", INSTRUCTION_BREAKPOINT, NULL, 0, 0, 0, 0, 0 },
        { "cd80", "int $0x80", INSTRUCTION_SYSTEM_CALL, NULL, 0, 0, 0, 0, 0 },
        { "0f05", "syscall", INSTRUCTION_SYSTEM_CALL, NULL, 0, 0, 0, 0, 0 },
        { "f4", "hlt", INSTRUCTION_PRIVILEGED, NULL, 0, 0, 0, 0, 0 },
        { "0f22d8", "mov %rax,%cr3", INSTRUCTION_PRIVILEGED, NULL, 0, 0, 0, 0, 0 },
        { "0f1f840000000000", "nopl 0x0(%rax,%rax,1)", 0, NULL, 0, 0, 0, 0, 0 },
        { "488d4410ff", "lea -0x1(%rax,%rdx,1),%rax", 0, NULL, 0, 0, 0, 0, 0 },
        /* not supported by capstone 4 */
        { "62f37d203f07"
          "00",
          "vpcmpeqb (%rdi),%ymm16,%k0", 0, "rdi", V(ARCH_REG_RDI), 32, R, 0, 1 },
        { "62f1752074470"
          "2",
          "vpcmpeqb 0x40(%rdi),%ymm17,%k0", 0, "rdi + 64", V(ARCH_REG_RDI) + 64, 32, R, 0, 1 },
        { "62b37d0a1f0c8e00", "vpcmpeqd (%rsi,%r9,4),%xmm0,%k1{%k2}", 0, "rsi + r9*4",
          V(ARCH_REG_RSI) + 4ul * V(ARCH_REG_R9), 16, R, 0, 1 },
        { "62f2 7d48 78140f", "vpbroadcastb (%rdi,%rcx,1),%zmm2", 0, "rdi + rcx", V(ARCH_REG_RDI) + V(ARCH_REG_RCX), 1,
          R, 0, 1 },
        { "62922d2026ca", "vptestmb %ymm26,%ymm26,%k1", 0, NULL, 0, 0, 0, 0, 0 },
        { "62834d2025f8de", "vpternlogd $0xde,%ymm24,%ymm22,%ymm23", 0, NULL, 0, 0, 0, 0, 0 },
        { "c57b93c0", "kmovd %k0,%r8d", 0, NULL, 0, 0, 0, 0, 0 },
        { "c4e1f998c8", "kortestd %k0,%k1", 0, NULL, 0, 0, 0, 0, 0 },
        /* invalid instructions */
        { "06", "(bad)", INSTRUCTION_INVALID, NULL, 0, 0, 0, 0, 0 },
        { "c7", "(bad)", INSTRUCTION_INVALID, NULL, 0, 0, 0, 0, 0 },
        { "62f37d20", "(bad)", INSTRUCTION_INVALID, NULL, 0, 0, 0, 0, 0 },
};

/* What explanations go by beside the kind. */
static const struct {
        const char *bytes, *text;
        bool is_signed, is_x87, makes_integer;
        enum instruction_permit permit;
        int check; /* -1 none */
} traits[] = {
        { "f7f9", "idiv %ecx", true, false, false, PERMIT_NONE, -1 },
        { "f7f1", "div %ecx", false, false, false, PERMIT_NONE, -1 },
        { "d8f1", "fdiv %st(1)", false, true, false, PERMIT_NONE, -1 },
        { "9b", "wait", false, true, false, PERMIT_NONE, -1 },
        { "f20f2cc0", "cvttsd2si %xmm0,%eax", false, false, true, PERMIT_NONE, -1 },
        { "660fe6c1", "cvttpd2dq %xmm1,%xmm0", false, false, true, PERMIT_NONE, -1 },
        { "0f2dc1", "cvtps2pi %xmm1,%mm0", false, false, true, PERMIT_NONE, -1 },
        { "f20f5a06", "cvtsd2ss (%rsi),%xmm0", false, false, false, PERMIT_NONE, -1 },
        { "f20f2ac0", "cvtsi2sd %eax,%xmm0", false, false, false, PERMIT_NONE, -1 },
        { "0f31", "rdtsc", false, false, false, PERMIT_TIME_STAMP, -1 },
        { "0f01f9", "rdtscp", false, false, false, PERMIT_TIME_STAMP, -1 },
        { "0fa2", "cpuid", false, false, false, PERMIT_CPUID, -1 },
        { "0f33", "rdpmc", false, false, false, PERMIT_COUNTERS, -1 },
        { "f4", "hlt", false, false, false, PERMIT_NONE, -1 },
        { "670fb94003", "ud1 0x3(%eax),%eax", false, false, false, PERMIT_NONE, 3 },
        { "670fb90090", "ud1 (%eax),%eax", false, false, false, PERMIT_NONE, 0 },
        { "0fb94003", "ud1 0x3(%rax),%eax", false, false, false, PERMIT_NONE, -1 },
        { "670fb94103", "ud1 0x3(%ecx),%eax", false, false, false, PERMIT_NONE, -1 },
        { "670fb9c0", "ud1 %eax,%eax", false, false, false, PERMIT_NONE, -1 },
};

static size_t parse(const char *hex, uint8_t *out)
{
        size_t n = 0;

        for (; *hex; hex += *hex == ' ' ? 1 : 2) {
                const char digits[3] = { hex[0], hex[1], 0 };

                if (*hex != ' ')
                        out[n++] = (uint8_t)strtoul(digits, NULL, 16);
        }
        return n;
}

static void table(void)
{
        struct arch_registers regs = registers();
        size_t i;

        for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                uint8_t code[INSTRUCTION_LONGEST + 1];
                size_t n = parse(cases[i].bytes, code);
                const struct memory_operand *m;
                struct instruction insn;
                bool good;

                disassemble(code, n, PC, &regs, &insn);
                m = &insn.operands[0];
                good = !strcmp(insn.text, cases[i].text) && insn.kind == cases[i].kind &&
                       insn.operand_count == cases[i].operands && insn.alignment == cases[i].alignment;
                if (cases[i].operand)
                        good = good && !strcmp(m->text, cases[i].operand) && m->known &&
                               m->address == cases[i].address && m->size == cases[i].size &&
                               m->access == cases[i].access;
                if (!tap_ok(good, "%s", cases[i].text))
                        printf("#   got %s, kind %d, %zu operands, alignment %u: %s at 0x%llx, %u bytes, access %u\n",
                               insn.text, (int)insn.kind, insn.operand_count, insn.alignment, m->text,
                               (unsigned long long)m->address, m->size, m->access);
        }
}

static void named_traits(void)
{
        size_t i;

        for (i = 0; i < sizeof(traits) / sizeof(traits[0]); i++) {
                uint8_t code[INSTRUCTION_LONGEST + 1];
                struct instruction insn;

                disassemble(code, parse(traits[i].bytes, code), PC, NULL, &insn);
                if (!tap_ok(!strcmp(insn.text, traits[i].text) && insn.is_signed == traits[i].is_signed &&
                                    insn.is_x87 == traits[i].is_x87 && insn.makes_integer == traits[i].makes_integer &&
                                    insn.permit == traits[i].permit && insn.has_check == (traits[i].check >= 0) &&
                                    (!insn.has_check || insn.check == traits[i].check),
                            "traits of %s", traits[i].text))
                        printf("#   got %s, signed %d, x87 %d, to integers %d, permit %d, check %d (%d)\n", insn.text,
                               insn.is_signed, insn.is_x87, insn.makes_integer, (int)insn.permit, insn.check,
                               insn.has_check);
        }
}

static void values(void)
{
        struct arch_registers regs = registers();
        struct instruction insn;

        regs.v[ARCH_REG_RCX] = 0xffffffff00000000;
        disassemble((const uint8_t *)"\xf7\xf9", 2, PC, &regs, &insn);
        tap_ok(insn.value.known && insn.value.value == 0 && insn.value.size == 4,
               "a divisor has the width of its register");
        tap_ok(!insn.value.constant, "it is no constant");
        disassemble((const uint8_t *)"\xe8\xfb\x0f\x00\x00", 5, PC, NULL, &insn);
        tap_ok(insn.value.constant && insn.value.known, "a call of an address names a constant");
        disassemble((const uint8_t *)"\xff\xd1", 2, PC, &regs, &insn);
        tap_ok(insn.value.known && insn.value.value == 0xffffffff00000000, "the target of a call");
        disassemble((const uint8_t *)"\xff\x11", 2, PC, &regs, &insn);
        tap_ok(insn.value.present && insn.value.in_memory && !insn.value.known, "the target of a call through memory");
        disassemble((const uint8_t *)"\x67\x8b\x01", 3, PC, &regs, &insn);
        tap_ok(insn.operands[0].known && insn.operands[0].address == 0, "a 32-bit address");
        disassemble((const uint8_t *)"\x8b\x01", 2, PC, NULL, &insn);
        tap_ok(!insn.operands[0].known && !strcmp(insn.operands[0].text, "rcx"), "unknown registers");
}

/* Every text is terminated, no instruction is longer than the input, nothing is read past it (checked by sanitizers).
 */
static void noise(void)
{
        struct arch_registers regs = registers();
        bool good = true;
        int i;

        srandom(7);
        for (i = 0; i < 300000 && good; i++) {
                size_t n = (size_t)random() % (INSTRUCTION_LONGEST + 2), k;
                uint8_t *code = malloc(n ? n : 1);
                struct instruction insn;
                int err;

                for (k = 0; k < n; k++)
                        code[k] = (uint8_t)random();
                if (n && i % 3 == 0) /* opcodes of the decoder in x86_64_evex.c */
                        code[0] = i % 2 ? 0x62 : 0xc4;
                memset(&insn, 0xff, sizeof(insn));
                err = disassemble(code, n, (uint64_t)random() << 32, &regs, &insn);
                good = strnlen(insn.text, sizeof(insn.text)) < sizeof(insn.text) &&
                       insn.operand_count <= INSTRUCTION_OPERANDS &&
                       (err ? err == -EBADMSG && insn.length == 1 : insn.length >= 1 && insn.length <= n);
                for (k = 0; k < insn.operand_count && good; k++)
                        good = strnlen(insn.operands[k].text, sizeof(insn.operands[k].text)) <
                               sizeof(insn.operands[k].text);
                free(code);
        }
        tap_ok(good, "300,000 random byte sequences");
}

int main(void)
{
        table();
        named_traits();
        values();
        noise();
        return tap_done();
}
