/* SPDX-License-Identifier: MIT */
/* report/code/x86_64_evex.c: AVX-512 instructions that capstone 4 does not support: comparisons into mask registers,
 * and the instructions of mask registers. glibc's strlen, memchr and similar functions consist of them
 * (sysdeps/x86_64/multiarch, *-evex.S), and strlen(NULL) is a frequent crash. Encodings: Intel SDM volume 2, 2.7 and
 * the entries of the instructions. */
#include "report/code/x86_64_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct decoder {
        const uint8_t *code;
        size_t n, at;
        uint64_t address;
        const struct arch_registers *regs;
        struct instruction *out;
        unsigned map, pp, w, length; /* 0: 128 bits, 1: 256, 2: 512 */
        unsigned r, x, b, r2, v, mask;
        bool broadcast, zeroing;
        unsigned opcode, mod, reg, rm;
        char memory[64]; /* in AT&T syntax */
};

enum form {
        FORM_COMPARE,   /* imm8 (the predicate), v/m, v -> k{k} */
        FORM_EQUAL,     /* v/m, v -> k{k} */
        FORM_TERNARY,   /* imm8, v/m, v -> v{k} */
        FORM_BROADCAST, /* m -> v{k} */
};

/* Name for W0 and W1, and bytes per element of each. */
static const struct entry {
        uint8_t map, opcode, pp;
        enum form form;
        const char *name[2];
        uint8_t element[2];
} entries[] = {
        { 3, 0x3e, 1, FORM_COMPARE, { "ub", "uw" }, { 1, 2 } },
        { 3, 0x3f, 1, FORM_COMPARE, { "b", "w" }, { 1, 2 } },
        { 3, 0x1e, 1, FORM_COMPARE, { "ud", "uq" }, { 4, 8 } },
        { 3, 0x1f, 1, FORM_COMPARE, { "d", "q" }, { 4, 8 } },
        { 1, 0x74, 1, FORM_EQUAL, { "vpcmpeqb", "vpcmpeqb" }, { 1, 1 } },
        { 1, 0x75, 1, FORM_EQUAL, { "vpcmpeqw", "vpcmpeqw" }, { 2, 2 } },
        { 1, 0x76, 1, FORM_EQUAL, { "vpcmpeqd", NULL }, { 4, 0 } },
        { 2, 0x29, 1, FORM_EQUAL, { NULL, "vpcmpeqq" }, { 0, 8 } },
        { 1, 0x64, 1, FORM_EQUAL, { "vpcmpgtb", "vpcmpgtb" }, { 1, 1 } },
        { 1, 0x65, 1, FORM_EQUAL, { "vpcmpgtw", "vpcmpgtw" }, { 2, 2 } },
        { 1, 0x66, 1, FORM_EQUAL, { "vpcmpgtd", NULL }, { 4, 0 } },
        { 2, 0x37, 1, FORM_EQUAL, { NULL, "vpcmpgtq" }, { 0, 8 } },
        { 2, 0x26, 1, FORM_EQUAL, { "vptestmb", "vptestmw" }, { 1, 2 } },
        { 2, 0x26, 2, FORM_EQUAL, { "vptestnmb", "vptestnmw" }, { 1, 2 } },
        { 2, 0x27, 1, FORM_EQUAL, { "vptestmd", "vptestmq" }, { 4, 8 } },
        { 2, 0x27, 2, FORM_EQUAL, { "vptestnmd", "vptestnmq" }, { 4, 8 } },
        { 3, 0x25, 1, FORM_TERNARY, { "vpternlogd", "vpternlogq" }, { 4, 8 } },
        { 2, 0x78, 1, FORM_BROADCAST, { "vpbroadcastb", NULL }, { 1, 0 } },
        { 2, 0x79, 1, FORM_BROADCAST, { "vpbroadcastw", NULL }, { 2, 0 } },
};

/* Instructions of mask registers only, VEX: by pp and W. */
static const struct mask_entry {
        uint8_t opcode, three;
        const char *name;
} mask_entries[] = {
        { 0x41, 1, "kand" }, { 0x42, 1, "kandn" }, { 0x44, 0, "knot" },   { 0x45, 1, "kor" },     { 0x46, 1, "kxnor" },
        { 0x47, 1, "kxor" }, { 0x4a, 1, "kadd" },  { 0x4b, 1, "kunpck" }, { 0x98, 0, "kortest" }, { 0x99, 0, "ktest" },
};

