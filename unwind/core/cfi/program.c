/* SPDX-License-Identifier: MIT */
/* Call frame programs. A program is executed for one pc, so no memory is needed for the states that
 * DW_CFA_remember_state saves: if a remembered state is restored before the pc is reached, all instructions between
 * the two have no effect except on the location, so they are skipped; a state that is restored later is never needed.
 * This permits any depth of nesting without a row per level on the stack of a signal handler. */
#include "unwind/core/cfi/internal.h"

#include <errno.h>

/* Maximum number of instructions executed for one row. The longest program of Debian's clang-14 has about 900. */
#define STEP_MAX 65536

/* DW_CFA_*, DWARF 5 section 7.24. The first three contain an operand in their low six bits. */
enum {
        CFA_ADVANCE_LOC = 0x40,
        CFA_OFFSET = 0x80,
        CFA_RESTORE = 0xc0,
        CFA_NOP = 0x00,
        CFA_SET_LOC = 0x01,
        CFA_ADVANCE_LOC1 = 0x02,
        CFA_ADVANCE_LOC2 = 0x03,
        CFA_ADVANCE_LOC4 = 0x04,
        CFA_OFFSET_EXTENDED = 0x05,
        CFA_RESTORE_EXTENDED = 0x06,
        CFA_UNDEFINED = 0x07,
        CFA_SAME_VALUE = 0x08,
        CFA_REGISTER = 0x09,
        CFA_REMEMBER_STATE = 0x0a,
        CFA_RESTORE_STATE = 0x0b,
        CFA_DEF_CFA = 0x0c,
        CFA_DEF_CFA_REGISTER = 0x0d,
        CFA_DEF_CFA_OFFSET = 0x0e,
        CFA_DEF_CFA_EXPRESSION = 0x0f,
        CFA_EXPRESSION = 0x10,
        CFA_OFFSET_EXTENDED_SF = 0x11,
        CFA_DEF_CFA_SF = 0x12,
        CFA_DEF_CFA_OFFSET_SF = 0x13,
        CFA_VAL_OFFSET = 0x14,
        CFA_VAL_OFFSET_SF = 0x15,
        CFA_VAL_EXPRESSION = 0x16,
        CFA_MIPS_ADVANCE_LOC8 = 0x1d,
        CFA_GNU_ARGS_SIZE = 0x2e,
        CFA_GNU_NEGATIVE_OFFSET_EXTENDED = 0x2f,
        CFA_PLAIN_END
};

/* Operands of an instruction; 0: there is no such instruction. */
enum operands {
        OP_NONE = 1,
        OP_ADDRESS, /* encoded like the FDE's addresses */
        OP_1,
        OP_2,
        OP_4,
        OP_8,
        OP_REG,
        OP_REG_REG,
        OP_REG_ULEB,
        OP_REG_FACTORED,  /* unsigned, times the data alignment */
        OP_REG_SFACTORED, /* signed, times the data alignment */
        OP_REG_BLOCK,
        OP_ULEB,
        OP_SFACTORED,
        OP_BLOCK,
};

static const uint8_t operands_of[CFA_PLAIN_END] = {
        [CFA_NOP] = OP_NONE,
        [CFA_SET_LOC] = OP_ADDRESS,
        [CFA_ADVANCE_LOC1] = OP_1,
        [CFA_ADVANCE_LOC2] = OP_2,
        [CFA_ADVANCE_LOC4] = OP_4,
        [CFA_OFFSET_EXTENDED] = OP_REG_FACTORED,
        [CFA_RESTORE_EXTENDED] = OP_REG,
        [CFA_UNDEFINED] = OP_REG,
        [CFA_SAME_VALUE] = OP_REG,
        [CFA_REGISTER] = OP_REG_REG,
        [CFA_REMEMBER_STATE] = OP_NONE,
        [CFA_RESTORE_STATE] = OP_NONE,
        [CFA_DEF_CFA] = OP_REG_ULEB,
        [CFA_DEF_CFA_REGISTER] = OP_REG,
        [CFA_DEF_CFA_OFFSET] = OP_ULEB,
        [CFA_DEF_CFA_EXPRESSION] = OP_BLOCK,
        [CFA_EXPRESSION] = OP_REG_BLOCK,
        [CFA_OFFSET_EXTENDED_SF] = OP_REG_SFACTORED,
        [CFA_DEF_CFA_SF] = OP_REG_SFACTORED,
        [CFA_DEF_CFA_OFFSET_SF] = OP_SFACTORED,
        [CFA_VAL_OFFSET] = OP_REG_FACTORED,
        [CFA_VAL_OFFSET_SF] = OP_REG_SFACTORED,
        [CFA_VAL_EXPRESSION] = OP_REG_BLOCK,
        [CFA_MIPS_ADVANCE_LOC8] = OP_8,
        [CFA_GNU_ARGS_SIZE] = OP_ULEB,
        [CFA_GNU_NEGATIVE_OFFSET_EXTENDED] = OP_REG_FACTORED,
};

