/* SPDX-License-Identifier: MIT */
#include "report/fault/story.h"

#include "report/model/names.h"
#include "report/words/describe.h"
#include "report/words/own.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

bool story_is(const char *word, const char *expected)
{
        return word && !strcmp(word, expected);
}

const char *story_join(struct story *s, const char *sentence, const char *more)
{
        return !sentence || !more ? (sentence ? sentence : more) : pool_printf(s->pool, "%s %s", sentence, more);
}

const char *story_capital(struct story *s, const char *text)
{
        char *copy = pool_strdup(s->pool, text);

        copy[0] = (char)toupper((unsigned char)copy[0]);
        return copy;
}

const char *story_deed(struct story *s)
{
        const char *verb = story_is(s->report->fault.access, "write")  ? "wrote"
                           : story_is(s->report->fault.access, "read") ? "read"
                                                                       : "used";

        if (story_is(s->report->fault.access, "execute"))
                return "ran code";

        if (!s->m || !s->m->size)
                return pool_printf(s->pool, "%s memory", verb);
        return pool_printf(s->pool, "%s %u byte%s", verb, s->m->size, s->m->size == 1 ? "" : "s");
}

bool story_plain_pointer(const struct memory_operand *m)
{
        return m && m->base >= 0 && m->base != ARCH_REG_PC && m->index < 0 && !m->vector_index && !m->in_segment;
}

const char *story_through(struct story *s)
{
        static const char *const names[] = ARCH_REG_NAMES;
        const struct memory_operand *m = s->m;

        if (!m)
                return pool_printf(s->pool, "at address 0x%" PRIx64, s->address);
        if (m->on_stack)
                return pool_printf(s->pool, "at the stack pointer %s", m->text);
        if (m->vector_index)
                return pool_printf(s->pool, "at one of the addresses %s", m->text);
        if (story_plain_pointer(m) && !m->displacement)
                return pool_printf(s->pool, "through the pointer in %s", m->text);
        if (!m->known || m->base == ARCH_REG_PC || (m->base < 0 && m->index < 0))
                return pool_printf(s->pool, "at %s", m->text);
        if (m->index < 0)
                return pool_printf(s->pool, "at %s (%s = 0x%" PRIx64 ")", m->text, names[m->base], m->base_value);
        if (m->base < 0)
                return pool_printf(s->pool, "at %s (%s = 0x%" PRIx64 ")", m->text, names[m->index], m->index_value);
        return pool_printf(s->pool, "at %s (%s = 0x%" PRIx64 ", %s = 0x%" PRIx64 ")", m->text, names[m->base],
                           m->base_value, names[m->index], m->index_value);
}

uint64_t story_pointer(const struct story *s)
{
        return story_plain_pointer(s->m) && s->m->known ? s->m->base_value : s->address;
}

static bool is_library(struct report *report, const struct report_frame *frame)
{
        return frame->module.known && !own_frame(report, frame);
}

/* "memmove" of "__memmove_avx_unaligned_erms", "snprintf" of "__GI___snprintf", "printf" of "__printf_chk". */
static const char *public_name(struct story *s, const char *name)
{
        size_t len;

        name = names_plain(s->pool, name);
        name += strspn(name, "_");
        len = strlen(name);
        return len > 4 && !strcmp(name + len - 4, "_chk") ? pool_strndup(s->pool, name, len - 4) : name;
}

const char *story_caller(struct story *s)
{
        const struct report_thread *thread = s->report->thread_count ? &s->report->threads[0] : NULL;
        const struct report_frame *own, *line_frame;
        const char *line;
        size_t i;

        if (!thread || !thread->frame_count || !is_library(s->report, &thread->frames[0]))
                return NULL;
        for (i = 1; i < thread->frame_count && is_library(s->report, &thread->frames[i]); i++)
                ;
        if (i == thread->frame_count || !thread->frames[i].function || !thread->frames[i - 1].function ||
            thread->frames[i].signal_frame)
                return NULL;
        own = &thread->frames[i - 1];
        line_frame = &thread->frames[i];
        line = describe_line(s->report, line_frame);
        return pool_printf(s->pool, "That was in %s, called by %s%s%s: look at what was passed to it.",
                           public_name(s, own->function), names_plain(s->pool, line_frame->function),
                           line ? " at " : "", line ? line : "");
}
