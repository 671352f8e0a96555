/* SPDX-License-Identifier: MIT */
/* report/text/sections.c: all sections except the stacks. */
#include "report/text/parts.h"

#include "report/model/names.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#define SPACED_COLUMNS 89 /* a line of memory with a blank between its bytes */
#define BYTES_A_LINE 16
#define SCRIPT_FRAMES 8 /* on stderr */

/* ---- scripts ---- */

static void script_frames(struct writer *w, const struct report_interpreter *script, size_t indent, size_t n)
{
        size_t i;

        for (i = 0; i < n; i++) {
                const struct report_script_frame *f = &script->frames[i];

                fprintf(w->out, "%*s%s%s%s", (int)indent, "", w->style->bold, text_safe(w, f->function),
                        w->style->plain);
                if (f->file)
                        fprintf(w->out, " at %s", text_safe(w, f->file));
                if (f->file && f->line.known)
                        fprintf(w->out, ":%" PRId64, f->line.v);
                fputs("\n", w->out);
        }
}

void text_interpreter(struct writer *w)
{
        const struct report_interpreter *script = &w->report->interpreter;
        size_t n = script->frame_count;

        if (!n)
                return;
        if (w->whole)
                text_title(w, pool_printf(w->pool, "Stack of the %s program", text_safe(w, script->language)));
        else
                fprintf(w->out, "  in %s:\n", text_safe(w, script->language));
        if (!w->whole && n > SCRIPT_FRAMES)
                n = SCRIPT_FRAMES;
        script_frames(w, script, w->whole ? 2 : 4, n);
        if (n < script->frame_count)
                fprintf(w->out, "    ... %zu more\n", script->frame_count - n);
}

void text_thread_interpreter(struct writer *w, const struct report_thread *thread)
{
        if (!thread->interpreter.frame_count)
                return;
        fprintf(w->out, "  in %s:\n", text_safe(w, thread->interpreter.language));
        script_frames(w, &thread->interpreter, 4, thread->interpreter.frame_count);
}

void text_thrown_at(struct writer *w)
{
        const struct report_exception *e = &w->report->cause.exception;
        size_t i;

        if (!e->thrown_at_count)
                return;
        text_title(w, "Thrown first at");
        for (i = 0; i < e->thrown_at_count; i++)
                text_frame(w, 2, &e->thrown_at[i]);
}

/* ---- the program ---- */

static void fact(struct writer *w, const char *name, const char *value)
{
        if (value)
                fprintf(w->out, "  %-11s %s\n", name, text_safe(w, value));
}

static const char *command_line(struct writer *w)
{
        const struct report_process *p = &w->report->process;
        const char *line = NULL;
        size_t i;

        for (i = 0; i < p->cmdline_count; i++)
                line = pool_printf(w->pool, "%s%s%s", line ? line : "", line ? " " : "", text_quoted(w, p->cmdline[i]));
        return line;
}

static const char *signal_phrase(struct writer *w)
{
        const struct report_signal *s = &w->report->signal;
        const char *phrase;

        if (!s->number.known)
                return NULL;
        phrase = pool_printf(w->pool, "%s (%" PRId64 ")", s->name ? s->name : "signal", s->number.v);
        if (s->code_name)
                phrase = pool_printf(w->pool, "%s, %s", phrase, s->code_name);
        else if (s->code.known)
                phrase = pool_printf(w->pool, "%s, code %" PRId64, phrase, s->code.v);
        return s->address.known ? pool_printf(w->pool, "%s at 0x%" PRIx64, phrase, s->address.v) : phrase;
}

static const char *system_phrase(struct writer *w)
{
        const struct report_system *s = &w->report->system;

        if (!s->distribution && !s->kernel)
                return NULL;
        return pool_printf(w->pool, "%s%s%s%s%s", s->distribution ? s->distribution : "",
                           s->distribution && s->kernel ? ", " : "", s->kernel ? s->kernel : "",
                           s->hostname ? " on " : "", s->hostname ? s->hostname : "");
}

