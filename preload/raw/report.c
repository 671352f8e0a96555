/* SPDX-License-Identifier: MIT */
#include "preload/raw/report.h"
#include "preload/base/arch.h"
#include "preload/base/guard.h"
#include "preload/base/probe.h"
#include "preload/base/stackwalk.h"
#include "preload/base/syscalls.h"
#include "preload/facts/exe.h"
#include "preload/facts/settings.h"
#include "preload/privacy/secrets.h"
#include "preload/raw/exception.h"
#include "preload/raw/line.h"
#include "preload/raw/message.h"
#include "preload/raw/output.h"
#include "preload/raw/sections.h"
#include "preload/raw/stderr.h"
#include "preload/signal/actions.h"
#include "preload/signal/dispatch.h"
#include "unwind/core/terms/raw_format.h"
#include "unwind/core/terms/redact.h"
#include "unwind/core/terms/str.h"
#include "version.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static struct sigsafe_out *const out = &raw.out;

/* One line each: invalid settings, directories that could not be used. */
static void put_notes(void)
{
        const char *line = raw.crash->wire.note;

        while (*line) {
                size_t n = 0;

                while (line[n] && line[n] != '\n')
                        n++;
                rawline_text(RAW_KEY_NOTE, line, n);
                line += n + (line[n] != 0);
        }
}

static void put_header(void)
{
        struct crash *c = raw.crash;

        sigsafe_str(out, RAW_SCHEMA_LINE "\n");
        rawline_str(RAW_KEY_ID, c->wire.id);
        rawline_key(RAW_KEY_TIME);
        rawline_time(c->wire.time_sec, c->wire.time_nsec);
        sigsafe_char(out, '\n');
        rawline_str(RAW_KEY_VERSION, CRASHPRE_VERSION " (commit " CRASHPRE_COMMIT ")");
        rawline_str(RAW_KEY_MACHINE, ARCH_NAME);
        put_notes();
}

static const struct {
        const char *name;
        void (*put)(void);
} sections[] = {
        { "header", put_header },
        { "cause", rawsection_cause },
        { "process", rawsection_process },
        { "context", rawsection_context },
        { "breadcrumbs", rawsection_breadcrumbs },
        { "metadata", rawsection_metadata },
        { "python", rawsection_python },
        { "registers", rawsection_registers },
        { "frames", rawsection_frames },
        { "modules", rawsection_modules },
        { "maps", rawsection_maps },
};

static void run_section(void *section)
{
        sections[*(unsigned *)section].put();
}

/* Returns 0 or -errno of the first write that failed. */
static int write_all(void)
{
        for (unsigned i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
                struct guard_fault fault;

                if (!guard_run(run_section, &i, &fault)) {
                        sigsafe_str(out, "\nthis section was abandoned: signal ");
                        sigsafe_dec(out, fault.signal);
                        sigsafe_str(out, " at ");
                        sigsafe_hex(out, fault.pc);
                        sigsafe_char(out, '\n');
                        crash_note(raw.crash, "a section of the raw report was abandoned: ", sections[i].name, 0);
                }
                if (out->err)
                        return out->err;
        }
        sigsafe_str(out, RAW_END_LINE "\n");
        return 0;
}

static void redact_output(void)
{
        raw.out.hide_homes = settings.redact & REDACT_PATHS;
        raw.out.homes = settings.homes;
        raw.out.secrets = privacy_secrets();
}

static int write_to_directory(struct crash *c, unsigned i)
{
        int err = output_open(c, i);

        if (!err) {
                output_begin(c, out);
                err = write_all();
                err = err ? err : output_end(c, out);
                if (err)
                        output_discard(c);
        }
        if (err && err != -ENOENT)
                crash_note(c, "no report could be written to ", c->wire.dir, -err);
        return err;
}

/* Returns 0 or -errno, -EBADF if report text must not be written to descriptor 2. */
static int write_to_stderr(struct crash *c)
{
        int err;

        c->wire.dir[0] = 0;
        stderr_check(c);
        if (!c->stderr_ok && !(settings.stderr_only && stderr_is_log()))
                return -EBADF;
        stderr_begin(&raw.out);
        redact_output();
        err = write_all();
        return err ? err : sigsafe_flush(out);
}

/* A full disk may have space for the beginning of the report, which contains cause, registers and frames: an incomplete
 * report is better than none. */
static void write_what_fits(struct crash *c)
{
        for (unsigned i = 0; i < OUTPUT_DIRECTORIES; i++) {
                if (output_open(c, i))
                        continue;
                output_begin(c, out);
                write_all();
                output_end(c, out);
                if (c->sent)
                        return;
                output_discard(c);
                c->wire.dir[0] = 0;
        }
}

static void walk(void *crash)
{
        struct crash *c = crash;
        uint32_t max = settings.max_frames < WIRE_MAX_FRAMES ? settings.max_frames : WIRE_MAX_FRAMES;

        c->wire.frame_count = stackwalk(&c->wire.regs, c->wire.frames, max, &c->wire.frame_end);
}

static void collect_secrets(void *unused)
{
        (void)unused;
        privacy_collect();
}