/* One instruction with its operands. */
struct insn {
        uint8_t op;
        uint64_t reg;
        uint64_t value; /* number, second register, or new location */
        uint64_t block; /* address and length of an expression */
        uint64_t block_len;
};

struct machine {
        struct cfi_cursor *in;
        const struct cfi_fde *fde;
        struct cfi_row *row;
        const struct cfi_rule *initial; /* the rules after the CIE's program; NULL while that runs */
        uint64_t location;
        /* the last offset; it survives an expression (gcc and gdb agree, DWARF does not specify it) */
        uint64_t cfa_offset;
        unsigned steps;
};

/* The multiplication is unsigned: a hostile table may overflow, and a wrapped offset does no harm. */
static uint64_t factored(const struct machine *m, uint64_t number)
{
        return number * (uint64_t)m->fde->cie.data_align;
}

static void read_block(struct cfi_cursor *c, struct insn *out)
{
        out->block_len = cfi_uleb(c);
        out->block = c->pos;
        cfi_skip(c, out->block_len);
}

static void read_operands(struct machine *m, enum operands operands, struct insn *out)
{
        struct cfi_cursor *c = m->in;

        if (operands >= OP_REG && operands <= OP_REG_BLOCK)
                out->reg = cfi_uleb(c);
        switch (operands) {
        case OP_NONE:
        case OP_REG:
                break;
        case OP_ADDRESS:
                out->value = cfi_pointer(c, m->fde->cie.encoding, 0) + m->fde->bias;
                break;
        case OP_1:
        case OP_2:
        case OP_4:
        case OP_8:
                out->value = m->location + cfi_unsigned(c, 1u << (operands - OP_1)) * m->fde->cie.code_align;
                break;
        case OP_REG_FACTORED:
                out->value = factored(m, cfi_uleb(c));
                break;
        case OP_REG_SFACTORED:
        case OP_SFACTORED:
                out->value = factored(m, (uint64_t)cfi_sleb(c));
                break;
        case OP_REG_REG:
        case OP_REG_ULEB:
        case OP_ULEB:
                out->value = cfi_uleb(c);
                break;
        case OP_REG_BLOCK:
        case OP_BLOCK:
                read_block(c, out);
                break;
        }
}

static int next_insn(struct machine *m, struct insn *out)
{
        uint8_t byte = cfi_u8(m->in), low = byte & 0x3f;

        if (++m->steps > STEP_MAX)
                return -E2BIG;
        *out = (struct insn){ .op = byte & 0xc0 };
        switch (out->op) {
        case CFA_ADVANCE_LOC:
                out->value = m->location + low * m->fde->cie.code_align;
                break;
        case CFA_OFFSET:
                out->reg = low;
                out->value = factored(m, cfi_uleb(m->in));
                break;
        case CFA_RESTORE:
                out->reg = low;
                break;
        default:
                out->op = byte;
                if (byte >= CFA_PLAIN_END || !operands_of[byte])
                        return m->in->err ? m->in->err : -EOPNOTSUPP;
                read_operands(m, (enum operands)operands_of[byte], out);
        }
        return m->in->err;
}

