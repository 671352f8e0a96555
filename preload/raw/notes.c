/* SPDX-License-Identifier: MIT */
#include "preload/facts/notes.h"
#include "preload/base/guard.h"
#include "preload/base/probe.h"
#include "preload/facts/settings.h"
#include "preload/raw/line.h"
#include "preload/raw/sections.h"
#include "preload/signal/mask.h"
#include "unwind/core/terms/raw_format.h"
#include "unwind/core/terms/secret.h"
#include "unwind/core/terms/str.h"

static struct sigsafe_out *const out = &raw.out;

static void put_static_string(const char *s)
{
        char text[128];
        ssize_t n = s ? probe_string((uint64_t)s, text, sizeof(text)) : 0;

        if (n > 0)
                sigsafe_text(out, text, (size_t)n);
        else
                sigsafe_char(out, '-');
}

void rawsection_context(void)
{
        const struct note_thread *t = NULL;
        uint32_t depth;

        for (unsigned i = 0; i < NOTES_THREADS && i < notes.thread_end; i++)
                if (notes.thread[i].tid == raw.crash->wire.tid)
                        t = &notes.thread[i];
        if (!t || !t->depth)
                return;
        sigsafe_str(out, RAW_SECTION_CONTEXT "\n");
        depth = t->depth < NOTES_CONTEXT_DEPTH ? t->depth : NOTES_CONTEXT_DEPTH;
        while (depth--) {
                put_static_string(t->entry[depth].module);
                sigsafe_char(out, ' ');
                put_static_string(t->entry[depth].klass);
                sigsafe_char(out, ' ');
                put_static_string(t->entry[depth].phase);
                sigsafe_char(out, '\n');
        }
}

void rawsection_breadcrumbs(void)
{
        uint64_t count = notes.breadcrumb_count, first = count > NOTES_BREADCRUMBS ? count - NOTES_BREADCRUMBS : 0;

        if (!count)
                return;
        sigsafe_str(out, RAW_SECTION_BREADCRUMBS "\n");
        for (uint64_t i = first; i < count; i++) {
                const struct note_breadcrumb *b = &notes.breadcrumb[i % NOTES_BREADCRUMBS];

                if (b->sequence & 1 || !b->time_sec)
                        continue;
                rawline_time(b->time_sec, b->time_nsec);
                sigsafe_char(out, ' ');
                sigsafe_dec(out, b->tid);
                sigsafe_char(out, ' ');
                sigsafe_text(out, b->category, str_len(b->category));
                sigsafe_str(out, ": ");
                sigsafe_text(out, b->message, str_len(b->message));
                sigsafe_char(out, '\n');
        }
}

/* Of a function of the program; static, since it may be abandoned while it writes there. */
static struct {
        int (*read)(char *buf, size_t size);
        int n;
        char text[256];
} call;

static void call_read(void *unused)
{
        (void)unused;
        call.n = call.read(call.text, sizeof(call.text));
}

static void put_metadata_entry(const struct note_metadata *m)
{
        static const char *const suffix[] = { "", " (int)", " (double)", " (bool)", "" };
        const char *value = m->value;

        if (m->type == NOTE_VOLATILE) {
                call.read = m->read;
                call.n = -1;
                if (!guard_run_foreign(call_read, NULL, settings.signals, GUARD_FOREIGN_S)) {
                        mask_for_crash_path(NULL);
                        crash_note(raw.crash, "a function of crashpre_set_volatile() was abandoned", NULL, 0);
                        return;
                }
                if (call.n < 0)
                        return;
                call.text[(size_t)call.n < sizeof(call.text) ? (size_t)call.n : sizeof(call.text) - 1] = 0;
                value = call.text;
        }
        sigsafe_text(out, m->key, str_len(m->key));
        if (secret_is_metadata(m->key, str_len(m->key))) {
                sigsafe_str(out, ": " SECRET_WITHHELD "\n");
                return;
        }
        sigsafe_str(out, suffix[m->type <= NOTE_VOLATILE ? m->type : 0]);
        sigsafe_str(out, ": ");
        sigsafe_text(out, value, str_len(value));
        sigsafe_char(out, '\n');
}

void rawsection_metadata(void)
{
        bool any = false;

        for (unsigned i = 0; i < NOTES_METADATA && i < notes.metadata_end; i++) {
                const struct note_metadata *m = &notes.metadata[i];

                if (!m->key[0] || m->sequence & 1)
                        continue;
                if (!any)
                        sigsafe_str(out, RAW_SECTION_METADATA "\n");
                any = true;
                put_metadata_entry(m);
        }
}