void text_process(struct writer *w)
{
        struct report *r = w->report;
        const char *when = r->time;

        if (when && r->process.uptime_seconds.known)
                when = pool_printf(w->pool, "%s, after %.2f s", when, r->process.uptime_seconds.v);
        if (when || r->signal.number.known || r->process.exe || r->process.cmdline_count)
                text_title(w, "Process");
        fact(w, "time", when);
        fact(w, "signal", signal_phrase(w));
        fact(w, "address in", r->fault.mapping);
        fact(w, "program", r->process.exe);
        fact(w, "command", command_line(w));
        fact(w, "directory", r->process.cwd);
        fact(w, "system", system_phrase(w));
        fact(w, "container", r->system.container);
        fact(w, "signature", r->signature);
        fact(w, "fingerprint", r->fingerprint);
}

void text_context(struct writer *w, const struct report_thread *thread)
{
        size_t i;

        for (i = 0; i < thread->context_count; i++) {
                const struct report_context *c = &thread->context[i];

                fprintf(w->out, "  %s %s, %s: %s\n", i ? "      " : "doing:", text_safe(w, c->module),
                        text_safe(w, c->class), text_safe(w, c->phase));
        }
}

void text_metadata(struct writer *w)
{
        size_t i;

        if (w->report->metadata_count)
                text_title(w, "Metadata");
        for (i = 0; i < w->report->metadata_count; i++) {
                const struct report_metadata *m = &w->report->metadata[i];
                const char *value = m->string;

                if (m->kind == REPORT_INTEGER)
                        value = pool_printf(w->pool, "%" PRId64, m->integer);
                else if (m->kind == REPORT_REAL)
                        value = pool_printf(w->pool, "%g", m->real);
                else if (m->kind == REPORT_BOOLEAN)
                        value = m->boolean ? "true" : "false";
                fprintf(w->out, "  %s: %s\n", text_safe(w, m->name), text_safe(w, value));
        }
}

void text_breadcrumbs(struct writer *w)
{
        size_t i;

        if (w->report->breadcrumb_count)
                text_title(w, "Breadcrumbs");
        for (i = 0; i < w->report->breadcrumb_count; i++) {
                const struct report_breadcrumb *b = &w->report->breadcrumbs[i];

                fprintf(w->out, "  %s [%" PRId64 "] %s: %s\n", text_safe(w, b->time), b->tid.v,
                        text_safe(w, b->category), text_safe(w, b->message));
        }
}

/* ---- the machine ---- */

void text_instructions(struct writer *w)
{
        const struct report_fault *fault = &w->report->fault;
        size_t i;

        if (!w->report->disassembly_count && !fault->instruction)
                return;
        text_title(w, "Instructions");
        for (i = 0; i < w->report->disassembly_count; i++) {
                const struct report_instruction *one = &w->report->disassembly[i];

                fprintf(w->out, "  %s%s 0x%016" PRIx64 "  %s%s\n", one->faulting ? w->style->bold : "",
                        one->faulting ? ">" : " ", one->address.v, text_safe(w, one->text),
                        one->faulting ? w->style->plain : "");
        }
        if (!w->report->disassembly_count)
                fprintf(w->out, "  > %s\n", text_safe(w, fault->instruction));
        if (fault->operand)
                fprintf(w->out, "  the address came from %s\n", text_safe(w, fault->operand));
}

void text_registers(struct writer *w, const struct report_thread *thread)
{
        size_t name = 0, i, a_line;

        if (thread->register_count)
                text_title(w, "Registers");
        for (i = 0; i < thread->register_count; i++)
                if (name < names_width(thread->registers[i].name))
                        name = names_width(thread->registers[i].name);
        a_line = w->columns / (name + sizeof("  0x0123456789abcdef"));
        for (i = 0; i < thread->register_count; i++) {
                bool last = i + 1 == thread->register_count || !a_line || i % a_line == a_line - 1;

                fprintf(w->out, "%s%-*s 0x%016" PRIx64 "%s", a_line && i % a_line ? " " : "  ", (int)name,
                        text_safe(w, thread->registers[i].name), thread->registers[i].value, last ? "\n" : " ");
        }
}

static int hex_value(char c)
{
        return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? tolower(c) - 'a' + 10 : 0;
}

