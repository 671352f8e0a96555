/* SPDX-License-Identifier: MIT */
#include "unwind/core/cfi_internal.h"

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

/* A register whose rule says where its value is. */
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

/* A register without a rule: what the callee left in it. */
static void keep(const struct cfi_row *row, const struct arch_registers *regs, unsigned reg, struct arch_registers *out)
{
        uint32_t bit = 1u << reg;
        bool kept = row->signal_frame || reg == ARCH_REG_PC || (ARCH_CALLEE_SAVED & bit);

        out->v[reg] = regs->v[reg];
        if (kept)
                out->known |= regs->known & bit;
        out->inherited |= (regs->known | regs->inherited) & ~out->known & bit;
}

int cfi_apply_row(const struct cfi_space *space, const struct cfi_row *row, const struct arch_registers *regs,
                  struct arch_registers *out, uint64_t *cfa)
{
        int err = find_cfa(space, row, regs, cfa);

        if (err)
                return err;
        *out = (struct arch_registers){ .known = 0 };
        for (unsigned reg = 0; reg < ARCH_DWARF_REGS; reg++) {
                const struct cfi_rule *rule = &row->reg[reg];

                if (rule->kind == CFI_RULE_UNDEFINED)
                        continue;
                if (rule->kind == CFI_RULE_SAME && reg == ARCH_REG_SP) {
                        out->v[reg] = *cfa; /* what the CFA means on this processor */
                } else if (rule->kind == CFI_RULE_SAME) {
                        keep(row, regs, reg, out);
                        continue;
                } else {
                        err = recover(space, rule, regs, *cfa, &out->v[reg]);
                        if (err && (reg == ARCH_REG_PC || reg == ARCH_REG_SP))
                                return err;
                        if (err) /* the way to the caller does not need it */
                                continue;
                }
                out->known |= 1u << reg;
        }
        return 0;
}