static bool byte(struct decoder *d, unsigned *out)
{
        if (d->at >= d->n)
                return false;
        *out = d->code[d->at++];
        return true;
}

/* ---- prefixes ---- */

/* Volume 2, figure 2-10 and table 2-31. */
static bool evex_prefix(struct decoder *d)
{
        unsigned p0, p1, p2;

        if (!byte(d, &p0) || !byte(d, &p1) || !byte(d, &p2) || !(p1 & 4) || p0 & 0xc)
                return false;
        d->map = p0 & 3;
        d->r = ~p0 >> 7 & 1;
        d->x = ~p0 >> 6 & 1;
        d->b = ~p0 >> 5 & 1;
        d->r2 = ~p0 >> 4 & 1;
        d->w = p1 >> 7;
        d->v = (~p1 >> 3 & 15) | (~p2 >> 3 & 1) << 4;
        d->pp = p1 & 3;
        d->zeroing = p2 >> 7;
        d->length = p2 >> 5 & 3;
        d->broadcast = p2 >> 4 & 1;
        d->mask = p2 & 7;
        return d->length < 3;
}

static bool vex_prefix(struct decoder *d, unsigned first)
{
        unsigned p = 0, q = 0;

        d->map = 1;
        if (first == 0xc4 && !byte(d, &p))
                return false;
        if (!byte(d, &q))
                return false;
        if (first == 0xc4) {
                d->map = p & 31;
                d->x = ~p >> 6 & 1;
                d->b = ~p >> 5 & 1;
                d->w = q >> 7;
        } else {
                p = q;
        }
        d->r = ~p >> 7 & 1;
        d->v = ~q >> 3 & 15;
        d->length = q >> 2 & 1;
        d->pp = q & 3;
        return true;
}

/* ---- operands ---- */

static const char *address_register(unsigned number)
{
        static const char *const names[] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                             "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15" };

        return names[number & 15];
}

/* Register numbers in instructions differ from those of DWARF. */
static int arch_number(unsigned number)
{
        static const int8_t numbers[] = { ARCH_REG_RAX, ARCH_REG_RCX, ARCH_REG_RDX, ARCH_REG_RBX,
                                          ARCH_REG_SP,  ARCH_REG_FP,  ARCH_REG_RSI, ARCH_REG_RDI,
                                          ARCH_REG_R8,  ARCH_REG_R9,  ARCH_REG_R10, ARCH_REG_R11,
                                          ARCH_REG_R12, ARCH_REG_R13, ARCH_REG_R14, ARCH_REG_R15 };

        return numbers[number & 15];
}

static bool displacement(struct decoder *d, struct memory_operand *m, unsigned bytes, uint32_t scale)
{
        uint32_t value = 0;
        unsigned i, part;

        for (i = 0; i < bytes; i++) {
                if (!byte(d, &part))
                        return false;
                value |= (uint32_t)part << 8 * i;
        }
        m->displacement = bytes == 1 ? (int64_t)(int8_t)value * scale : (int64_t)(int32_t)value;
        return true;
}

static void spell_memory(struct decoder *d, const struct memory_operand *m, bool wide)
{
        static const char *const names[] = ARCH_REG_NAMES;
        int64_t disp = m->displacement;
        char *s = d->memory;
        size_t room = sizeof(d->memory), used = 0;

        if (wide)
                used = (size_t)snprintf(s, room, "%s0x%" PRIx64, disp < 0 ? "-" : "",
                                        disp < 0 ? 0 - (uint64_t)disp : (uint64_t)disp);
        if (m->base < 0 && m->index < 0)
                return;
        used += (size_t)snprintf(s + used, room - used, "(%s%s", m->base >= 0 ? "%" : "",
                                 m->base >= 0 ? names[m->base] : "");
        if (m->index >= 0)
                used += (size_t)snprintf(s + used, room - used, ",%%%s,%u", names[m->index], m->scale);
        snprintf(s + used, room - used, ")");
}

