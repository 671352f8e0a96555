/* SPDX-License-Identifier: MIT */
#include "report/fault/explanation.h"

#include "report/model/names.h"
#include "report/words/describe.h"
#include "report/words/own.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

bool explanation_word_is(const char *word, const char *expected)
{
        return word && !strcmp(word, expected);
}

const char *explanation_join(struct explanation_input *in, const char *sentence, const char *more)
{
        return !sentence || !more ? (sentence ? sentence : more) : pool_printf(in->pool, "%s %s", sentence, more);
}

const char *explanation_capitalize(struct explanation_input *in, const char *text)
{
        char *copy = pool_strdup(in->pool, text);

        copy[0] = (char)toupper((unsigned char)copy[0]);
        return copy;
}

const char *explanation_access_text(struct explanation_input *in)
{
        const char *verb = explanation_word_is(in->report->fault.access, "write")  ? "wrote"
                           : explanation_word_is(in->report->fault.access, "read") ? "read"
                                                                                   : "used";

        if (explanation_word_is(in->report->fault.access, "execute"))
                return "executed code";

        if (!in->m || !in->m->size)
                return pool_printf(in->pool, "%s memory", verb);
        return pool_printf(in->pool, "%s %u byte%s", verb, in->m->size, in->m->size == 1 ? "" : "s");
}

bool explanation_is_plain_pointer(const struct memory_operand *m)
{
        return m && m->base >= 0 && m->base != ARCH_REG_PC && m->index < 0 && !m->vector_index && !m->in_segment;
}

const char *explanation_operand_text(struct explanation_input *in)
{
        static const char *const names[] = ARCH_REG_NAMES;
        const struct memory_operand *m = in->m;

        if (!m)
                return pool_printf(in->pool, "at address 0x%" PRIx64, in->address);
        if (m->on_stack)
                return pool_printf(in->pool, "at the stack pointer %s", m->text);
        if (m->vector_index)
                return pool_printf(in->pool, "at one of the addresses %s", m->text);
        if (explanation_is_plain_pointer(m) && !m->displacement)
                return pool_printf(in->pool, "through the pointer in %s", m->text);
        if (!m->known || m->base == ARCH_REG_PC || (m->base < 0 && m->index < 0))
                return pool_printf(in->pool, "at %s", m->text);
        if (m->index < 0)
                return pool_printf(in->pool, "at %s (%s = 0x%" PRIx64 ")", m->text, names[m->base], m->base_value);
        if (m->base < 0)
                return pool_printf(in->pool, "at %s (%s = 0x%" PRIx64 ")", m->text, names[m->index], m->index_value);
        return pool_printf(in->pool, "at %s (%s = 0x%" PRIx64 ", %s = 0x%" PRIx64 ")", m->text, names[m->base],
                           m->base_value, names[m->index], m->index_value);
}

uint64_t explanation_pointer(const struct explanation_input *in)
{
        return explanation_is_plain_pointer(in->m) && in->m->known ? in->m->base_value : in->address;
}

static bool is_library(struct report *report, const struct report_frame *frame)
{
        return frame->module.known && !own_frame(report, frame);
}

/* "memmove" for "__memmove_avx_unaligned_erms", "snprintf" for "__GI___snprintf", "printf" for "__printf_chk". */
static const char *public_name(struct explanation_input *in, const char *name)
{
        size_t len;

        name = names_plain(in->pool, name);
        name += strspn(name, "_");
        len = strlen(name);
        return len > 4 && !strcmp(name + len - 4, "_chk") ? pool_strndup(in->pool, name, len - 4) : name;
}

const char *explanation_caller(struct explanation_input *in)
{
        const struct report_thread *thread = in->report->thread_count ? &in->report->threads[0] : NULL;
        const struct report_frame *own, *line_frame;
        const char *line;
        size_t i = own_fault(in->report);

        if (!thread || i >= thread->frame_count || !is_library(in->report, &thread->frames[i]))
                return NULL;
        for (i++; i < thread->frame_count && is_library(in->report, &thread->frames[i]); i++)
                ;
        if (i == thread->frame_count || !thread->frames[i].function || !thread->frames[i - 1].function ||
            thread->frames[i].signal_frame)
                return NULL;
        own = &thread->frames[i - 1];
        line_frame = &thread->frames[i];
        line = describe_line(in->report, line_frame);
        return pool_printf(in->pool, "This happened in %s, called by %s%s%s: check the arguments.",
                           public_name(in, own->function), names_plain(in->pool, line_frame->function),
                           line ? " at " : "", line ? line : "");
}
