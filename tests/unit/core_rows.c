/* SPDX-License-Identifier: MIT */
/* Rows: assembly functions whose CFI contains one rule each, looked up by the engine and applied to constructed
 * registers. The code is never executed; only its CFI is used. */
#include "tests/unit/self_space.h"
#include "tests/unit/tap.h"

#define WORDS 128

/* The constructed frame: every word of the stack and every register has a unique value. */
static uint64_t stack[WORDS];
static struct arch_registers regs;

#define SP_WORD 16  /* SP points here, */
#define FP_WORD 40  /* FP here, */
#define R10_WORD 60 /* and R10 here */
#define WORD_AT(index) (0xaaaa000000000000u + (uint64_t)(index))
#define REGISTER(reg) (0xbbbb000000000000u + (uint64_t)(reg))

static uint64_t address(int word)
{
        return (uintptr_t)&stack[word];
}

static void make_frame(uint64_t pc)
{
        for (int i = 0; i < WORDS; i++)
                stack[i] = WORD_AT(i);
        for (unsigned i = 0; i < ARCH_DWARF_REGS; i++)
                regs.v[i] = REGISTER(i);
        regs.known = (1u << ARCH_DWARF_REGS) - 1;
        regs.inherited = 0;
        regs.v[ARCH_REG_SP] = address(SP_WORD);
        regs.v[ARCH_REG_FP] = address(FP_WORD);
        regs.v[ARCH_REG_R10] = address(R10_WORD);
        regs.v[ARCH_REG_PC] = pc;
}

/* Expected result for one location in the code. */
enum expected { SAVED, VALUE, UNKNOWN, INHERITED, END };
struct expect {
        enum expected kind;
        unsigned reg;
        uint64_t value; /* SAVED: index of the word; VALUE: the value */
};

static void check_register(const char *title, const struct arch_registers *got, const struct expect *e)
{
        uint32_t bit = 1u << e->reg;

        switch (e->kind) {
        case SAVED:
                tap_is(got->known & bit ? got->v[e->reg] : 0, WORD_AT(e->value), "%s: register %u", title, e->reg);
                break;
        case VALUE:
                tap_is(got->known & bit ? got->v[e->reg] : 0, e->value, "%s: register %u", title, e->reg);
                break;
        case UNKNOWN:
                tap_ok(!((got->known | got->inherited) & bit), "%s: register %u is unknown", title, e->reg);
                break;
        default:
                tap_ok(!(got->known & bit) && (got->inherited & bit) && got->v[e->reg] == regs.v[e->reg],
                       "%s: register %u is inherited", title, e->reg);
        }
}

/* `cfa`: index of its word. */
static void check_row(const char *title, uint64_t pc, int cfa, const struct expect *expects)
{
        struct cfi_row row;
        struct arch_registers got;
        uint64_t got_cfa = 0;
        int err;

        make_frame(pc);
        err = cfi_find_row(&self.space, pc, &row);
        if (!err)
                err = cfi_apply_row(&self.space, &row, &regs, &got, &got_cfa);
        if (!tap_is((unsigned long long)(long long)err, 0, "%s: the row can be applied", title))
                return;
        tap_is(got_cfa, address(cfa), "%s: CFA", title);
        for (; expects && expects->kind != END; expects++)
                check_register(title, &got, expects);
}

#define EXPECT(...) ((const struct expect[]){ __VA_ARGS__, { END, 0, 0 } })

static void check_error(const char *title, uint64_t pc, int wanted)
{
        struct cfi_row row;
        struct arch_registers got;
        uint64_t cfa;
        int err;

        make_frame(pc);
        err = cfi_find_row(&self.space, pc, &row);
        if (!err)
                err = cfi_apply_row(&self.space, &row, &regs, &got, &cfa);
        tap_is((unsigned long long)(long long)err, (unsigned long long)(long long)wanted, "%s", title);
}

