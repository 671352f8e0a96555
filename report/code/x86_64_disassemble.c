/* SPDX-License-Identifier: MIT */
/* report/code/x86_64_disassemble.c: uses libcapstone, which is linked statically into the helper: it starts during a
 * crash, and a container may contain no library except libc. */
#include "report/code/x86_64_internal.h"
#include "unwind/core/terms/str.h"

#include <capstone/capstone.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* capstone's table of processors refers to all of them. With these definitions the archive members of the others are
 * not linked: 1 MB instead of 4. */
#define NOT_THIS_PROCESSOR(name)             \
        cs_err name##_global_init(void *ud); \
        cs_err name##_global_init(void *ud)  \
        {                                    \
                (void)ud;                    \
                return CS_ERR_ARCH;          \
        }                                    \
        cs_err name##_option(void *ud);      \
        cs_err name##_option(void *ud)       \
        {                                    \
                (void)ud;                    \
                return CS_ERR_ARCH;          \
        }

NOT_THIS_PROCESSOR(AArch64)
NOT_THIS_PROCESSOR(ARM)
NOT_THIS_PROCESSOR(EVM)
NOT_THIS_PROCESSOR(M680X)
NOT_THIS_PROCESSOR(M68K)
NOT_THIS_PROCESSOR(Mips)
NOT_THIS_PROCESSOR(PPC)
NOT_THIS_PROCESSOR(Sparc)
NOT_THIS_PROCESSOR(SystemZ)
NOT_THIS_PROCESSOR(TMS320C64x)
NOT_THIS_PROCESSOR(XCore)
/* since capstone 5 */
NOT_THIS_PROCESSOR(BPF)
NOT_THIS_PROCESSOR(MOS65XX)
NOT_THIS_PROCESSOR(RISCV)
NOT_THIS_PROCESSOR(SH)
NOT_THIS_PROCESSOR(TRICORE)
NOT_THIS_PROCESSOR(WASM)

/* 0f b9, for which capstone 4 uses an old name of binutils. */
#if CS_API_MAJOR < 5
#define X86_INS_UD1 X86_INS_UD2B
#endif

/* Opened once and never closed. */
static struct {
        csh handle;
        cs_insn *insn;
} engine;

