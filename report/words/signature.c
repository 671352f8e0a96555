/* SPDX-License-Identifier: MIT */
#include "report/words/signature.h"

#include "report/model/names.h"
#include "report/words/describe.h"
#include "report/words/own.h"
#include "report/words/recursion.h"
#include "unwind/core/terms/fault_class.h"
#include "unwind/core/terms/str.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct parts {
        const char *names[SIGNATURE_FRAMES];
        size_t count;
        const char *called; /* a function, as std::vector<>::at, called by names[0]; NULL */
};

static const char *frame_name(struct report *report, const struct report_frame *frame)
{
        return frame->function ? names_plain(&report->pool, frame->function) : describe_place(report, frame);
}

/* Each function is added once: the depth of a recursion does not make another bug. */
static void add(struct parts *parts, const char *name)
{
        size_t i;

        for (i = 0; i < parts->count; i++)
                if (!strcmp(parts->names[i], name))
                        return;
        if (parts->count < SIGNATURE_FRAMES)
                parts->names[parts->count++] = name;
}

/* ---- stack overflows ---- */

static void add_cycle(struct report *report, struct parts *parts)
{
        size_t n, i;
        const char **names = recursion_own_names(report, &n);

        for (i = 0; i < n; i++)
                add(parts, names[i]);
}

static size_t occurrences(const char *const *names, size_t n, const char *name)
{
        size_t i, found = 0;

        for (i = 0; i < n; i++)
                found += names[i] && !strcmp(names[i], name);
        return found;
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A traversal of a tree repeats without a cycle: its functions are sorted by name, since the point at which the stack
 * overflows is accidental. */
static void add_recurring(struct report *report, struct parts *parts)
{
        const struct report_thread *thread = &report->threads[0];
        const char **names = pool_alloc(&report->pool, (thread->frame_count + 1) * sizeof(*names));
        size_t i, n = thread->frame_count;

        for (i = 0; i < n; i++)
                if (own_frame(report, &thread->frames[i]))
                        names[i] = frame_name(report, &thread->frames[i]);
        for (i = 0; i < n && parts->count < SIGNATURE_FRAMES; i++)
                if (names[i] && occurrences(names, n, names[i]) > 2)
                        add(parts, names[i]);
        qsort(parts->names, parts->count, sizeof(*parts->names), compare_names);
}

/* ---- other crashes ---- */

/* Adds "load (app.py)". */
static void add_script(struct report *report, struct parts *parts)
{
        const struct report_interpreter *script = &report->interpreter;
        size_t i;

        for (i = own_script_frame(report); i < script->frame_count && parts->count < SIGNATURE_FRAMES; i++)
                if (script->frames[i].function)
                        add(parts, pool_printf(&report->pool, "%s (%s)", script->frames[i].function,
                                               script->frames[i].file ? str_base(script->frames[i].file) : "?"));
}

static void add_own(struct report *report, struct parts *parts)
{
        const struct report_thread *thread = &report->threads[0];
        const bool *own = own_frames(report, thread);
        const struct report_frame *called = NULL;
        size_t i, script = own_script_begin(report);

        for (i = own_begin(report); i < thread->frame_count && parts->count < SIGNATURE_FRAMES; i++) {
                const struct report_frame *frame = &thread->frames[i];

                if (i == script)
                        add_script(report, parts);
                if (own[i])
                        add(parts, frame_name(report, frame));
                else if (!parts->count)
                        called = frame; /* the last one before own code */
        }
        if (parts->count && called && called->function && own_is_standard(report, called))
                parts->called = names_plain(&report->pool, called->function);
}

/* For a crash in libraries only, or a stack of which little is left: adds the available frames, those with names
 * first, and the functions that end a program last. */
static void add_any(struct report *report, struct parts *parts)
{
        const struct report_thread *thread = &report->threads[0];
        size_t i;
        int round;

        for (round = 0; round < 3 && !parts->count; round++) {
                for (i = own_fault(report); i < thread->frame_count; i++) {
                        const struct report_frame *frame = &thread->frames[i];

                        if (!frame->module.known || frame->signal_frame || own_is_crashpre(report, frame))
                                continue;
                        if (round == 2 || (!round == !!frame->function && !own_is_skipped(report, frame)))
                                add(parts, frame_name(report, frame));
                }
        }
}

/* ---- the fingerprint ---- */

/* FNV-1a (Fowler, Noll, Vo), 64 bits; the NUL distinguishes "ab" "c" from "a" "bc". */
static uint64_t hash(uint64_t h, const char *s)
{
        for (s = s ? s : "";; s++) {
                h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
                if (!*s)
                        return h;
        }
}

/* Returns malloc's message: there are few, apart from the numbers in them, which up to glibc 2.26 include an address,
 * "0x00000000021ac010". */
static const char *heap_message(struct report *report)
{
        const char *message = report->cause.message;
        bool hexadecimal = false;
        char *text, *c;

        if (!message || !fault_class_is(report->fault.class, FAULT_HEAP_CORRUPTION))
                return NULL;
        text = pool_strdup(&report->pool, message);
        for (c = text; *c; c++) {
                hexadecimal = isxdigit((unsigned char)*c) ? hexadecimal : *c == 'x' && c > text && c[-1] == '0';
                if (isdigit((unsigned char)*c) || (hexadecimal && *c != 'x'))
                        *c = '0';
        }
        return text;
}

static const char *fingerprint(struct report *report, const struct parts *parts)
{
        uint64_t h = UINT64_C(0xcbf29ce484222325);
        const char *type = report->cause.exception.type;
        size_t i;

        h = hash(h, report->signal.name);
        h = hash(h, report->fault.class);
        h = hash(h, type ? names_plain(&report->pool, type) : NULL);
        h = hash(h, describe_assertion(report));
        if (describe_finding(report))
                h = hash(h, describe_finding(report));
        h = hash(h, heap_message(report));
        h = hash(h, parts->called);
        for (i = 0; i < parts->count; i++)
                h = hash(h, parts->names[i]);
        if (!parts->count)
                h = hash(h, describe_program(report));
        return pool_printf(&report->pool, "%016" PRIx64, h);
}

void signature_fill(struct report *report)
{
        bool overflow = fault_class_is(report->fault.class, FAULT_STACK_OVERFLOW);
        struct parts parts = { .count = 0 };
        size_t i;

        if (report->thread_count && overflow)
                add_cycle(report, &parts);
        if (report->thread_count && overflow && !parts.count)
                add_recurring(report, &parts);
        if (report->thread_count && !parts.count)
                add_own(report, &parts);
        if (report->thread_count && !parts.count)
                add_any(report, &parts);
        for (i = 0; i < parts.count; i++)
                report->signature =
                        i ? pool_printf(&report->pool, "%s | %s", report->signature, parts.names[i]) : parts.names[i];
        report->fingerprint = fingerprint(report, &parts);
}
