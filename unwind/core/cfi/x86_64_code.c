/* SPDX-License-Identifier: MIT */
/* unwind/core/cfi/x86_64_code.c: interprets short code sequences: functions that only return a pointer, and constant
 * arguments of a call. */
#include "unwind/core/cfi/arch_unwind.h"

/* ---- functions that return a pointer and do nothing else ---- */

#define GETTER_STEPS 12

struct getter {
        const struct cfi_space *space;
        uint64_t pc, rax, rdi;
        bool done;
};

static uint64_t extend8(uint8_t byte)
{
        return (uint64_t)(int64_t)(int8_t)byte;
}

static uint64_t extend32(const uint8_t *bytes)
{
        return (uint64_t)(int64_t)(int32_t)((uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                                            (uint32_t)bytes[3] << 24);
}

static bool getter_load(struct getter *g, uint64_t at, uint64_t *out)
{
        return !g->space->read(g->space->ctx, at, out, sizeof(*out));
}

/* Instructions with a REX.W prefix. Returns the length of the instruction, 0 if it is not supported. */
static unsigned getter_wide(struct getter *g, const uint8_t *code)
{
        if (code[1] == 0x89 && code[2] == 0xe5) /* mov %rsp,%rbp */
                return 3;
        if (code[1] == 0x8b && code[2] == 0x47) /* mov disp8(%rdi),%rax */
                return getter_load(g, g->rdi + extend8(code[3]), &g->rax) ? 4 : 0;
        if (code[1] == 0x8d && code[2] == 0x05) { /* lea disp32(%rip),%rax */
                g->rax = g->pc + 7 + extend32(code + 3);
                return 7;
        }
        if (code[1] == 0x83 && code[2] == 0xef) { /* sub $imm8,%rdi: a thunk for a base class that is not the first */
                g->rdi -= extend8(code[3]);
                return 4;
        }
        if (code[1] == 0x83 && code[2] == 0xc7) { /* add $imm8,%rdi */
                g->rdi += extend8(code[3]);
                return 4;
        }
        return 0;
}

static unsigned getter_step(struct getter *g, const uint8_t *code)
{
        switch (code[0]) {
        case 0xf3: /* endbr64 */
                return code[1] == 0x0f && code[2] == 0x1e && code[3] == 0xfa ? 4 : 0;
        case 0xf2: /* bnd, before a jump */
        case 0x55: /* push %rbp */
        case 0x5d: /* pop %rbp */
                return 1;
        case 0x48:
                return getter_wide(g, code);
        case 0xb8: /* mov $imm32,%eax */
                g->rax = extend32(code + 1) & UINT32_MAX;
                return 5;
        case 0xe9: /* jmp rel32 */
                g->pc += extend32(code + 1);
                return 5;
        case 0xeb: /* jmp rel8 */
                g->pc += extend8(code[1]);
                return 2;
        case 0xff: /* jmp *disp32(%rip): in a PLT */
                if (code[1] != 0x25 || !getter_load(g, g->pc + 6 + extend32(code + 2), &g->pc))
                        return 0;
                g->pc -= 6;
                return 6;
        case 0xc3:
                g->done = true;
                return 1;
        default:
                return 0;
        }
}

bool arch_simple_getter(const struct cfi_space *space, uint64_t code, uint64_t self, uint64_t *result)
{
        struct getter g = { .space = space, .pc = code, .rdi = self };

        for (unsigned i = 0; i < GETTER_STEPS && !g.done; i++) {
                uint8_t bytes[7] = { 0 };
                unsigned len = (unsigned)(4096 - g.pc % 4096); /* the next page may be unmapped */

                if (space->read(space->ctx, g.pc, bytes, sizeof(bytes)) &&
                    (len >= sizeof(bytes) || space->read(space->ctx, g.pc, bytes, len)))
                        return false;
                len = getter_step(&g, bytes);
                if (!len)
                        return false;
                g.pc += len;
        }
        *result = g.rax;
        return g.done && g.rax;
}

/* ---- prologues ---- */

#define PROLOGUE_STEPS 16
#define PROLOGUE_LONGEST 8

/* Returns the number of bytes by which `sub $n,%rsp` or `lea -n(%rsp),%rsp` lowers SP, and its length; 0: another instruction. */
static unsigned lowers_sp(const uint8_t *code, uint64_t *by)
{
        if (code[0] != 0x48)
                return 0;
        if (code[1] == 0x83 && code[2] == 0xec)
                return *by = extend8(code[3]), 4;
        if (code[1] == 0x81 && code[2] == 0xec)
                return *by = extend32(code + 3), 7;
        if (code[1] == 0x8d && code[2] == 0x64 && code[3] == 0x24)
                return *by = -extend8(code[4]), 5;
        if (code[1] == 0x8d && code[2] == 0xa4 && code[3] == 0x24)
                return *by = -extend32(code + 4), 8;
        return 0;
}

static bool sets_fp(const uint8_t *code) /* mov %rsp,%rbp, in both encodings */
{
        return code[0] == 0x48 && ((code[1] == 0x89 && code[2] == 0xe5) || (code[1] == 0x8b && code[2] == 0xec));
}

static unsigned push(struct arch_prologue *p, unsigned len)
{
        p->depth += 8;
        return len;
}

/* Returns the length of an instruction of a prologue, 0 for any other. */
static unsigned prologue_step(struct arch_prologue *p, const uint8_t *code)
{
        uint64_t by = 0;
        unsigned len;

        if (code[0] == 0xf3 && code[1] == 0x0f && code[2] == 0x1e && code[3] == 0xfa) /* endbr64 */
                return 4;
        if (code[0] == 0x55) {
                p->saved_fp = true;
                p->fp_offset = p->depth + 8;
        }
        if (code[0] >= 0x50 && code[0] <= 0x57 && code[0] != 0x54)
                return push(p, 1);
        if (code[0] == 0x41 && code[1] >= 0x50 && code[1] <= 0x57)
                return push(p, 2);
        if (code[0] == 0x48 && code[1] == 0x83 && code[2] == 0x0c &&
            code[3] == 0x24) /* orq $n,(%rsp): gcc -fstack-clash-protection */
                return 5;
        if (sets_fp(code)) {
                p->framed = true;
                return 3;
        }
        len = lowers_sp(code, &by);
        p->depth += by;
        return len;
}

static bool aligns_sp(const uint8_t *code) /* and $n,%rsp */
{
        return code[0] == 0x48 && (code[1] == 0x83 || code[1] == 0x81) && code[2] == 0xe4;
}

bool arch_read_prologue(const struct cfi_space *space, uint64_t start, uint64_t pc, struct arch_prologue *out)
{
        *out = (struct arch_prologue){ .depth = 0 };
        for (unsigned i = 0; start < pc && i < PROLOGUE_STEPS && !out->framed; i++) {
                uint8_t code[PROLOGUE_LONGEST] = { 0 };
                unsigned len = (unsigned)(4096 - start % 4096); /* the next page may be unmapped */

                if (space->read(space->ctx, start, code, sizeof(code)) &&
                    (len >= sizeof(code) || space->read(space->ctx, start, code, len)))
                        return false;
                if (aligns_sp(code))
                        return false;
                len = prologue_step(out, code);
                if (!len)
                        break;
                start += len;
        }
        return out->depth % 8 == 0 && out->depth < UINT32_MAX;
}

/* ---- the function that a call leads to ---- */

static bool read_pointer(const struct cfi_space *space, uint64_t at, uint64_t *out)
{
        return !space->read(space->ctx, at, out, sizeof(*out));
}

/* Follows a PLT stub: jmp *disp32(%rip) behind endbr64 and bnd, either of which may be missing. */
static void follow_stub(const struct cfi_space *space, uint64_t *target)
{
        uint8_t code[11];
        unsigned at = 0;

        if (space->read(space->ctx, *target, code, sizeof(code)))
                return;
        if (code[0] == 0xf3 && code[1] == 0x0f && code[2] == 0x1e && code[3] == 0xfa)
                at = 4;
        at += code[at] == 0xf2;
        if (code[at] == 0xff && code[at + 1] == 0x25)
                read_pointer(space, *target + at + 6 + extend32(code + at + 2), target);
}

bool arch_call_target(const struct cfi_space *space, uint64_t return_address, uint64_t *target)
{
        uint8_t code[6];

        if (space->read(space->ctx, return_address - sizeof(code), code, sizeof(code)))
                return false;
        if (code[1] == 0xe8) {
                *target = return_address + extend32(code + 2);
                follow_stub(space, target);
                return true;
        }
        return code[0] == 0xff && code[1] == 0x15 &&
               read_pointer(space, return_address + extend32(code + 2), target); /* call *disp32(%rip) */
}

/* ---- constant arguments of a call ---- */

#define CALL_BYTES 5       /* call rel32 */
#define ARGUMENTS_BYTES 64 /* the instructions before it: mostly seven bytes each, one or two per argument */
#define LONGEST 10

/* By register number, as encoded in instructions: rax, rcx, rdx, ..., rsi 6, rdi 7. */
struct arguments {
        uint64_t reg[8];
        unsigned known; /* bit n: register n */
};

static void set_argument(struct arguments *a, unsigned n, uint64_t value)
{
        a->reg[n] = value;
        a->known |= 1u << n;
}

/* Interprets one instruction at `pc` that sets a register to a constant or copies a register. Returns its length, 0
 * for any other. */
static unsigned argument_step(struct arguments *a, const uint8_t *code, uint64_t pc)
{
        if (code[0] >= 0xb8 && code[0] <= 0xbf) { /* mov $imm32,%reg */
                set_argument(a, code[0] - 0xb8, extend32(code + 1) & UINT32_MAX);
                return 5;
        }
        if (code[0] == 0x89 && (code[1] & 0xc7) == 0x44 &&
            code[2] == 0x24) /* mov %reg32,disp8(%rsp): a variable is saved */
                return 4;
        if (code[0] != 0x48)
                return 0;
        if (code[1] == 0x89 && (code[2] & 0xc7) == 0x44 && code[3] == 0x24) /* mov %reg,disp8(%rsp) */
                return 5;
        if (code[1] >= 0xb8 && code[1] <= 0xbf) { /* movabs $imm64,%reg */
                set_argument(a, code[1] - 0xb8, (extend32(code + 2) & UINT32_MAX) | extend32(code + 6) << 32);
                return 10;
        }
        if (code[1] == 0x8d && (code[2] & 0xc7) == 0x05) { /* lea disp32(%rip),%reg */
                set_argument(a, code[2] >> 3 & 7, pc + 7 + extend32(code + 3));
                return 7;
        }
        if (code[1] == 0x89 && code[2] >> 6 == 3 && a->known >> (code[2] >> 3 & 7) & 1) { /* mov %reg,%reg */
                set_argument(a, code[2] & 7, a->reg[code[2] >> 3 & 7]);
                return 3;
        }
        return 0;
}

/* System V psABI 3.2.3: rdi, rsi, rdx, rcx. */
#define ARGUMENT_REGISTERS (1u << 7 | 1u << 6 | 1u << 2 | 1u << 1)

bool arch_constant_arguments(const struct cfi_space *space, uint64_t return_address, uint64_t argument[4])
{
        uint8_t code[ARGUMENTS_BYTES + CALL_BYTES + LONGEST] = { 0 };
        const uint64_t begin = return_address - CALL_BYTES - ARGUMENTS_BYTES;

        if (space->read(space->ctx, begin, code, ARGUMENTS_BYTES + CALL_BYTES) || code[ARGUMENTS_BYTES] != 0xe8)
                return false;
        for (unsigned start = 0; start < ARGUMENTS_BYTES; start++) {
                struct arguments a = { .known = 0 };
                unsigned at = start, len = 1;

                for (; len && at < ARGUMENTS_BYTES; at += len)
                        len = argument_step(&a, code + at, begin + at);
                if (at != ARGUMENTS_BYTES || (a.known & ARGUMENT_REGISTERS) != ARGUMENT_REGISTERS)
                        continue; /* not an instruction boundary, or other instructions come between */
                argument[0] = a.reg[7];
                argument[1] = a.reg[6];
                argument[2] = a.reg[2];
                argument[3] = a.reg[1];
                return true;
        }
        return false;
}

#define NEAR_BYTES 64

/* Intel SDM 2: 48 8d /r with modrm 00 reg 101, lea disp32(%rip),%reg; b8+reg, mov $imm32,%reg; 48 89 /r, mov between registers. */
bool arch_near_constant(const struct cfi_space *space, uint64_t return_address, unsigned n, uint64_t *value)
{
        uint8_t registers[] = { 7, 6, 2, 1 }; /* rdi, rsi, rdx, rcx */
        const uint64_t begin = return_address - CALL_BYTES - NEAR_BYTES;
        uint8_t code[NEAR_BYTES];
        int32_t immediate;

        if (n >= sizeof(registers) || space->read(space->ctx, begin, code, sizeof(code)))
                return false;
        for (unsigned at = NEAR_BYTES - 5; at-- > 0;) {
                const uint8_t *c = code + at;

                if (c[0] == 0x48 && c[1] == 0x89 && (c[2] & 0xc7) == (0xc0 | registers[n])) {
                        registers[n] = c[2] >> 3 & 7;
                        continue;
                }
                if (at + 7 <= NEAR_BYTES && c[0] == 0x48 && c[1] == 0x8d && c[2] == (uint8_t)(registers[n] << 3 | 5)) {
                        __builtin_memcpy(&immediate, c + 3, sizeof(immediate));
                        *value = begin + at + 7 + (uint64_t)(int64_t)immediate;
                        return true;
                }
                if (c[0] == (uint8_t)(0xb8 | registers[n]) && (!at || c[-1] != 0x0f)) {
                        __builtin_memcpy(&immediate, c + 1, sizeof(immediate));
                        *value = (uint32_t)immediate;
                        return true;
                }
        }
        return false;
}

/* System V ABI, AMD64, 3.5.7: { unsigned gp_offset, fp_offset; void *overflow_arg_area, *reg_save_area }. Six general registers are saved,
 * then eight vector registers of 16 bytes. */
bool arch_va_begin(const uint64_t words[3], uint64_t sp, uint64_t end, unsigned named, struct arch_va *out)
{
        uint32_t general = (uint32_t)words[0], vector = (uint32_t)(words[0] >> 32);

        if (general < 8 * named || general > 48 || general % 8 || vector < 48 || vector > 304 || vector % 16)
                return false;
        if (words[1] < end || words[1] > end + 256 || words[2] < sp || words[2] >= end || words[2] % 8)
                return false;
        *out = (struct arch_va){ .general = words[2], .vector = words[2] + 48, .memory = end, .next_general = named };
        return true;
}

uint64_t arch_va_next(struct arch_va *va, bool is_double)
{
        if (is_double && va->next_vector < 8)
                return va->vector + 16u * va->next_vector++;
        if (!is_double && va->next_general < 6)
                return va->general + 8u * va->next_general++;
        return va->memory + 8u * va->next_memory++;
}