/* Removes them from the texts that the helper uses even where it cannot read the environment itself. */
static void withhold_secrets(void *crash)
{
        const struct secrets *s = privacy_secrets();
        struct wire_crash *w = &((struct crash *)crash)->wire;

        if (s->incomplete)
                crash_note(crash, "the secret variables are too many or too long: not all values are searched for",
                           NULL, 0);
        rawsection_withhold_registers();
        secrets_replace(s, w->message, sizeof(w->message));
        secrets_replace(s, w->reason, sizeof(w->reason));
        secrets_replace(s, w->note, sizeof(w->note));
        for (uint32_t i = 0; i < w->exception.count && i < EXCEPTION_CHAIN_MAX; i++)
                secrets_replace(s, w->exception.v[i].what, sizeof(w->exception.v[i].what));
}

static void find_exception(void *crash)
{
        exception_find(crash);
}

static void find_message(void *crash)
{
        message_find(crash);
}

/* Whether the process sent itself the signal. */
static bool is_own(const siginfo_t *info, const struct crash *c)
{
        return info->si_code <= 0 && info->si_pid == c->wire.pid;
}

/* Returns the index of the frame that the signal interrupted. */
static uint32_t frame_below(const struct crash *c, const struct dispatch *d)
{
        uint32_t i = 0;

        while (i < c->wire.frame_count && !(c->wire.frames[i].pc == d->pc && c->wire.frames[i].sp == d->sp))
                i++;
        return i;
}

/* Finds the first fault: a handler that was called for a fault, or for a signal that such a handler sent to the own process. */
static bool find_on_stack(const struct crash *c, struct dispatch *first)
{
        struct dispatch d;
        uint32_t at = 0;
        bool found = false;

        while (at < c->wire.frame_count && dispatch_on_stack(c->wire.frames + at, c->wire.frame_count - at, &d)) {
                if (d.sig != c->signal && !(SIGNAL_BIT(d.sig) & DEADLY_THOUGH_IGNORED))
                        break; /* an alarm, say: what it interrupted is not the cause */
                *first = d;
                found = true;
                if (!is_own(&d.info, c))
                        break;
                at = frame_below(c, &d);
        }
        return found;
}

/* A process whose handler ends it by abort(), or restores the default action and raises the signal again, dies of a signal that it
 * sent itself; the reader needs the fault for which the handler was called. The stack trace passes through the handler to that
 * fault, or the signal was blocked in the handler and interrupts the code that the first one interrupted. */
static void find_origin(void *crash)
{
        static ucontext_t context;
        struct crash *c = crash;
        struct dispatch d;

        if (!is_own(&c->wire.siginfo, c) || !dispatch_any())
                return;
        if (find_on_stack(c, &d)) {
                /* of the program's stack, which its handler may have written */
                if (probe_read(NULL, d.uc, &context, offsetof(ucontext_t, uc_mcontext.fpregs)))
                        return;
                crash_set_fault(c, &context);
                c->wire.handler = c->signal == SIGABRT && d.sig != SIGABRT ? WIRE_HANDLER_ABORT : WIRE_HANDLER_RAISE;
        } else if (dispatch_returned(c->signal, arch_context_pc(c->uc), arch_context_sp(c->uc), &d)) {
                c->wire.fault_trap = d.trap;
                c->wire.fault_error = d.error;
                c->wire.handler = WIRE_HANDLER_RAISE;
        } else {
                return;
        }
        c->wire.siginfo = d.info;
}

void rawreport_write(struct crash *c)
{
        struct guard_fault fault;
        int err = -ENOENT;

        raw.crash = c;
        output_prepare(c);
        probe_begin();
        raw.modules = modmap_read();
        raw.map = memmap_last();
        if (!guard_run(walk, c, &fault))
                crash_note(c, "the stack walk of the raw report was abandoned because it faulted", NULL, 0);
        if (c->uc && !guard_run(find_origin, c, &fault))
                crash_note(c, "the search for an outer handler was abandoned because it faulted", NULL, 0);
        if (!guard_run(find_exception, c, &fault))
                crash_note(c, "the search for an exception was abandoned because it faulted", NULL, 0);
        if (!guard_run(find_message, c, &fault))
                crash_note(c, "the search for a message was abandoned because it faulted", NULL, 0);
        if (!guard_run(collect_secrets, NULL, &fault))
                crash_note(c, "the search for secret variables was abandoned because it faulted", NULL, 0);
        if (!guard_run(withhold_secrets, c, &fault))
                crash_note(c, "the removal of secret values was abandoned because it faulted", NULL, 0);
        for (unsigned i = 0; err && i < OUTPUT_DIRECTORIES; i++) {
                int now = write_to_directory(c, i);

                err = now == -ENOENT ? err : now; /* the error of an existing candidate */
        }
        c->raw_err = err;
        if (err && write_to_stderr(c) && err != -ENOENT)
                write_what_fits(c);
        c->wire.raw_ns = sys_clock_ns(CLOCK_MONOTONIC);
        probe_end();
        memmap_release();
}

void rawreport_name(struct crash *c)
{
        const char *base = str_base(exe_path(raw.text, sizeof(raw.text)) ? raw.text : settings.argv0);
        size_t at = 0;

        str_cat(c->wire.id, sizeof(c->wire.id), &at, "crash-");
        for (; *base && at < 128; base++)
                c->wire.id[at++] = raw_name_char(*base);
        c->wire.id[at] = 0;
        str_cat(c->wire.id, sizeof(c->wire.id), &at, "-");
        str_cat_dec(c->wire.id, sizeof(c->wire.id), &at, (uint64_t)c->wire.pid, 1);
        str_cat(c->wire.id, sizeof(c->wire.id), &at, "-");
        rawline_utc(c->wire.id, sizeof(c->wire.id), &at, c->wire.time_sec, c->wire.time_nsec, "", "");
}