/* One function of the table below: .cfi_startproc defines CFA = rsp + 8, rip at CFA - 8. `at_NAME` is the location
 * that is looked up. */
#define FUNCTION(name, cfi)                                                                                 \
        extern const char at_##name[];                                                                      \
        __asm__(".text\n.p2align 4\nfn_" #name ":\n.cfi_startproc\n" cfi "\n.globl at_" #name "\nat_" #name \
                ":\nnop\nnop\n.cfi_endproc\n.previous\n")

FUNCTION(entry, "");
FUNCTION(pushed, "nop\n.cfi_def_cfa_offset 16\n.cfi_offset rbp, -16\n");
FUNCTION(fp, "nop\n.cfi_def_cfa rbp, 16\n.cfi_offset rbp, -16\n.cfi_offset rbx, -24\n.cfi_offset r12, -32\n");
FUNCTION(fp_register, "nop\n.cfi_def_cfa_offset 16\nnop\n.cfi_def_cfa_register rbp\n");
FUNCTION(adjusted, "nop\n.cfi_adjust_cfa_offset 40\nnop\n.cfi_adjust_cfa_offset -8\n");
FUNCTION(far, ".fill 300,1,0x90\n.cfi_def_cfa_offset 24\n");       /* advance_loc2 */
FUNCTION(farther, ".fill 70000,1,0x90\n.cfi_def_cfa_offset 32\n"); /* advance_loc4 */
FUNCTION(in_register, "nop\n.cfi_def_cfa_offset 0\n.cfi_register rip, rdi\n.cfi_register rbx, r9\n");
FUNCTION(in_vector, "nop\n.cfi_register rbx, xmm3\n.cfi_offset xmm4, -40\n");
FUNCTION(undefined, "nop\n.cfi_undefined rip\n.cfi_undefined rbx\n");
FUNCTION(same, "nop\n.cfi_offset rbx, -24\nnop\n.cfi_same_value rbx\n");
FUNCTION(restored, "nop\n.cfi_offset rbx, -24\n.cfi_offset rbp, -16\nnop\n.cfi_restore rbx\n.cfi_restore rip\n");
FUNCTION(val_offset, "nop\n.cfi_def_cfa_offset 32\n.cfi_escape 0x14, 0x03, 0x03\n" /* rbx = CFA + 3 * -8 */);
FUNCTION(val_offset_sf, "nop\n.cfi_escape 0x15, 0x03, 0x02\n");                                /* rbx = CFA + 2 * -8 */
FUNCTION(offset_sf, "nop\n.cfi_escape 0x11, 0x03, 0x7d\n");                                    /* rbx at CFA - 3 * -8 */
FUNCTION(offset_extended, "nop\n.cfi_escape 0x05, 0x03, 0x03\nnop\n.cfi_escape 0x2e, 0x10\n"); /* and args_size */
FUNCTION(negative_extended, "nop\n.cfi_escape 0x2f, 0x03, 0x02\n"); /* GNU_negative_offset_extended: rbx at CFA + 16 */
FUNCTION(restore_extended, "nop\n.cfi_offset rbx, -24\nnop\n.cfi_escape 0x06, 0x03\n");
FUNCTION(def_cfa_sf, "nop\n.cfi_escape 0x12, 0x06, 0x7e\n");  /* CFA = rbp + -2 * -8 */
FUNCTION(def_cfa_offset_sf, "nop\n.cfi_escape 0x13, 0x7d\n"); /* CFA = rsp + -3 * -8 */
FUNCTION(remembered, "nop\n.cfi_def_cfa_offset 16\n.cfi_offset rbx, -16\n.cfi_remember_state\nnop\n"
                     ".cfi_def_cfa_offset 8\n.cfi_restore rbx\nnop\n.cfi_restore_state\n");
