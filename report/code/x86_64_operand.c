/* SPDX-License-Identifier: MIT */
#include "report/code/x86_64_internal.h"

#include <inttypes.h>
#include <stdio.h>

void x86_64_resolve_operand(struct memory_operand *m, const char *segment, bool wide, uint64_t next,
                            const struct arch_registers *regs)
{
        static const char *const names[] = ARCH_REG_NAMES;
        int segment_base = segment ? (segment[0] == 'f' ? ARCH_REG_FS_BASE : ARCH_REG_GS_BASE) : -1;
        uint64_t address = (uint64_t)m->displacement;
        char *s = m->text;
        size_t room = sizeof(m->text), used = 0;
        uint32_t needed = (m->base >= 0 ? 1u << m->base : 0) | (m->index >= 0 ? 1u << m->index : 0) |
                          (segment ? 1u << segment_base : 0);

        m->in_segment = segment;
        m->known = (!needed || regs) && (!regs || !(needed & ~(regs->known | 1u << ARCH_REG_PC)));
        if (segment)
                used += (size_t)snprintf(s + used, room - used, "%s:", segment);
        if (m->base >= 0)
                used += (size_t)snprintf(s + used, room - used, "%s", names[m->base]);
        if (m->index >= 0)
                used += (size_t)snprintf(s + used, room - used, "%s%s", m->base >= 0 ? " + " : "", names[m->index]);
        if (m->index >= 0 && m->scale > 1)
                used += (size_t)snprintf(s + used, room - used, "*%u", m->scale);
        if (m->base < 0 && m->index < 0)
                snprintf(s + used, room - used, "0x%" PRIx64, address);
        else if (m->displacement && !m->on_stack)
                snprintf(s + used, room - used, m->displacement < 0 ? " - %" PRIu64 : " + %" PRIu64,
                         m->displacement < 0 ? 0 - address : address);
        if (!m->known)
                return;
        m->base_value = m->base == ARCH_REG_PC ? next : regs && m->base >= 0 ? regs->v[m->base] : 0;
        m->index_value = regs && m->index >= 0 ? regs->v[m->index] : 0;
        address += m->base_value + m->index_value * m->scale;
        if (!wide)
                address &= UINT32_MAX;
        m->address = address + (regs && segment ? regs->v[segment_base] : 0);
}
