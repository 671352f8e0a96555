/* SPDX-License-Identifier: MIT */
#include "preload/base/arch.h"
#include "preload/facts/settings.h"
#include "preload/privacy/secrets.h"
#include "preload/raw/encode.h"
#include "preload/raw/line.h"
#include "preload/raw/sections.h"
#include "unwind/core/terms/raw_format.h"
#include "unwind/core/terms/redact.h"

static struct sigsafe_out *const out = &raw.out;

static uint32_t hidden_registers;
static bool hidden_xstate;

/* Those of the first fault; of a request, of its caller. */
static const struct arch_registers *shown_registers(void)
{
        const struct wire_crash *w = &raw.crash->wire;

        return w->fault_regs.known ? &w->fault_regs : &w->regs;
}

static bool is_outer_frame(void)
{
        return shown_registers()->v[ARCH_REG_SP] != raw.crash->wire.regs.v[ARCH_REG_SP];
}

/* The block of vector registers; NULL if there is none, or if it is left out: through these registers memory is copied. Those of an
 * outer frame are in memory that the program may have written. */
static const void *find_xstate(size_t *size)
{
        if (!raw.crash->uc || is_outer_frame() || hidden_xstate ||
            settings.redact & (REDACT_MEMORY | REDACT_ENV | REDACT_CMDLINE | REDACT_PATHS))
                return NULL;
        return arch_context_xstate(raw.crash->uc, size);
}

void rawsection_withhold_registers(void)
{
        const struct arch_registers *regs = shown_registers();
        const void *xstate;
        size_t size;

        hidden_registers = 0;
        hidden_xstate = false;
        for (unsigned i = 0; i < ARCH_REGS; i++)
                if (regs->known & 1u << i && privacy_in_block(&regs->v[i], sizeof(regs->v[i])))
                        hidden_registers |= 1u << i;
        xstate = find_xstate(&size);
        hidden_xstate = xstate && privacy_in_block(xstate, size);
        if (hidden_registers)
                crash_note(raw.crash, "registers with a part of a private value are left out", NULL, 0);
        if (hidden_xstate)
                crash_note(raw.crash,
                           "the vector registers are left out: they contain a part of a secret variable's value", NULL,
                           0);
}

void rawsection_registers(void)
{
        static const char *const names[ARCH_REGS] = ARCH_REG_NAMES;
        static const uint8_t order[] = ARCH_REG_DISPLAY_ORDER;
        const struct arch_registers *regs = shown_registers();
        size_t size;
        const void *xstate;

        sigsafe_str(out, RAW_SECTION_REGISTERS "\n");
        for (unsigned i = 0; i < sizeof(order); i++)
                if (regs->known & 1u << order[i] && !(hidden_registers >> order[i] & 1))
                        rawline_register(names[order[i]], regs->v[order[i]]);
        xstate = find_xstate(&size);
        if (xstate)
                encode_block(out, raw_key_name(RAW_KEY_XSTATE), (uint64_t)xstate, size);
}

void rawsection_place(uint64_t pc)
{
        const struct modmap_module *m = modmap_find(pc);

        if (!m) {
                sigsafe_char(out, '-');
                return;
        }
        sigsafe_path(out, m->path, m->path_len);
        sigsafe_str(out, " +");
        sigsafe_hex(out, pc - m->image.bias);
}

void rawsection_frames(void)
{
        struct crash *c = raw.crash;

        sigsafe_str(out, RAW_SECTION_FRAMES "\n");
        for (uint32_t i = 0; i < c->wire.frame_count; i++) {
                sigsafe_dec(out, i);
                sigsafe_char(out, ' ');
                sigsafe_str(out, cfi_trust_name((enum cfi_trust)c->wire.frames[i].trust));
                sigsafe_char(out, ' ');
                sigsafe_hex(out, c->wire.frames[i].pc);
                sigsafe_char(out, ' ');
                rawsection_place(c->wire.frames[i].pc);
                if (c->wire.frames[i].signal_frame)
                        sigsafe_str(out, " signal");
                sigsafe_char(out, '\n');
        }
        rawline_str(RAW_KEY_END, cfi_end_name(c->wire.frame_end));
}