FUNCTION(in_remembered, "nop\n.cfi_def_cfa_offset 16\n.cfi_offset rbx, -16\n.cfi_remember_state\nnop\n"
                        ".cfi_def_cfa_offset 24\n.cfi_restore rbx\n.globl at_in_remembered_\nat_in_remembered_:\nnop\n"
                        ".cfi_restore_state\n");
FUNCTION(nested,
         "nop\n.cfi_def_cfa_offset 16\n.cfi_remember_state\nnop\n.cfi_def_cfa_offset 24\n"
         ".cfi_remember_state\nnop\n.cfi_def_cfa_offset 32\n.cfi_remember_state\nnop\n"
         ".cfi_def_cfa_offset 40\n.cfi_remember_state\nnop\n.cfi_def_cfa_offset 48\n.cfi_remember_state\nnop\n"
         ".cfi_def_cfa rbp, 16\nnop\n.cfi_restore_state\nnop\n.cfi_restore_state\nnop\n.cfi_restore_state\nnop\n");
FUNCTION(realign_entry, "nop\n.cfi_def_cfa r10, 0\n");
/* gcc -mstackrealign after its prologue: the CFA is the value of r10, saved at rbp - 8. */
FUNCTION(realign, "nop\n.cfi_escape 0x10,0x6,0x2,0x76,0\nnop\n.cfi_escape 0xf,0x3,0x76,0x78,0x6\n"
                  ".cfi_escape 0x10,0x3,0x2,0x76,0x70\n");
FUNCTION(val_expr, "nop\n.cfi_escape 0x16, 0x03, 0x03, 0x77, 0x10, 0x06\n");                   /* rbx = *(rsp + 16) */
FUNCTION(expr_cfa, "nop\n.cfi_def_cfa_offset 32\n.cfi_escape 0x10, 0x03, 0x02, 0x23, 0x08\n"); /* rbx at CFA + 8 */
FUNCTION(sp_rule, "nop\n.cfi_escape 0x15, 0x07, 0x78\n" /* rsp = CFA - 8 * -8 */);
FUNCTION(sp_saved, "nop\n.cfi_offset rsp, -8\n");
FUNCTION(signal, ".cfi_signal_frame\nnop\n.cfi_offset rbx, 16\n.cfi_offset rax, 24\n");
FUNCTION(return_column, ".cfi_return_column rdx\nnop\n.cfi_def_cfa_offset 16\n.cfi_offset rdx, -16\n");
FUNCTION(return_column_kept, ".cfi_return_column rdx\nnop\n");
FUNCTION(return_column_virtual, ".cfi_return_column 40\nnop\n.cfi_escape 0x05, 40, 0x02\n");
FUNCTION(after_expression, "nop\n.cfi_def_cfa_offset 24\nnop\n.cfi_escape 0xf,0x3,0x76,0x78,0x6\nnop\n"
                           ".cfi_def_cfa_register rbp\n");

/* Malformed rules, as far as ld accepts them. */
FUNCTION(restore_alone, "nop\n.cfi_escape 0x0b\n");
FUNCTION(offset_of_expression, "nop\n.cfi_escape 0xf,0x3,0x76,0x78,0x6\nnop\n.cfi_escape 0x0e, 0x08\n");
FUNCTION(cfa_of_vector, "nop\n.cfi_escape 0x0c, 0x20, 0x08\n");
FUNCTION(bad_return_place, "nop\n.cfi_escape 0x10, 0x10, 0x01, 0x30\n");   /* rip at address 0 */
FUNCTION(bad_register_place, "nop\n.cfi_escape 0x10, 0x03, 0x01, 0x30\n"); /* rbx at address 0 */

extern const char at_in_remembered_[];