static bool moves_location(uint8_t op)
{
        return op == CFA_ADVANCE_LOC || (op >= CFA_SET_LOC && op <= CFA_ADVANCE_LOC4) || op == CFA_MIPS_ADVANCE_LOC8;
}

/* Called after a DW_CFA_remember_state: skips to the instruction after its DW_CFA_restore_state if that comes before
 * `pc`; otherwise does not move, as the state is not restored before `pc` is reached. */
static int skip_remembered(struct machine *m, uint64_t pc)
{
        uint64_t pos = m->in->pos, location = m->location;
        unsigned depth = 1;

        while (m->in->pos < m->in->end) {
                struct insn insn;
                int err = next_insn(m, &insn);

                if (err)
                        return err;
                if (moves_location(insn.op)) {
                        if (insn.value > pc)
                                break;
                        m->location = insn.value;
                } else if (insn.op == CFA_REMEMBER_STATE) {
                        depth++;
                } else if (insn.op == CFA_RESTORE_STATE && --depth == 0) {
                        return 0;
                }
        }
        m->in->pos = pos;
        m->location = location;
        return 0;
}

/* Returns the rule that an instruction on column `reg` sets; NULL for a register that is not tracked, such as a
 * vector register. The return address is kept in ARCH_REG_PC whatever column the CIE assigns to it. */
static struct cfi_rule *rule_of(const struct machine *m, uint64_t reg)
{
        uint64_t column = m->fde->cie.return_column;

        if (reg == column && column >= ARCH_DWARF_REGS)
                return &m->row->reg[ARCH_REG_PC];
        if (reg >= ARCH_DWARF_REGS || (reg == ARCH_REG_PC && column != ARCH_REG_PC))
                return NULL;
        return &m->row->reg[reg];
}

static int set_rule(struct machine *m, uint64_t reg, struct cfi_rule value)
{
        struct cfi_rule *rule = rule_of(m, reg);

        if (rule)
                *rule = value;
        return 0;
}

static int restore_rule(struct machine *m, uint64_t reg)
{
        struct cfi_rule *rule = rule_of(m, reg);

        if (!m->initial)
                return -EBADMSG;
        if (rule)
                *rule = m->initial[rule - m->row->reg];
        return 0;
}

static int set_cfa(struct machine *m, uint64_t reg, uint64_t offset)
{
        if (reg >= ARCH_DWARF_REGS)
                return -EOPNOTSUPP;
        m->cfa_offset = offset;
        m->row->cfa = (struct cfi_rule){ .kind = CFI_RULE_VAL_OFFSET, .reg = (uint8_t)reg, .value = (int64_t)offset };
        return 0;
}

static struct cfi_rule number_rule(enum cfi_rule_kind kind, uint64_t value)
{
        return (struct cfi_rule){ .kind = kind, .value = (int64_t)value };
}

static struct cfi_rule block_rule(const struct machine *m, enum cfi_rule_kind kind, const struct insn *insn)
{
        return (struct cfi_rule){
                .kind = kind, .local = !m->in->space, .expr = insn->block, .expr_len = (uint32_t)insn->block_len
        };
}

static int execute_cfa(struct machine *m, const struct insn *insn)
{
        const struct cfi_rule *cfa = &m->row->cfa;

        switch (insn->op) {
        case CFA_DEF_CFA:
        case CFA_DEF_CFA_SF:
                return set_cfa(m, insn->reg, insn->value);
        case CFA_DEF_CFA_REGISTER:
                return set_cfa(m, insn->reg, m->cfa_offset);
        case CFA_DEF_CFA_OFFSET:
        case CFA_DEF_CFA_OFFSET_SF:
                return cfa->kind == CFI_RULE_VAL_OFFSET ? set_cfa(m, cfa->reg, insn->value) : -EBADMSG;
        case CFA_DEF_CFA_EXPRESSION:
                m->row->cfa = block_rule(m, CFI_RULE_CFA_EXPR, insn);
                return 0;
        default:
                return -EOPNOTSUPP;
        }
}