/* Volume 2, table 2-2 and 2-3; an eight-bit displacement is scaled by the size of the access (2.7.5). */
static bool memory_operand(struct decoder *d, uint32_t size)
{
        struct memory_operand *m = &d->out->operands[0];
        unsigned sib, base = d->rm | d->b << 3, bytes = d->mod == 1 ? 1 : d->mod == 2 ? 4 : 0;

        m->access = OPERAND_READ;
        m->size = size;
        m->base = arch_number(base);
        m->index = -1;
        m->scale = 1;
        if (d->rm == 4) {
                if (!byte(d, &sib))
                        return false;
                base = (sib & 7) | d->b << 3;
                m->base = arch_number(base);
                m->scale = 1u << (sib >> 6);
                if ((sib >> 3 & 7) != 4 || d->x)
                        m->index = arch_number((sib >> 3 & 7) | d->x << 3);
                if (d->mod == 0 && (sib & 7) == 5) {
                        m->base = -1;
                        bytes = 4;
                }
        } else if (d->mod == 0 && d->rm == 5) {
                m->base = ARCH_REG_PC;
                bytes = 4;
        }
        if (!displacement(d, m, bytes, size))
                return false;
        spell_memory(d, m, bytes);
        d->out->operand_count = 1;
        return true;
}

static void vector_name(char *out, size_t size, unsigned number, unsigned length)
{
        snprintf(out, size, "%%%cmm%u", "xyz"[length], number);
}

/* ---- the two families ---- */

static const char *predicate(unsigned imm)
{
        static const char *const names[] = { "eq", "lt", "le", NULL, "neq", "nlt", "nle", NULL };

        return imm < 8 ? names[imm] : NULL;
}

static void spell_vector(struct decoder *d, const struct entry *e, const char *source, unsigned imm)
{
        char mask[24] = "", second[16], name[24], constant[16] = "", goal[16];
        struct instruction *out = d->out;
        const char *element = e->name[d->w];

        if (d->mask)
                snprintf(mask, sizeof(mask), "{%%k%u}%s", d->mask, d->zeroing ? "{z}" : "");
        vector_name(second, sizeof(second), d->v, d->length);
        vector_name(goal, sizeof(goal), d->reg | d->r << 3 | d->r2 << 4, d->length);
        snprintf(name, sizeof(name), "%s", element);
        if (e->form == FORM_COMPARE)
                snprintf(name, sizeof(name), "vpcmp%s%s", predicate(imm) ? predicate(imm) : "", element);
        if (e->form == FORM_TERNARY || (e->form == FORM_COMPARE && !predicate(imm)))
                snprintf(constant, sizeof(constant), "$0x%x,", imm);
        if (e->form == FORM_COMPARE || e->form == FORM_EQUAL)
                snprintf(goal, sizeof(goal), "%%k%u", d->reg);
        if (e->form == FORM_BROADCAST)
                snprintf(out->text, sizeof(out->text), "%s %s,%s%s", name, source, goal, mask);
        else
                snprintf(out->text, sizeof(out->text), "%s %s%s,%s,%s%s", name, constant, source, second, goal, mask);
}

static const struct entry *find_entry(const struct decoder *d)
{
        size_t i;

        for (i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
                const struct entry *e = &entries[i];

                if (e->map == d->map && e->opcode == d->opcode && e->pp == d->pp && e->name[d->w])
                        return e;
        }
        return NULL;
}

static bool vector(struct decoder *d)
{
        const struct entry *e = find_entry(d);
        unsigned imm = 0;
        char source[96];
        uint32_t size;

        if (!e)
                return false;
        size = e->form == FORM_BROADCAST || d->broadcast ? e->element[d->w] : 16u << d->length;
        if (d->mod == 3)
                vector_name(source, sizeof(source), d->rm | d->b << 3 | d->x << 4,
                            e->form == FORM_BROADCAST ? 0 : d->length);
        else if (!memory_operand(d, size))
                return false;
        else
                snprintf(source, sizeof(source), "%s%s", d->memory, d->broadcast ? "{1to" : "");
        if (d->mod != 3 && d->broadcast)
                snprintf(source + strlen(source), sizeof(source) - strlen(source), "%u}",
                         (16u << d->length) / e->element[d->w]);
        if ((e->form == FORM_COMPARE || e->form == FORM_TERNARY) && !byte(d, &imm))
                return false;
        spell_vector(d, e, source, imm);
        return true;
}