/* Prints "    0x00007ffd5a3c1000  48 65 6c 6c 6f 00 ...  Hello."; in few columns "    0x00007ffd5a3c1000  48656c6c 6f00...  Hello." */
static void memory_line(struct writer *w, uint64_t address, const char *hex, size_t n)
{
        char text[BYTES_A_LINE + 1] = "";
        size_t i;

        fprintf(w->out, "    0x%016" PRIx64 " ", address);
        for (i = 0; i < BYTES_A_LINE; i++) {
                int byte = i < n ? hex_value(hex[2 * i]) << 4 | hex_value(hex[2 * i + 1]) : ' ';

                text[i] = (char)(byte >= 0x20 && byte < 0x7f ? byte : '.');
                if (w->columns >= SPACED_COLUMNS || i % 4 == 0)
                        fputc(' ', w->out);
                if (i < n)
                        fprintf(w->out, "%02x", byte);
                else
                        fputs("  ", w->out);
        }
        text[n] = '\0';
        fprintf(w->out, "  %s\n", text);
}

/* True for the code bytes: instructions have their own section. */
static bool is_code(struct writer *w, const struct report_memory *m, size_t n)
{
        size_t i;

        for (i = 0; i < w->report->disassembly_count; i++)
                if (w->report->disassembly[i].faulting && w->report->disassembly[i].address.v - m->address.v < n)
                        return true;
        return false;
}

/* Prints "rsp = 0x7ffd5a3c1000, in [stack]". */
static void memory_head(struct writer *w, const struct report_memory *m)
{
        const struct report_thread *thread = w->report->threads;
        size_t i;

        fprintf(w->out, "  %s", text_safe(w, m->register_name));
        for (i = 0; w->report->thread_count && m->register_name && i < thread->register_count; i++)
                if (thread->registers[i].name && !strcmp(thread->registers[i].name, m->register_name))
                        fprintf(w->out, " = 0x%" PRIx64, thread->registers[i].value);
        fprintf(w->out, "%s%s\n", m->mapping ? ", in " : "", m->mapping ? text_safe(w, m->mapping) : "");
}

/* Whether `m` is the rest of a block that is divided by what is withheld of it. */
static bool continues_block(const struct report_memory *before, const struct report_memory *m)
{
        uint64_t n = before->bytes ? strlen(before->bytes) / 2 : (uint64_t)before->length.v;

        return (before->withheld || m->withheld) && before->address.v + n == m->address.v && before->register_name &&
               m->register_name && !strcmp(before->register_name, m->register_name);
}

/* Repeated lines are replaced by one "*", as in hexdump(1). */
static void memory_block(struct writer *w, const struct report_memory *m, bool continues)
{
        size_t n = m->bytes ? strlen(m->bytes) / 2 : 0, i, same = 0;

        if (is_code(w, m, n))
                return;
        if (!continues)
                memory_head(w, m);
        if (!m->bytes && m->withheld)
                fprintf(w->out, "    0x%016" PRIx64 "  withheld: %" PRId64 " bytes, %s\n", m->address.v, m->length.v,
                        text_safe(w, m->withheld));
        for (i = 0; i < n; i += BYTES_A_LINE) {
                bool last = n - i <= BYTES_A_LINE;

                if (i && !last && !strncmp(m->bytes + 2 * i, m->bytes + 2 * (i - BYTES_A_LINE), 2 * BYTES_A_LINE)) {
                        if (!same++)
                                fputs("    *\n", w->out);
                        continue;
                }
                same = 0;
                memory_line(w, m->address.v + i, m->bytes + 2 * i, last ? n - i : BYTES_A_LINE);
        }
}

void text_memory(struct writer *w)
{
        size_t i;

        if (w->report->memory_count)
                text_title(w, "Memory");
        for (i = 0; i < w->report->memory_count; i++)
                memory_block(w, &w->report->memory[i],
                             i && continues_block(&w->report->memory[i - 1], &w->report->memory[i]));
}

void text_notes(struct writer *w)
{
        size_t i;

        if (w->report->diagnostic_count)
                text_title(w, "Notes on this report");
        for (i = 0; i < w->report->diagnostic_count; i++)
                fprintf(w->out, "  %s: %s\n", text_safe(w, w->report->diagnostics[i].stage),
                        text_safe(w, w->report->diagnostics[i].message));
}
