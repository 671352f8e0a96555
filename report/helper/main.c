/* SPDX-License-Identifier: MIT */
/* report/helper/main.c: crashpre-helper, started by the crash handler of libcrashpre.so (protocol:
 * unwind/core/terms/wire.h).
 *
 *   HELLO -> receive the crash -> attach, unwind, read /proc -> (request: release, RELEASED) -> names (with a spare
 *   process) -> JSON -> outcome line -> text on stderr -> start CRASHPRE_ON_REPORT -> park the other threads, release the
 *   crashing one -> remove old reports -> ENDING; or, where they cannot be parked: DONE -> hold them until the process has
 *   ended -> remove old reports
 */
#include "report/finish.h"
#include "report/gather/death.h"
#include "report/gather/procfs.h"
#include "report/helper/helper.h"
#include "report/helper/hook.h"
#include "report/helper/stderr.h"
#include "report/helper/typed.h"
#include "report/model/json.h"
#include "report/model/redact.h"
#include "report/place/store.h"
#include "report/relay.h"
#include "report/text/text.h"
#include "unwind/core/terms/signames.h"
#include "unwind/core/terms/str.h"
#include "unwind/target/clock.h"
#include "unwind/target/process.h"
#include "unwind/target/weight.h"
#include "version.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The crashing thread dies immediately after DONE; if it does not (a debugger stopped it), the others are released
 * after this time. */
#define HOLD_SECONDS 10

/* No helper needs this time to write a file: an older temporary file belongs to a helper that was killed. */
#define STALE_SECONDS 600

/* ---- contents of the report ---- */

/* Adds the handler's notes, about settings and about the crash, to the diagnostics. */
static void diagnose_notes(struct report *report, char *lines)
{
        char *line, *rest = lines;

        while ((line = strsep(&rest, "\n")))
                if (*line)
                        report_diagnose(report, str_begins(line, "CRASHPRE_") ? "settings" : "handler", "%s", line);
}

static void explain(struct helper *h)
{
        const siginfo_t *info = &h->wire.siginfo;

        if (h->wire.kind != WIRE_KIND_REQUEST && signames_has_sender(info->si_code) && info->si_pid > 0 &&
            info->si_pid != h->wire.pid)
                h->report->signal.sender.name = procfs_name(h->report, info->si_pid);
        finish_report(h->report, h->target, &h->wire, h->seen);
        if (helper_is_fatal(h) && h->has_directory)
                relay_mark(h->report, WIRE_FD_DIR);
}

static void redact(struct helper *h)
{
        struct redaction r = { .what = h->settings.redact };

        if (h->privacy) {
                r.homes = *privacy_homes(h->privacy);
                r.secrets = privacy_secrets(h->privacy);
                r.hidden = privacy_hidden(h->privacy);
        } else if (r.what & REDACT_PATHS) {
                privacy_find_homes(h->report, &r.homes);
        }
        redact_report(h->report, &r);
}

/* ---- results ---- */

static void write_json(struct helper *h)
{
        const char *step = "", *name;
        uint64_t now = clock_now_ns();
        size_t len;
        char *text;
        int err;

        guard_stage("write");
        if (!h->has_directory) {
                guard_outcome("no directory for the JSON report");
                return;
        }
        if (!h->report->timings_us.held.known && h->attached)
                h->report->timings_us.held = KNOWN_INT(helper_microseconds(h->attach_began, now));
        h->report->timings_us.total = KNOWN_INT(helper_microseconds(h->wire.fault_ns, now));
        text = json_write_report(h->report, &len);
        err = store_write_report(&h->report->pool, WIRE_FD_DIR, h->wire.id, h->settings.mode, text, len, &name, &step);
        free(text);
        if (err) {
                guard_outcome("failed write: %s: %s", step, strerror(-err));
                report_diagnose(h->report, "write", "%s: %s: %s", name, step, strerror(-err));
                return;
        }
        h->name = name;
        guard_outcome("json %s", name);
        helper_send_status(WIRE_WRITTEN);
}

static void print(struct helper *h)
{
        int device = stderr_device();
        struct text_options options = { .columns = text_columns(device), .colour = text_colour(device) };
        char *text;

        guard_stage("stderr");
        if (h->settings.stderr_text == SETTING_STDERR_NONE || h->report->cause.relayed)
                return;
        if (h->name)
                options.path = h->wire.dir[0] ? pool_printf(&h->report->pool, "%s/%s", h->wire.dir, h->name) : h->name;
        if (h->settings.stderr_text != SETTING_STDERR_JSON)
                options.path = typed_path(h, options.path);
        switch (h->settings.stderr_text) {
        case SETTING_STDERR_BRIEF:
                text = text_brief(h->report, &options);
                break;
        case SETTING_STDERR_JSON:
                text = text_log_line(h->report, &options);
                break;
        default:
                options.command = typed_command(h);
                text = text_full(h->report, &options);
        }
        stderr_write(text, strlen(text));
        free(text);
}

