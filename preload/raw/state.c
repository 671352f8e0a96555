/* SPDX-License-Identifier: MIT */
#include "preload/base/arch.h"
#include "preload/facts/settings.h"
#include "preload/raw/encode.h"
#include "preload/raw/line.h"
#include "preload/raw/sections.h"
#include "unwind/core/terms/raw_format.h"
#include "unwind/core/terms/redact.h"

static struct sigsafe_out *const out = &raw.out;

void rawsection_registers(void)
{
        static const char *const names[ARCH_REGS] = ARCH_REG_NAMES;
        static const uint8_t order[] = ARCH_REG_DISPLAY_ORDER;
        const struct arch_registers *regs = &raw.crash->wire.regs;
        size_t size;
        const void *xstate;

        sigsafe_str(out, RAW_SECTION_REGISTERS "\n");
        for (unsigned i = 0; i < sizeof(order); i++)
                if (regs->known & 1u << order[i])
                        rawline_register(names[order[i]], regs->v[order[i]]);
        if (!raw.crash->uc || settings.redact & REDACT_MEMORY)
                return;
        xstate = arch_context_xstate(raw.crash->uc, &size);
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
        sigsafe_text(out, m->path, m->path_len);
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
