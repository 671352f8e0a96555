/* SPDX-License-Identifier: MIT */
/* Evaluates the DWARF expressions that call frame information may contain: DWARF 5 sections 2.5.1 and 6.4.2.3,
 * operation codes of section 7.7.1. */
#include "unwind/core/cfi/internal.h"

#include <errno.h>

#define STACK_MAX 20  /* the deepest known expressions, of glibc and gcc, need 4 */
#define STEP_MAX 1000 /* limits loops: a branch may go backwards */

enum {
        OP_ADDR = 0x03,
        OP_DEREF = 0x06,
        OP_CONST1U = 0x08,
        OP_CONST8S = 0x0f,
        OP_CONSTU = 0x10,
        OP_CONSTS = 0x11,
        OP_DUP = 0x12,
        OP_DROP = 0x13,
        OP_OVER = 0x14,
        OP_PICK = 0x15,
        OP_SWAP = 0x16,
        OP_ROT = 0x17,
        OP_ABS = 0x19,
        OP_AND = 0x1a,
        OP_DIV = 0x1b,
        OP_MINUS = 0x1c,
        OP_MOD = 0x1d,
        OP_MUL = 0x1e,
        OP_NEG = 0x1f,
        OP_NOT = 0x20,
        OP_OR = 0x21,
        OP_PLUS = 0x22,
        OP_PLUS_UCONST = 0x23,
        OP_SHL = 0x24,
        OP_SHR = 0x25,
        OP_SHRA = 0x26,
        OP_XOR = 0x27,
        OP_BRA = 0x28,
        OP_EQ = 0x29,
        OP_GE = 0x2a,
        OP_GT = 0x2b,
        OP_LE = 0x2c,
        OP_LT = 0x2d,
        OP_NE = 0x2e,
        OP_SKIP = 0x2f,
        OP_LIT0 = 0x30,
        OP_LIT31 = 0x4f,
        OP_BREG0 = 0x70,
        OP_BREG31 = 0x8f,
        OP_BREGX = 0x92,
        OP_DEREF_SIZE = 0x94,
        OP_NOP = 0x96,
};

/* State of one evaluation. The first error is kept in the cursor. */
struct evaluation {
        const struct cfi_space *space;
        const struct arch_registers *regs;
        struct cfi_cursor in;
        uint64_t begin, end; /* the expression's bytes */
        unsigned depth;
        uint64_t stack[STACK_MAX];
};

static void push(struct evaluation *e, uint64_t value)
{
        if (e->depth == STACK_MAX)
                cfi_fail(&e->in, -E2BIG);
        else
                e->stack[e->depth++] = value;
}

static uint64_t pop(struct evaluation *e)
{
        if (!e->depth) {
                cfi_fail(&e->in, -EBADMSG);
                return 0;
        }
        return e->stack[--e->depth];
}

static uint64_t pick(struct evaluation *e, unsigned index)
{
        if (index >= e->depth) {
                cfi_fail(&e->in, -EBADMSG);
                return 0;
        }
        return e->stack[e->depth - 1 - index];
}

static void push_register(struct evaluation *e, uint64_t reg)
{
        uint64_t offset = (uint64_t)cfi_sleb(&e->in);

        if (reg >= ARCH_DWARF_REGS)
                cfi_fail(&e->in, -EOPNOTSUPP);
        else if (!cfi_usable(e->regs, reg))
                cfi_fail(&e->in, -ENODATA);
        else
                push(e, e->regs->v[reg] + offset);
}

static void dereference(struct evaluation *e, unsigned size)
{
        uint64_t value = 0, at = pop(e);

        if (e->in.err)
                return;
        if (!size || size > sizeof(value))
                cfi_fail(&e->in, -EBADMSG);
        else if (e->space->read(e->space->ctx, at, &value, size)) /* the low bytes of a little-endian number */
                cfi_fail(&e->in, -EFAULT);
        else
                push(e, value);
}

static void jump(struct evaluation *e, int64_t distance)
{
        uint64_t to = e->in.pos + (uint64_t)distance;

        if (to < e->begin || to > e->end)
                cfi_fail(&e->in, -EBADMSG);
        else if (!e->in.err)
                e->in.pos = to;
}

static bool is_comparison(uint8_t op)
{
        return op >= OP_EQ && op <= OP_NE;
}

static bool compare(uint8_t op, int64_t a, int64_t b)
{
        switch (op) {
        case OP_EQ:
                return a == b;
        case OP_GE:
                return a >= b;
        case OP_GT:
                return a > b;
        case OP_LE:
                return a <= b;
        case OP_LT:
                return a < b;
        default: /* OP_NE */
                return a != b;
        }
}

/* Computes `a op b`, where b was the top of the stack. The guards exclude operands for which C leaves the result
 * undefined. */