/* Register names, as "r9d" for 9, "eax" for 0. */
static void general_name(char *out, size_t size, unsigned number, bool quad)
{
        const char *name = address_register(number);

        if (quad)
                snprintf(out, size, "%s", name);
        else if (number >= 8)
                snprintf(out, size, "%sd", name);
        else
                snprintf(out, size, "e%s", name + 1);
}

/* 90: k/m -> k, 91: k -> m, 92: r -> k, 93: k -> r. */
static bool mask_move(struct decoder *d)
{
        bool general = d->opcode >= 0x92, store = d->opcode == 0x91;
        char letter = general && d->pp == 3 ? "dq"[d->w] : d->pp > 1 ? 0 : d->w ? "qd"[d->pp] : "wb"[d->pp];
        uint32_t size = letter == 'b' ? 1 : letter == 'w' ? 2 : letter == 'd' ? 4 : 8;
        struct instruction *out = d->out;
        char name[8];

        if (!letter || d->map != 1 || (general && (d->mod != 3 || (d->w && d->pp != 3))) || (store && d->mod == 3))
                return false;
        if (general) {
                general_name(name, sizeof(name), d->opcode == 0x92 ? d->rm | d->b << 3 : d->reg | d->r << 3,
                             letter == 'q');
                if (d->opcode == 0x92)
                        snprintf(out->text, sizeof(out->text), "kmov%c %%%s,%%k%u", letter, name, d->reg);
                else
                        snprintf(out->text, sizeof(out->text), "kmov%c %%k%u,%%%s", letter, d->rm, name);
                return true;
        }
        if (d->mod == 3)
                snprintf(d->memory, sizeof(d->memory), "%%k%u", d->rm);
        else if (!memory_operand(d, size))
                return false;
        if (store)
                out->operands[0].access = OPERAND_WRITE;
        if (store)
                snprintf(out->text, sizeof(out->text), "kmov%c %%k%u,%s", letter, d->reg, d->memory);
        else
                snprintf(out->text, sizeof(out->text), "kmov%c %s,%%k%u", letter, d->memory, d->reg);
        return true;
}

static bool mask_registers(struct decoder *d)
{
        static const char *const sizes[2][2] = { { "w", "b" }, { "q", "d" } };
        static const char *const unpack[2][2] = { { "wd", "bw" }, { "dq", NULL } };
        size_t i;

        if (d->map != 1)
                return false;
        if (d->opcode >= 0x90 && d->opcode <= 0x93)
                return mask_move(d);
        for (i = 0; i < sizeof(mask_entries) / sizeof(mask_entries[0]); i++) {
                const struct mask_entry *e = &mask_entries[i];
                const char *size = e->opcode == 0x4b ? unpack[d->w][d->pp & 1] : sizes[d->w][d->pp & 1];

                if (e->opcode != d->opcode || d->mod != 3 || d->pp > 1 || d->length != e->three || !size)
                        continue;
                if (e->three)
                        snprintf(d->out->text, sizeof(d->out->text), "%s%s %%k%u,%%k%u,%%k%u", e->name, size, d->rm,
                                 d->v & 7, d->reg);
                else
                        snprintf(d->out->text, sizeof(d->out->text), "%s%s %%k%u,%%k%u", e->name, size, d->rm, d->reg);
                return true;
        }
        return false;
}

int x86_64_evex(const uint8_t *code, size_t n, uint64_t address, const struct arch_registers *regs,
                struct instruction *out)
{
        struct decoder d = { .code = code, .n = n, .address = address, .regs = regs, .out = out };
        unsigned first, modrm;
        bool evex, good;

        if (!byte(&d, &first) || (first != 0x62 && first != 0xc4 && first != 0xc5))
                return -EBADMSG;
        evex = first == 0x62;
        if (!(evex ? evex_prefix(&d) : vex_prefix(&d, first)) || !byte(&d, &d.opcode) || !byte(&d, &modrm))
                return -EBADMSG;
        d.mod = modrm >> 6;
        d.reg = modrm >> 3 & 7;
        d.rm = modrm & 7;
        good = evex ? vector(&d) : mask_registers(&d);
        if (!good) {
                out->operand_count = 0;
                return -EBADMSG;
        }
        out->length = (uint32_t)d.at;
        if (out->operand_count)
                x86_64_resolve_operand(&out->operands[0], NULL, true, address + d.at, regs);
        return 0;
}