/* Called before the process is released, so that the command is started even if the helper is killed afterwards; the
 * helper does not wait for it. */
static void call_hook(struct helper *h)
{
        if (!h->settings.on_report || h->wire.root_changed || !h->name || !h->wire.dir[0] || h->report->cause.relayed)
                return;
        guard_stage("hook");
        hook_start(h->settings.on_report, pool_printf(&h->report->pool, "%s/%s", h->wire.dir, h->name),
                   h->settings.timeout);
}

static void tidy_directory(struct helper *h)
{
        struct store_retention retention = { .keep = h->settings.max_reports, .own = h->wire.id, .now = time(NULL) };

        if (!h->has_directory)
                return;
        retention.since = (struct timespec){ .tv_sec = h->wire.time_sec, .tv_nsec = h->wire.time_nsec };
        store_retain(&h->report->pool, WIRE_FD_DIR, &retention);
        store_sweep(WIRE_FD_DIR, retention.now - STALE_SECONDS);
}

/* Whether the other threads stay stopped until the process has ended. A debugger that attaches later needs them
 * released. */
static bool holds_others(const struct helper *h)
{
        return h->attached && helper_is_fatal(h) && !h->settings.wait_debugger &&
               process_holds_others(h->target, h->wire.tid);
}

/* Whether the other threads can wait by themselves, which a core and a seccomp filter would show. */
static bool park_others(const struct helper *h)
{
        return h->wire.park_pc && !death_may_dump_core(h->wire.pid) && !death_may_meet_filter(h->wire.pid) &&
               !process_park_others(h->target, h->wire.tid, h->wire.park_pc);
}

/* The helper ends now, and the crashing thread collects it before it dies. */
static _Noreturn void end_with_process(struct helper *h)
{
        tidy_directory(h);
        helper_send_status(WIRE_ENDING);
        _exit(0);
}

/* Releases the crashing process. */
static void release_process(struct helper *h)
{
        uint64_t deadline = clock_now_ns() + HOLD_SECONDS * NS_PER_S;
        bool hold = holds_others(h);

        guard_stage(NULL);
        guard_deadline(deadline + NS_PER_S);
        if (h->is_spare) { /* the threads are released when the helper that stopped them ends */
                helper_send_status(WIRE_ENDING);
                guard_spare_leave();
        }
        if (hold && park_others(h))
                hold = false;
        if (h->attached && helper_is_fatal(h) && (!hold || process_release_thread(h->target, h->wire.tid))) {
                process_release_all(h->target); /* running threads are better than a process that cannot die */
                hold = false;
        }
        guard_spare_collect();
        if (helper_is_fatal(h) && !hold)
                end_with_process(h);
        helper_send_status(WIRE_DONE);
        close_range(STDIN_FILENO, WIRE_FD_RAW,
                    0); /* a shell that reads the application's stderr must not wait for the helper */
        if (hold)
                process_hold_until_death(h->target, deadline);
}

static void clean_up(struct helper *h)
{
        tidy_directory(h);
        symbols_free(h->symbols);
        target_free(h->target);
        report_free(h->report);
}

static void run(struct helper *h)
{
        h->report = report_new();
        settings_read(&h->settings);
        guard_deadline(clock_now_ns() + (uint64_t)h->settings.timeout * NS_PER_S);
        helper_receive(h);
        if (h->wire.deadline_ns)
                guard_deadline(h->wire.deadline_ns);
        else
                h->wire.deadline_ns = clock_now_ns() + (uint64_t)h->settings.timeout * NS_PER_S;
        helper_look(h);
        diagnose_notes(h->report, h->wire.note);
        helper_name(h);
        explain(h);
        redact(h);
        write_json(h);
        print(h);
        call_hook(h);
        release_process(h);
        clean_up(h);
}

int main(int argc, char **argv)
{
        static struct helper helper;
        bool sent;

        if (argc == 2 && !strcmp(argv[1], "--version")) {
                printf("crashpre-helper %s (commit %s)\n", CRASHPRE_VERSION, CRASHPRE_COMMIT);
                return 0;
        }
        guard_refused_calls();
        if (helper_has_wire())
                weight_take();                 /* before this or the crashing process takes more memory */
        sent = helper_send_status(WIRE_HELLO); /* at once: the crashing process is waiting for it */
        if (!helper_has_wire()) {
                fputs("crashpre-helper: started by libcrashpre.so when a program crashes; not for the command line\n",
                      stderr);
                return 2;
        }
        if (!sent)
                return 1; /* write(2) is refused: no result could be written */
        guard_begin(30);
        setsid(); /* Ctrl-C is for the application, whose handler may end the wait */
        helper_open_descriptors(&helper);
        run(&helper);
        return 0;
}