static int execute(struct machine *m, const struct insn *insn)
{
        switch (insn->op) {
        case CFA_NOP:
        case CFA_GNU_ARGS_SIZE: /* affects landing pads only */
                return 0;
        case CFA_OFFSET:
        case CFA_OFFSET_EXTENDED:
        case CFA_OFFSET_EXTENDED_SF:
                return set_rule(m, insn->reg, number_rule(CFI_RULE_OFFSET, insn->value));
        case CFA_GNU_NEGATIVE_OFFSET_EXTENDED:
                return set_rule(m, insn->reg, number_rule(CFI_RULE_OFFSET, -insn->value));
        case CFA_VAL_OFFSET:
        case CFA_VAL_OFFSET_SF:
                return set_rule(m, insn->reg, number_rule(CFI_RULE_VAL_OFFSET, insn->value));
        case CFA_RESTORE:
        case CFA_RESTORE_EXTENDED:
                return restore_rule(m, insn->reg);
        case CFA_UNDEFINED:
                return set_rule(m, insn->reg, number_rule(CFI_RULE_UNDEFINED, 0));
        case CFA_SAME_VALUE:
                return set_rule(m, insn->reg, number_rule(CFI_RULE_SAME, 0));
        case CFA_REGISTER: /* a vector register is treated as an unknown one */
                return set_rule(m, insn->reg, number_rule(CFI_RULE_REGISTER, insn->value));
        case CFA_EXPRESSION:
                return set_rule(m, insn->reg, block_rule(m, CFI_RULE_EXPR, insn));
        case CFA_VAL_EXPRESSION:
                return set_rule(m, insn->reg, block_rule(m, CFI_RULE_VAL_EXPR, insn));
        case CFA_RESTORE_STATE:
                return -EBADMSG; /* those that match a DW_CFA_remember_state were skipped */
        default:
                return execute_cfa(m, insn);
        }
}

static int run(struct machine *m, uint64_t from, uint64_t to, uint64_t pc)
{
        cfi_seek(m->in, from, to);
        while (m->in->pos < to) {
                struct insn insn;
                int err = next_insn(m, &insn);

                if (err)
                        return err;
                if (moves_location(insn.op)) {
                        if (insn.value > pc)
                                return 0;
                        m->location = insn.value;
                } else if (insn.op == CFA_REMEMBER_STATE) {
                        err = skip_remembered(m, pc);
                } else {
                        err = execute(m, &insn);
                }
                if (err)
                        return err;
        }
        return 0;
}

/* If the return column is below ARCH_DWARF_REGS and not ARCH_REG_PC, the rule of that register is the rule of the
 * caller's pc. */
static void apply_return_column(struct cfi_row *row, uint64_t column)
{
        if (column >= ARCH_REG_PC)
                return;
        row->reg[ARCH_REG_PC] = row->reg[column];
        if (row->reg[column].kind == CFI_RULE_SAME)
                row->reg[ARCH_REG_PC] = number_rule(CFI_RULE_REGISTER, column);
}

int cfi_run_program(struct cfi_cursor *c, const struct cfi_fde *fde, uint64_t pc, struct cfi_row *out)
{
        struct machine m = { .in = c, .fde = fde, .row = out };
        struct cfi_rule initial[ARCH_DWARF_REGS];
        int err;

        *out = (struct cfi_row){ .pc = pc, .signal_frame = fde->cie.signal_frame };
        out->ends_here = pc + 1 - fde->begin >= fde->size;
        err = run(&m, fde->cie.program, fde->cie.program_end, UINT64_MAX);
        if (err)
                return err;
        for (unsigned i = 0; i < ARCH_DWARF_REGS; i++)
                initial[i] = out->reg[i];
        m.initial = initial;
        m.location = fde->begin;
        err = run(&m, fde->program, fde->program_end, pc);
        if (err)
                return err;
        apply_return_column(out, fde->cie.return_column);
        for (unsigned i = 0; i < ARCH_DWARF_REGS; i++)
                out->ruled |= (out->reg[i].kind != CFI_RULE_SAME) * (1u << i);
        return out->cfa.kind == CFI_RULE_SAME ? -EBADMSG : 0; /* SAME: no instruction set the CFA */
}