static uint64_t binary(struct evaluation *e, uint8_t op, uint64_t a, uint64_t b)
{
        int64_t sa = (int64_t)a, sb = (int64_t)b;

        if (is_comparison(op))
                return compare(op, sa, sb);
        switch (op) {
        case OP_AND:
                return a & b;
        case OP_OR:
                return a | b;
        case OP_XOR:
                return a ^ b;
        case OP_PLUS:
                return a + b;
        case OP_MINUS:
                return a - b;
        case OP_MUL:
                return a * b;
        case OP_DIV:
                if (!b)
                        break;
                return sb == -1 ? -a : (uint64_t)(sa / sb);
        case OP_MOD:
                if (!b)
                        break;
                return a % b;
        case OP_SHL:
                return b < 64 ? a << b : 0;
        case OP_SHR:
                return b < 64 ? a >> b : 0;
        case OP_SHRA:
                return (uint64_t)(sa >> (b < 64 ? b : 63));
        default:
                break;
        }
        cfi_fail(&e->in, -EBADMSG);
        return 0;
}

static bool is_binary(uint8_t op)
{
        return (op >= OP_AND && op <= OP_MUL) || op == OP_OR || op == OP_PLUS || (op >= OP_SHL && op <= OP_XOR) ||
               is_comparison(op);
}

static void shuffle(struct evaluation *e, uint8_t op)
{
        uint64_t a, b, c;

        switch (op) {
        case OP_DUP:
                push(e, pick(e, 0));
                return;
        case OP_DROP:
                pop(e);
                return;
        case OP_OVER:
                push(e, pick(e, 1));
                return;
        case OP_PICK:
                push(e, pick(e, cfi_u8(&e->in)));
                return;
        case OP_SWAP:
                a = pop(e);
                b = pop(e);
                push(e, a);
                push(e, b);
                return;
        case OP_ROT: /* the top moves below the next two */
                a = pop(e);
                b = pop(e);
                c = pop(e);
                push(e, a);
                push(e, c);
                push(e, b);
                return;
        default:
                cfi_fail(&e->in, -EOPNOTSUPP);
        }
}

/* Operations on the top of the stack only. */
static void unary(struct evaluation *e, uint8_t op)
{
        uint64_t a = pop(e);

        switch (op) {
        case OP_ABS:
                push(e, a >> 63 ? -a : a);
                return;
        case OP_NEG:
                push(e, -a);
                return;
        case OP_NOT:
                push(e, ~a);
                return;
        default: /* OP_PLUS_UCONST */
                push(e, a + cfi_uleb(&e->in));
        }
}

static void push_constant(struct evaluation *e, uint8_t op)
{
        unsigned size = 1u << ((op - OP_CONST1U) / 2 & 3);

        if (op == OP_CONSTU)
                push(e, cfi_uleb(&e->in));
        else if (op == OP_CONSTS)
                push(e, (uint64_t)cfi_sleb(&e->in));
        else if ((op - OP_CONST1U) & 1)
                push(e, (uint64_t)cfi_signed(&e->in, size));
        else
                push(e, cfi_unsigned(&e->in, size));
}

static void step(struct evaluation *e, uint8_t op)
{
        int64_t distance;
        uint64_t a, b;

        if (op >= OP_LIT0 && op <= OP_LIT31) {
                push(e, op - OP_LIT0);
        } else if (op >= OP_BREG0 && op <= OP_BREG31) {
                push_register(e, op - OP_BREG0);
        } else if (op >= OP_CONST1U && op <= OP_CONSTS) {
                push_constant(e, op);
        } else if (is_binary(op)) {
                b = pop(e);
                a = pop(e);
                push(e, binary(e, op, a, b));
        } else if (op == OP_ABS || op == OP_NEG || op == OP_NOT || op == OP_PLUS_UCONST) {
                unary(e, op);
        } else if (op == OP_BRA || op == OP_SKIP) {
                distance = cfi_signed(&e->in, 2);
                if (op == OP_SKIP || pop(e))
                        jump(e, distance);
        } else if (op == OP_DEREF) {
                dereference(e, 8);
        } else if (op == OP_DEREF_SIZE) {
                dereference(e, cfi_u8(&e->in));
        } else if (op == OP_BREGX) {
                push_register(e, cfi_uleb(&e->in));
        } else if (op == OP_ADDR && e->in.space) { /* in .debug_frame the address is not relocated */
                push(e, cfi_unsigned(&e->in, 8));
        } else if (op != OP_NOP) {
                shuffle(e, op);
        }
}

int cfi_evaluate(const struct cfi_space *space, const struct cfi_rule *rule, const struct arch_registers *regs,
                 const uint64_t *cfa, uint64_t *out)
{
        struct evaluation e;

        e.space = space;
        e.regs = regs;
        e.depth = 0;
        e.begin = rule->expr;
        e.end = rule->expr + rule->expr_len;
        cfi_cursor_begin(&e.in, rule->local ? NULL : space);
        cfi_seek(&e.in, e.begin, e.end);
        if (cfa)
                push(&e, *cfa);
        for (unsigned i = 0; e.in.pos < e.end && !e.in.err; i++) {
                if (i == STEP_MAX)
                        return -E2BIG;
                step(&e, cfi_u8(&e.in));
        }
        *out = pop(&e);
        return e.in.err;
}
