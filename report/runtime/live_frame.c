/* SPDX-License-Identifier: MIT */
#include "report/runtime/live_frame.h"

#include "report/model/utf8.h"

#include <string.h>

#define STACK_MAX 16384u /* bytes of a frame that are looked at */

static const uint8_t preserved[] = { ARCH_REG_PRESERVED };

static const struct target_thread *crashed(const struct target *t)
{
        return t && t->thread_count ? &t->threads[0] : NULL;
}

bool live_frame_read(struct report *report, struct target *t, size_t index, struct live_frame *out)
{
        const struct target_thread *thread = crashed(t);
        const struct report_thread *shown = report->thread_count ? &report->threads[0] : NULL;
        const struct arch_registers *regs = NULL;
        uint64_t *values;
        size_t physical = 0, len, n = 0, i;

        if (!thread || !shown || index >= shown->frame_count || !t->ops)
                return false;
        for (i = 0; i < index; i++)
                physical += !shown->frames[i].inlined;
        if (physical + 1 >= thread->frame_count || thread->frames[physical].pc != shown->frames[index].pc.v)
                return false;
        *out = (struct live_frame){ .report = report,
                                    .t = t,
                                    .name = shown->frames[index].function,
                                    .module = thread->frames[physical].module,
                                    .pc = thread->frames[physical].pc,
                                    .sp = thread->frames[physical].sp,
                                    .end = thread->frames[physical + 1].sp };
        if (!out->sp || out->end <= out->sp)
                out->sp = out->end = 0;
        if (out->end - out->sp > STACK_MAX)
                out->end = out->sp + STACK_MAX;
        if (physical < thread->frame_regs_count)
                regs = &thread->frame_regs[physical];
        len = (size_t)(out->end - out->sp) & ~(size_t)7;
        values = pool_alloc(&report->pool, len + sizeof(preserved) * sizeof(*values) + sizeof(*values));
        for (i = 0; regs && i < sizeof(preserved); i++)
                if (regs->known >> preserved[i] & 1)
                        values[n++] = regs->v[preserved[i]];
        out->stack = n;
        if (len && !target_read(t, out->sp, values + n, len))
                n += len / sizeof(*values);
        out->values = values;
        out->value_count = n;
        return true;
}

const char *live_text(const struct live_frame *f, uint64_t at, uint64_t len)
{
        char *s;
        size_t i;

        if (!len || len > LIVE_STRING_MAX)
                return NULL;
        s = pool_alloc(&f->report->pool, (size_t)len + 1);
        if (target_read(f->t, at, s, (size_t)len))
                return NULL;
        for (i = 0; i < len; i++)
                if (((unsigned char)s[i] < ' ' && s[i] != '\n' && s[i] != '\t') || s[i] == 0x7f)
                        return NULL;
        return utf8_valid(&f->report->pool, s) == s ? s : NULL;
}

const char *live_string(const struct live_frame *f, uint64_t at)
{
        static char s[LIVE_STRING_MAX + 1];
        ssize_t n = target_read_string(f->t, at, s, sizeof(s));

        return n > 0 ? live_text(f, at, (uint64_t)n) : NULL;
}

const char *live_slice(const struct live_frame *f, uint64_t at)
{
        uint64_t p, len;

        return live_word(f, at, &p) && live_word(f, at + 8, &len) ? live_text(f, p, len) : NULL;
}

static bool is_stack(const struct target *t, const struct mapping *m)
{
        size_t i;

        for (i = 0; i < t->thread_count; i++)
                if (t->threads[i].regs.v[ARCH_REG_SP] >= m->start && t->threads[i].regs.v[ARCH_REG_SP] < m->end)
                        return true;
        return !strcmp(m->path, "[stack]");
}

bool live_is_data(const struct live_frame *f, uint64_t at)
{
        const struct mapping *m = target_mapping(f->t, at);

        return m && m->perms & MAPS_READ && m->perms & MAPS_WRITE && !is_stack(f->t, m);
}

bool live_is_constant(const struct live_frame *f, uint64_t at)
{
        const struct mapping *m = target_mapping(f->t, at);

        return m && m->perms & MAPS_READ && !(m->perms & MAPS_WRITE) && m->module >= 0;
}

bool live_word(const struct live_frame *f, uint64_t at, uint64_t *out)
{
        return !target_read(f->t, at, out, sizeof(*out));
}