static void check_simple_rows(void)
{
        check_row("first instruction", (uintptr_t)at_entry, SP_WORD + 1,
                  EXPECT({ SAVED, ARCH_REG_PC, SP_WORD }, { VALUE, ARCH_REG_SP, address(SP_WORD + 1) },
                         { VALUE, ARCH_REG_RBX, REGISTER(ARCH_REG_RBX) },
                         { VALUE, ARCH_REG_R15, REGISTER(ARCH_REG_R15) }, { INHERITED, ARCH_REG_RAX, 0 },
                         { INHERITED, ARCH_REG_R11, 0 }));
        check_row("after push", (uintptr_t)at_pushed, SP_WORD + 2,
                  EXPECT({ SAVED, ARCH_REG_PC, SP_WORD + 1 }, { SAVED, ARCH_REG_FP, SP_WORD }));
        check_row("frame pointer", (uintptr_t)at_fp, FP_WORD + 2,
                  EXPECT({ SAVED, ARCH_REG_PC, FP_WORD + 1 }, { SAVED, ARCH_REG_FP, FP_WORD },
                         { SAVED, ARCH_REG_RBX, FP_WORD - 1 }, { SAVED, ARCH_REG_R12, FP_WORD - 2 }));
        check_row("def_cfa_register keeps the offset", (uintptr_t)at_fp_register, FP_WORD + 2, NULL);
        check_row("adjust_cfa_offset", (uintptr_t)at_adjusted, SP_WORD + 5, NULL);
        check_row("advance_loc2", (uintptr_t)at_far, SP_WORD + 3, NULL);
        check_row("advance_loc4", (uintptr_t)at_farther, SP_WORD + 4, NULL);
        check_row("def_cfa_sf", (uintptr_t)at_def_cfa_sf, FP_WORD + 2, NULL);
        check_row("def_cfa_offset_sf", (uintptr_t)at_def_cfa_offset_sf, SP_WORD + 3, NULL);
        check_row("an instruction before the change", (uintptr_t)at_fp - 1, SP_WORD + 1, NULL);
        check_row("def_cfa_register after an expression", (uintptr_t)at_after_expression, FP_WORD + 3, NULL);
}

static void check_register_rules(void)
{
        check_row(
                "register", (uintptr_t)at_in_register, SP_WORD,
                EXPECT({ VALUE, ARCH_REG_PC, REGISTER(ARCH_REG_RDI) }, { VALUE, ARCH_REG_RBX, REGISTER(ARCH_REG_R9) }));
        check_row("vector registers", (uintptr_t)at_in_vector, SP_WORD + 1,
                  EXPECT({ UNKNOWN, ARCH_REG_RBX, 0 }, { SAVED, ARCH_REG_PC, SP_WORD }));
        check_row("undefined", (uintptr_t)at_undefined, SP_WORD + 1,
                  EXPECT({ UNKNOWN, ARCH_REG_PC, 0 }, { UNKNOWN, ARCH_REG_RBX, 0 }));
        check_row("same_value", (uintptr_t)at_same, SP_WORD + 1,
                  EXPECT({ VALUE, ARCH_REG_RBX, REGISTER(ARCH_REG_RBX) }));
        check_row("restore", (uintptr_t)at_restored, SP_WORD + 1,
                  EXPECT({ VALUE, ARCH_REG_RBX, REGISTER(ARCH_REG_RBX) }, { SAVED, ARCH_REG_FP, SP_WORD - 1 },
                         { SAVED, ARCH_REG_PC, SP_WORD }));
        check_row("restore_extended", (uintptr_t)at_restore_extended, SP_WORD + 1,
                  EXPECT({ VALUE, ARCH_REG_RBX, REGISTER(ARCH_REG_RBX) }));
        check_row("val_offset", (uintptr_t)at_val_offset, SP_WORD + 4,
                  EXPECT({ VALUE, ARCH_REG_RBX, address(SP_WORD + 1) }));
        check_row("val_offset_sf", (uintptr_t)at_val_offset_sf, SP_WORD + 1,
                  EXPECT({ VALUE, ARCH_REG_RBX, address(SP_WORD - 1) }));
        check_row("offset_extended_sf", (uintptr_t)at_offset_sf, SP_WORD + 1,
                  EXPECT({ SAVED, ARCH_REG_RBX, SP_WORD + 4 }));
        check_row("offset_extended", (uintptr_t)at_offset_extended, SP_WORD + 1,
                  EXPECT({ SAVED, ARCH_REG_RBX, SP_WORD - 2 }));
        check_row("negative_offset_extended", (uintptr_t)at_negative_extended, SP_WORD + 1,
                  EXPECT({ SAVED, ARCH_REG_RBX, SP_WORD + 3 }));
        check_row("SP by val_offset", (uintptr_t)at_sp_rule, SP_WORD + 1,
                  EXPECT({ VALUE, ARCH_REG_SP, address(SP_WORD + 9) }));
        check_row("SP saved", (uintptr_t)at_sp_saved, SP_WORD + 1, EXPECT({ SAVED, ARCH_REG_SP, SP_WORD }));
        check_row("signal frame keeps every register", (uintptr_t)at_signal, SP_WORD + 1,
                  EXPECT({ SAVED, ARCH_REG_RBX, SP_WORD + 3 }, { SAVED, ARCH_REG_RAX, SP_WORD + 4 },
                         { VALUE, ARCH_REG_RCX, REGISTER(ARCH_REG_RCX) },
                         { VALUE, ARCH_REG_R11, REGISTER(ARCH_REG_R11) }));
        check_row("another return column", (uintptr_t)at_return_column, SP_WORD + 2,
                  EXPECT({ SAVED, ARCH_REG_PC, SP_WORD }));
        check_row("another return column, in its register", (uintptr_t)at_return_column_kept, SP_WORD + 1,
                  EXPECT({ VALUE, ARCH_REG_PC, REGISTER(ARCH_REG_RDX) }));
        check_row("a return column beyond the registers", (uintptr_t)at_return_column_virtual, SP_WORD + 1,
                  EXPECT({ SAVED, ARCH_REG_PC, SP_WORD - 1 }));
}