static bool open_engine(void)
{
        if (engine.insn)
                return true;
        if (cs_open(CS_ARCH_X86, CS_MODE_64, &engine.handle))
                return false;
        cs_option(engine.handle, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
        cs_option(engine.handle, CS_OPT_DETAIL, CS_OPT_ON);
        engine.insn = cs_malloc(engine.handle);
        return engine.insn;
}

/* ---- registers ---- */

static const struct {
        x86_reg reg;
        int arch;
        unsigned size;
} registers[] = {
#define FAMILY(r64, r32, r16, r8, arch)                                                     \
        { X86_REG_##r64, arch, 8 }, { X86_REG_##r32, arch, 4 }, { X86_REG_##r16, arch, 2 }, \
        {                                                                                   \
                X86_REG_##r8, arch, 1                                                       \
        }
        FAMILY(RAX, EAX, AX, AL, ARCH_REG_RAX),
        FAMILY(RBX, EBX, BX, BL, ARCH_REG_RBX),
        FAMILY(RCX, ECX, CX, CL, ARCH_REG_RCX),
        FAMILY(RDX, EDX, DX, DL, ARCH_REG_RDX),
        FAMILY(RSI, ESI, SI, SIL, ARCH_REG_RSI),
        FAMILY(RDI, EDI, DI, DIL, ARCH_REG_RDI),
        FAMILY(RBP, EBP, BP, BPL, ARCH_REG_FP),
        FAMILY(RSP, ESP, SP, SPL, ARCH_REG_SP),
        FAMILY(R8, R8D, R8W, R8B, ARCH_REG_R8),
        FAMILY(R9, R9D, R9W, R9B, ARCH_REG_R9),
        FAMILY(R10, R10D, R10W, R10B, ARCH_REG_R10),
        FAMILY(R11, R11D, R11W, R11B, ARCH_REG_R11),
        FAMILY(R12, R12D, R12W, R12B, ARCH_REG_R12),
        FAMILY(R13, R13D, R13W, R13B, ARCH_REG_R13),
        FAMILY(R14, R14D, R14W, R14B, ARCH_REG_R14),
        FAMILY(R15, R15D, R15W, R15B, ARCH_REG_R15),
#undef FAMILY
        { X86_REG_RIP, ARCH_REG_PC, 8 },
        { X86_REG_EIP, ARCH_REG_PC, 4 },
};

static int arch_register(x86_reg reg, unsigned *size)
{
        size_t i;

        for (i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
                if (registers[i].reg == reg) {
                        if (size)
                                *size = registers[i].size;
                        return registers[i].arch;
                }
        return -1;
}

/* ---- operands in memory ---- */

static const char *segment_name(x86_reg segment)
{
        if (segment == X86_REG_FS)
                return "fs";
        return segment == X86_REG_GS ? "gs" : NULL;
}

static bool is_vector(x86_reg reg)
{
        return (reg >= X86_REG_XMM0 && reg <= X86_REG_XMM31) || (reg >= X86_REG_YMM0 && reg <= X86_REG_YMM31) ||
               (reg >= X86_REG_ZMM0 && reg <= X86_REG_ZMM31);
}

/* For instructions that store, the last operand is written and not read. capstone 4 reports some of them incorrectly.
 */
static bool is_store(const char *name)
{
        static const char *const names[] = { "mov",      "vmov",    "stos",   "ins",       "set",
                                             "fst",      "fist",    "fnst",   "stmxcsr",   "vstmx",
                                             "pextr",    "vpextr",  "extrac", "vextrac",   "vpmov",
                                             "vcompres", "vpcompr", "vscatt", "vpscatter", "xsave",
                                             "fxsave",   "vmask",   "vpmask", "fnsav",     "vcvtps2p" };
        size_t i;

        for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                if (str_begins(name, names[i]))
                        return true;
        return false;
}

/* A mask that follows it is not counted. */
static bool is_last_operand(const cs_x86 *x, const cs_x86_op *op)
{
        for (op++; op < x->operands + x->op_count; op++)
                if (op->type != X86_OP_REG || op->reg < X86_REG_K0 || op->reg > X86_REG_K7)
                        return false;
        return true;
}

static unsigned access_of(const cs_insn *insn, const cs_x86_op *op)
{
        bool is_last = is_last_operand(&insn->detail->x86, op);
        const char *name = cs_insn_name(engine.handle, insn->id);

        switch (insn->id) { /* not reported by capstone 4 */
        case X86_INS_CMPXCHG:
        case X86_INS_CMPXCHG8B:
        case X86_INS_CMPXCHG16B:
        case X86_INS_XADD:
        case X86_INS_XCHG:
                return OPERAND_READ | OPERAND_WRITE;
        default:
                break;
        }
        if (name && is_store(name))
                return is_last ? OPERAND_WRITE : OPERAND_READ;
        return (op->access & CS_AC_READ ? OPERAND_READ : 0u) | (op->access & CS_AC_WRITE ? OPERAND_WRITE : 0u);
}

/* For save areas of vector registers capstone reports the size of the general registers. */
static uint32_t size_of(const cs_insn *insn, const cs_x86_op *op)
{
        const char *name = cs_insn_name(engine.handle, insn->id);

        if (name && (str_begins(name, "fxsave") || str_begins(name, "fxrstor")))
                return 512;
        return name && (str_begins(name, "xsave") || str_begins(name, "xrstor")) ? 0 : op->size;
}

static void add_written_operand(struct instruction *out, const cs_insn *insn, const cs_x86_op *op,
                                const struct arch_registers *regs)
{
        struct memory_operand *m = &out->operands[out->operand_count++];

        m->access = access_of(insn, op);
        m->size = size_of(insn, op);
        m->base = arch_register(op->mem.base, NULL);
        m->index = arch_register(op->mem.index, NULL);
        m->vector_index =
                /* for instructions other than a gather capstone is wrong: unknown in both cases */
                is_vector(op->mem.index);
        m->scale = (uint32_t)op->mem.scale;
        m->displacement = op->mem.disp;
        x86_64_resolve_operand(m, segment_name(op->mem.segment), insn->detail->x86.addr_size != 4,
                               insn->address + insn->size, regs);
        if (m->vector_index)
                snprintf(m->text + strlen(m->text), sizeof(m->text) - strlen(m->text), " + %s*%u",
                         cs_reg_name(engine.handle, op->mem.index), m->scale);
}

static void add_stack_operand(struct instruction *out, const struct arch_registers *regs, unsigned access, int reg,
                              int displacement)
{
        struct memory_operand *m;

        if (out->operand_count == INSTRUCTION_OPERANDS)
                return;
        m = &out->operands[out->operand_count++];
        m->access = access;
        m->size = 8;
        m->base = reg;
        m->index = -1;
        m->displacement = displacement;
        x86_64_resolve_operand(m, NULL, true, 0, regs);
        m->on_stack = true;
}

static void add_operands(struct instruction *out, const cs_insn *insn, const struct arch_registers *regs)
{
        const cs_x86 *x = &insn->detail->x86;
        uint8_t i;

        if (insn->id == X86_INS_NOP || insn->id == X86_INS_LEA)
                return; /* an address that is not accessed */
        for (i = 0; i < x->op_count && out->operand_count < INSTRUCTION_OPERANDS; i++)
                if (x->operands[i].type == X86_OP_MEM)
                        add_written_operand(out, insn, &x->operands[i], regs);
        switch (insn->id) {
        case X86_INS_PUSH:
        case X86_INS_PUSHFQ:
        case X86_INS_CALL:
        case X86_INS_ENTER:
                add_stack_operand(out, regs, OPERAND_WRITE, ARCH_REG_SP, -8);
                break;
        case X86_INS_POP:
        case X86_INS_POPFQ:
        case X86_INS_RET:
                add_stack_operand(out, regs, OPERAND_READ, ARCH_REG_SP, 0);
                break;
        case X86_INS_LEAVE:
                add_stack_operand(out, regs, OPERAND_READ, ARCH_REG_FP, 0);
                break;
        default:
                break;
        }
}

/* ---- kinds ---- */

static bool in_group(const cs_insn *insn, uint8_t group)
{
        uint8_t i;

        for (i = 0; i < insn->detail->groups_count; i++)
                if (insn->detail->groups[i] == group)
                        return true;
        return false;
}

/* This is not privileged, but capstone 4 reports it as privileged, like moves to control registers. */
static bool loads_segment(const cs_insn *insn)
{
        const cs_x86 *x = &insn->detail->x86;

        return insn->id == X86_INS_MOV && (x->opcode[0] == 0x8e || x->opcode[0] == 0x8c);
}

static enum instruction_kind kind_of(const cs_insn *insn)
{
        switch (insn->id) {
        case X86_INS_DIV:
        case X86_INS_IDIV:
                return INSTRUCTION_DIVISION;
        case X86_INS_SYSCALL:
                return INSTRUCTION_SYSTEM_CALL;
        case X86_INS_INT3:
        case X86_INS_INT1:
                return INSTRUCTION_BREAKPOINT;
        case X86_INS_INT: /* 0x80: system calls of 32-bit programs */
                return insn->detail->x86.operands[0].imm == 3      ? INSTRUCTION_BREAKPOINT
                       : insn->detail->x86.operands[0].imm == 0x80 ? INSTRUCTION_SYSTEM_CALL
                                                                   : INSTRUCTION_PRIVILEGED;
        case X86_INS_UD0:
        case X86_INS_UD1:
        case X86_INS_UD2:
                return INSTRUCTION_UNDEFINED;
        case X86_INS_IN:
        case X86_INS_OUT:
        case X86_INS_INSB:
        case X86_INS_INSW:
        case X86_INS_INSD:
        case X86_INS_OUTSB:
        case X86_INS_OUTSW:
        case X86_INS_OUTSD:
        case X86_INS_CLI:
        case X86_INS_STI:
                return INSTRUCTION_PRIVILEGED; /* depending on IOPL */
        case X86_INS_RDTSC:
        case X86_INS_RDTSCP:
        case X86_INS_RDPMC:
        case X86_INS_CPUID:
                return INSTRUCTION_PRIVILEGED; /* depending on CR4.TSD, CR4.PCE and cpuid faulting */
        case X86_INS_RDMSR:                    /* not reported by capstone 4 */
        case X86_INS_WRMSR:
        case X86_INS_XSETBV:
                return INSTRUCTION_PRIVILEGED;
        case X86_INS_IRET:
        case X86_INS_IRETD:
        case X86_INS_IRETQ:
                return INSTRUCTION_PLAIN; /* not privileged: the values popped from the stack were invalid */
        default:
                break;
        }
        if (in_group(insn, X86_GRP_PRIVILEGE) && !loads_segment(insn))
                return INSTRUCTION_PRIVILEGED;
        if (in_group(insn, X86_GRP_CALL))
                return INSTRUCTION_CALL;
        if (in_group(insn, X86_GRP_JUMP))
                return INSTRUCTION_JUMP;
        return in_group(insn, X86_GRP_RET) ? INSTRUCTION_RETURN : INSTRUCTION_PLAIN;
}

static enum instruction_permit permit_of(const cs_insn *insn)
{
        switch (insn->id) {
        case X86_INS_RDTSC:
        case X86_INS_RDTSCP:
                return PERMIT_TIME_STAMP;
        case X86_INS_CPUID:
                return PERMIT_CPUID;
        case X86_INS_RDPMC:
                return PERMIT_COUNTERS;
        default:
                return PERMIT_NONE;
        }
}

/* By the names of the architecture: cvttsd2si, cvtpd2dq, vcvtps2uqq, cvtps2pi. */
static bool makes_integer(const char *name)
{
        static const char *const integers[] = { "si", "usi", "dq", "udq", "qq", "uqq", "pi" };
        const char *to = strstr(name, "cvt") ? strchr(name, '2') : NULL;
        size_t i;

        for (i = 0; to && i < sizeof(integers) / sizeof(integers[0]); i++)
                if (!strcmp(to + 1, integers[i]))
                        return true;
        return false;
}

static void find_traits(struct instruction *out, const cs_insn *insn)
{
        const char *name = cs_insn_name(engine.handle, insn->id);

        out->is_signed = insn->id == X86_INS_IDIV;
        out->is_x87 = insn->id == X86_INS_WAIT || (name && name[0] == 'f');
        out->makes_integer = name && makes_integer(name);
        out->permit = permit_of(insn);
}

/* Intel SDM volume 1, 14.9 and table 14-22; volume 2, "Exceptions Type 1" and 4 of legacy SSE: whole vectors in
 * memory must be aligned, except for explicitly unaligned moves; in VEX and EVEX forms only for explicitly aligned
 * moves. */
static uint32_t alignment_of(const cs_insn *insn, uint32_t size)
{
        static const char *const unaligned[] = { "movup", "movdqu", "lddqu", "pcmpistr", "pcmpestr" };
        static const char *const strict[] = { "vmovap", "vmovdqa", "vmovntp", "vmovntdq", "cmpxchg16b" };
        const char *name = cs_insn_name(engine.handle, insn->id);
        size_t i;

        if (!name || insn->id == X86_INS_NOP)
                return 0;
        if (str_begins(name, "fxsave") || str_begins(name, "fxrstor"))
                return 16;
        if (str_begins(name, "xsave") || str_begins(name, "xrstor"))
                return 64;
        if (size < 16)
                return 0;
        for (i = 0; i < sizeof(strict) / sizeof(strict[0]); i++)
                if (str_begins(name, strict[i]))
                        return size;
        for (i = 0; i < sizeof(unaligned) / sizeof(unaligned[0]); i++)
                if (str_begins(name, unaligned[i]))
                        return 0;
        return size == 16 && *name != 'v' && !in_group(insn, X86_GRP_FPU) ? 16 : 0;
}

/* Sets the divisor, or the target of a call or jump. */
static void find_value(struct instruction *out, const cs_insn *insn, const struct arch_registers *regs)
{
        struct value_operand *v = &out->value;
        const cs_x86_op *op = insn->detail->x86.operands;
        int reg;

        if ((out->kind != INSTRUCTION_DIVISION && out->kind != INSTRUCTION_CALL && out->kind != INSTRUCTION_JUMP) ||
            !insn->detail->x86.op_count)
                return;
        v->present = true;
        v->size = op->size;
        if (op->type == X86_OP_MEM) {
                v->in_memory = true;
                snprintf(v->text, sizeof(v->text), "%s", out->operands[0].text);
        } else if (op->type == X86_OP_IMM) {
                v->constant = true;
                v->known = true;
                v->value = (uint64_t)op->imm;
                snprintf(v->text, sizeof(v->text), "0x%" PRIx64, v->value);
        } else if (op->type == X86_OP_REG) {
                snprintf(v->text, sizeof(v->text), "%s", cs_reg_name(engine.handle, op->reg));
                reg = arch_register(op->reg, NULL);
                v->known = reg >= 0 && regs && regs->known >> reg & 1;
                if (v->known)
                        v->value = v->size < 8 ? regs->v[reg] & ((UINT64_C(1) << 8 * v->size) - 1) : regs->v[reg];
        }
}

/* ---- interface ---- */

static void spell(struct instruction *out, const cs_insn *insn)
{
        const cs_x86 *x = &insn->detail->x86;
        const char *plain = cs_insn_name(engine.handle, insn->id);
        struct x86_64_spelling s = { .mnemonic = insn->mnemonic,
                                     .plain = plain ? plain : "",
                                     .operands = insn->op_str,
                                     .wide = x->encoding.disp_size,
                                     .quad = x->rex & 8,
                                     .by_one = (x->opcode[0] & 0xfe) == 0xd0,
                                     .next = insn->address + insn->size };
        uint8_t i;

        for (i = 0; i < x->op_count; i++)
                if (x->operands[i].type == X86_OP_IMM)
                        s.immediate = x->operands[i].size;
        x86_64_spell(&s, out->text, sizeof(out->text));
}

/* ud1 has operands (Intel SDM volume 2, UD) that capstone 4 does not decode: clang encodes the kind of error in them.
 * Forms without a scaled index are supported. */
static int read_ud1(const uint8_t *code, size_t n, struct instruction *out)
{
        static const char *const names[] = { "ax", "cx", "dx", "bx", "sp", "bp", "si", "di" };
        size_t at = n && code[0] == 0x67;
        unsigned mode, rm, reg, offset;

        if (n < at + 3 || code[at] != 0x0f || code[at + 1] != 0xb9)
                return -ENOENT;
        mode = code[at + 2] >> 6;
        if (mode == 1 && n < at + 4)
                return -ENOENT;
        reg = code[at + 2] >> 3 & 7;
        rm = code[at + 2] & 7;
        offset = mode == 1 ? code[at + 3] : 0;
        if (mode == 2 || (mode != 3 && rm == 4) || (!mode && rm == 5) || offset > 127)
                return -ENOENT;
        out->length = (uint32_t)at + 3 + (mode == 1);
        out->kind = INSTRUCTION_UNDEFINED;
        out->has_check = at && mode != 3 && !rm && !reg; /* N(%eax),%eax */
        out->check = (uint8_t)offset;
        if (mode == 3)
                snprintf(out->text, sizeof(out->text), "ud1 %%e%s,%%e%s", names[rm], names[reg]);
        else if (mode == 1)
                snprintf(out->text, sizeof(out->text), "ud1 0x%x(%%%c%s),%%e%s", offset, at ? 'e' : 'r', names[rm],
                         names[reg]);
        else
                snprintf(out->text, sizeof(out->text), "ud1 (%%%c%s),%%e%s", at ? 'e' : 'r', names[rm], names[reg]);
        return 0;
}

int disassemble(const uint8_t *code, size_t n, uint64_t address, const struct arch_registers *regs,
                struct instruction *out)
{
        const uint8_t *at = code;
        uint64_t pc = address;

        memset(out, 0, sizeof(*out));
        out->address = address;
        if (!open_engine())
                return -ENOMEM;
        if (n > INSTRUCTION_LONGEST)
                n = INSTRUCTION_LONGEST;
        if (!x86_64_evex(code, n, address, regs, out) || !read_ud1(code, n, out))
                return 0;
        if (!cs_disasm_iter(engine.handle, &at, &n, &pc, engine.insn)) {
                out->length = 1;
                out->kind = INSTRUCTION_INVALID;
                snprintf(out->text, sizeof(out->text), "(bad)");
                return -EBADMSG;
        }
        out->length = engine.insn->size;
        out->kind = kind_of(engine.insn);
        add_operands(out, engine.insn, regs);
        if (out->operand_count && !out->operands[0].on_stack)
                out->alignment = alignment_of(engine.insn, out->operands[0].size);
        if (out->operand_count && strstr(engine.insn->op_str, "{%k")) /* an unknown part of the elements */
                out->operands[0].size = 0;
        find_value(out, engine.insn, regs);
        find_traits(out, engine.insn);
        spell(out, engine.insn);
        return 0;
}
