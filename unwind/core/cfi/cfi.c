/* SPDX-License-Identifier: MIT */
#include "unwind/core/cfi/internal.h"

#include <errno.h>

const char *cfi_trust_name(enum cfi_trust trust)
{
        switch (trust) {
        case CFI_TRUST_CONTEXT:
                return "context";
        case CFI_TRUST_CFI:
                return "cfi";
        case CFI_TRUST_FRAME_POINTER:
                return "frame-pointer";
        case CFI_TRUST_SCAN:
                return "scan";
        }
        return "unknown";
}

const char *cfi_end_name(enum cfi_end end)
{
        switch (end) {
        case CFI_END_NONE:
                return "none";
        case CFI_END_OF_STACK:
                return "end-of-stack";
        case CFI_END_MAX_FRAMES:
                return "max-frames";
        case CFI_END_NO_PROGRESS:
                return "no-progress";
        case CFI_END_UNREADABLE:
                return "unreadable";
        case CFI_END_BAD_PC:
                return "bad-pc";
        case CFI_END_NO_RULE:
                return "no-rule";
        }
        return "unknown";
}

int cfi_find_row(const struct cfi_space *space, uint64_t pc, struct cfi_row *out)
{
        struct cfi_cursor cursor;
        struct cfi_fde fde;
        int err = cfi_find_fde(&cursor, space, pc, &fde);

        return err ? err : cfi_run_program(&cursor, &fde, pc, out);
}

static int find_cfa(const struct cfi_space *space, const struct cfi_row *row, const struct arch_registers *regs,
                    uint64_t *cfa)
{
        switch (row->cfa.kind) {
        case CFI_RULE_VAL_OFFSET:
                if (!cfi_usable(regs, row->cfa.reg))
                        return -ENODATA;
                *cfa = regs->v[row->cfa.reg] + (uint64_t)row->cfa.value;
                return 0;
        case CFI_RULE_CFA_EXPR:
                return cfi_evaluate(space, &row->cfa, regs, NULL, cfa);
        default:
                return -EBADMSG;
        }
}

/* Computes the caller's value of a register from its rule. */
static int recover(const struct cfi_space *space, const struct cfi_rule *rule, const struct arch_registers *regs,
                   uint64_t cfa, uint64_t *value)
{
        uint64_t at = cfa + (uint64_t)rule->value;
        int err;

        switch (rule->kind) {
        case CFI_RULE_OFFSET:
                break;
        case CFI_RULE_VAL_OFFSET:
                *value = at;
                return 0;
        case CFI_RULE_REGISTER:
                if (!cfi_usable(regs, (uint64_t)rule->value))
                        return -ENODATA;
                *value = regs->v[rule->value];
                return 0;
        case CFI_RULE_VAL_EXPR:
                return cfi_evaluate(space, rule, regs, &cfa, value);
        case CFI_RULE_EXPR:
                err = cfi_evaluate(space, rule, regs, &cfa, &at);
                if (err)
                        return err;
                break;
        default:
                return -EBADMSG;
        }
        return space->read(space->ctx, at, value, sizeof(*value)) ? -EFAULT : 0;
}

/* Copies registers without a rule, which have the callee's values. */
static void keep_unruled(const struct cfi_row *row, const struct arch_registers *regs, struct arch_registers *out)
{
        const uint32_t all = (1u << ARCH_DWARF_REGS) - 1;
        uint32_t kept = row->signal_frame ? all : ARCH_CALLEE_SAVED | 1u << ARCH_REG_PC;

        *out = *regs;
        out->known = regs->known & kept & ~row->ruled & all;
        out->inherited = (regs->known | regs->inherited) & ~out->known & ~row->ruled & all;
}

int cfi_apply_row(const struct cfi_space *space, const struct cfi_row *row, const struct arch_registers *regs,
                  struct arch_registers *out, uint64_t *cfa)
{
        const uint32_t sp = 1u << ARCH_REG_SP;
        int err = find_cfa(space, row, regs, cfa);

        if (err)
                return err;
        keep_unruled(row, regs, out);
        for (uint32_t left = row->ruled; left; left &= left - 1) {
                unsigned reg = (unsigned)__builtin_ctz(left);
                const struct cfi_rule *rule = &row->reg[reg];

                if (rule->kind == CFI_RULE_UNDEFINED)
                        continue;
                err = recover(space, rule, regs, *cfa, &out->v[reg]);
                if (err && (reg == ARCH_REG_PC || reg == ARCH_REG_SP))
                        return err;
                if (!err) /* an error here is ignored: finding the caller does not require this register */
                        out->known |= 1u << reg;
        }
        if (!(row->ruled & sp)) { /* on this processor the CFA is the caller's SP */
                out->v[ARCH_REG_SP] = *cfa;
                out->known |= sp;
                out->inherited &= ~sp;
        }
        return 0;
}