static void check_states_and_expressions(void)
{
        check_row("restore_state", (uintptr_t)at_remembered, SP_WORD + 2, EXPECT({ SAVED, ARCH_REG_RBX, SP_WORD }));
        check_row("between remember_state and restore_state", (uintptr_t)at_in_remembered_, SP_WORD + 3,
                  EXPECT({ VALUE, ARCH_REG_RBX, REGISTER(ARCH_REG_RBX) }));
        check_row("after restore_state", (uintptr_t)at_in_remembered, SP_WORD + 2,
                  EXPECT({ SAVED, ARCH_REG_RBX, SP_WORD }));
        check_row("five nested states, three restored", (uintptr_t)at_nested, SP_WORD + 4, NULL);
        check_row("five nested states, two restored", (uintptr_t)at_nested - 2, SP_WORD + 5, NULL);
        check_row("five nested states, one restored", (uintptr_t)at_nested - 3, SP_WORD + 6, NULL);
        check_row("five nested states, none restored", (uintptr_t)at_nested - 4, FP_WORD + 2, NULL);
        check_row("stack realigned, first by r10", (uintptr_t)at_realign_entry, R10_WORD,
                  EXPECT({ SAVED, ARCH_REG_PC, R10_WORD - 1 }));
        check_row("rbx by a value expression", (uintptr_t)at_val_expr, SP_WORD + 1,
                  EXPECT({ SAVED, ARCH_REG_RBX, SP_WORD + 2 }));
        check_row("CFA is pushed for an expression", (uintptr_t)at_expr_cfa, SP_WORD + 4,
                  EXPECT({ SAVED, ARCH_REG_RBX, SP_WORD + 5 }));
}

/* The CFA is read from the stack, so that word must be an address. */
static void check_realigned(void)
{
        struct cfi_row row;
        struct arch_registers got;
        uint64_t cfa = 0;

        make_frame((uintptr_t)at_realign);
        stack[FP_WORD - 1] = address(90);
        tap_is((unsigned)cfi_find_row(&self.space, (uintptr_t)at_realign, &row), 0, "stack realigned: row");
        tap_is((unsigned)cfi_apply_row(&self.space, &row, &regs, &got, &cfa), 0, "stack realigned: applied");
        tap_is(cfa, address(90), "stack realigned: the CFA is read from rbp - 8");
        check_register("stack realigned", &got, &(struct expect){ SAVED, ARCH_REG_PC, 89 });
        check_register("stack realigned", &got, &(struct expect){ SAVED, ARCH_REG_FP, FP_WORD });
        check_register("stack realigned", &got, &(struct expect){ SAVED, ARCH_REG_RBX, FP_WORD - 2 });
}

/* The same registers, with one of them unknown. */
static void check_unknown_registers(void)
{
        struct cfi_row row;
        struct arch_registers got;
        uint64_t cfa = 0;

        make_frame((uintptr_t)at_realign_entry);
        cfi_find_row(&self.space, (uintptr_t)at_realign_entry, &row);
        regs.known &= ~(1u << ARCH_REG_R10);
        tap_is((unsigned)-cfi_apply_row(&self.space, &row, &regs, &got, &cfa), ENODATA,
               "CFA relative to an unknown register");
        regs.inherited = 1u << ARCH_REG_R10;
        tap_is((unsigned)-cfi_apply_row(&self.space, &row, &regs, &got, &cfa), 0,
               "CFA relative to an inherited register");
        tap_is(cfa, address(R10_WORD), "CFA relative to an inherited register: value");
        tap_ok(!(got.known & 1u << ARCH_REG_R10), "an inherited register does not become known");
        make_frame((uintptr_t)at_entry);
        cfi_find_row(&self.space, (uintptr_t)at_entry, &row);
        regs.known &= ~(1u << ARCH_REG_RBX);
        cfi_apply_row(&self.space, &row, &regs, &got, &cfa);
        tap_ok(!((got.known | got.inherited) & 1u << ARCH_REG_RBX), "an unknown register stays unknown");
}

static void check_errors(void)
{
        struct cfi_row row;

        check_error("restore_state without remember_state", (uintptr_t)at_restore_alone, -EBADMSG);
        check_error("def_cfa_offset after an expression", (uintptr_t)at_offset_of_expression, -EBADMSG);
        check_error("CFA by a vector register", (uintptr_t)at_cfa_of_vector, -EOPNOTSUPP);
        check_error("return address at an unreadable address", (uintptr_t)at_bad_return_place, -EFAULT);
        check_row("rbx at an unreadable address", (uintptr_t)at_bad_register_place, SP_WORD + 1,
                  EXPECT({ UNKNOWN, ARCH_REG_RBX, 0 }, { SAVED, ARCH_REG_PC, SP_WORD }));
        tap_is((unsigned)-cfi_find_row(&self.space, 16, &row), ENOENT, "pc outside all modules");
        tap_is((unsigned)-cfi_find_row(&self.space, self.modules[0].image.base + 8, &row), ENOENT,
               "pc in a module, outside all functions");
}

static void check_ends_here(void)
{
        struct cfi_row row;

        cfi_find_row(&self.space, (uintptr_t)at_entry, &row);
        tap_ok(!row.ends_here && row.pc == (uintptr_t)at_entry, "not the last byte of its FDE");
        cfi_find_row(&self.space, (uintptr_t)at_entry + 1, &row);
        tap_ok(row.ends_here, "the last byte of its FDE");
        tap_ok(!row.signal_frame, "not a signal frame");
        cfi_find_row(&self.space, (uintptr_t)at_signal, &row);
        tap_ok(row.signal_frame, "a signal frame");
}

int main(void)
{
        self_load();
        check_simple_rows();
        check_register_rules();
        check_states_and_expressions();
        check_realigned();
        check_unknown_registers();
        check_errors();
        check_ends_here();
        return tap_done();
}
