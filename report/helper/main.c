/* SPDX-License-Identifier: MIT */
/* report/helper/main.c: crashpre-helper, started by the crash handler of libcrashpre.so (unwind/core/terms/wire.h says
 * how they talk).
 *
 *   HELLO -> the crash arrives -> attach, unwind, read /proc -> (request: release, RELEASED) -> names (a spare stands
 *   by) -> JSON -> outcome line -> text on stderr -> CRASHPRE_ON_REPORT begins -> release the crashing thread, DONE ->
 *   hold the others until the process is gone -> remove old reports
 */
#include "report/finish.h"
#include "report/gather/procfs.h"
#include "report/helper/helper.h"
#include "report/helper/hook.h"
#include "report/helper/stderr.h"
#include "report/model/json.h"
#include "report/model/redact.h"
#include "report/place/store.h"
#include "report/text/text.h"
#include "unwind/core/terms/signames.h"
#include "unwind/core/terms/str.h"
#include "unwind/target/clock.h"
#include "unwind/target/process.h"
#include "version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The crashing thread dies at once after DONE; should it not (a debugger stopped it), the others are not held for
 * ever. */
#define HOLD_SECONDS 10

/* No helper takes that long to write a file: what is older was left by one that was killed. */
#define STALE_SECONDS 600

/* ---- what stands in the report ---- */

/* Lines of the handler: about settings, and about the crash. */
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
}

/* ---- results ---- */

static void write_json(struct helper *h)
{
        const char *step = "", *name = pool_printf(&h->report->pool, "%s.json", h->wire.id);
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
        err = store_write(WIRE_FD_DIR, name, h->settings.mode, text, len, &step);
        free(text);
        if (err) {
                guard_outcome("failed write: %s: %s", step, strerror(-err));
                report_diagnose(h->report, "write", "%s: %s: %s", name, step, strerror(-err));
                return;
        }
        h->name = name;
        guard_outcome("json %s", name);
}

static void print(struct helper *h)
{
        struct text_options options = { .columns = text_columns(STDERR_FILENO), .colour = text_colour(STDERR_FILENO) };
        char *text;

        guard_stage("stderr");
        if (h->settings.stderr_text == SETTING_STDERR_NONE)
                return;
        if (h->name)
                options.path = h->wire.dir[0] ? pool_printf(&h->report->pool, "%s/%s", h->wire.dir, h->name) : h->name;
        text = h->settings.stderr_text == SETTING_STDERR_BRIEF ? text_brief(h->report, &options)
                                                               : text_full(h->report, &options);
        stderr_write(text, strlen(text));
        free(text);
}

/* Before the process goes its way, so that it is told of even if we are killed then; nobody waits for the command. */
static void call_hook(struct helper *h)
{
        if (!h->settings.on_report || !h->name || !h->wire.dir[0])
                return;
        guard_stage("hook");
        hook_start(h->settings.on_report, pool_printf(&h->report->pool, "%s/%s", h->wire.dir, h->name),
                   h->settings.timeout);
}

/* Whether the other threads stay held until the process is gone. A debugger that is to come needs them free. */
static bool holds_others(const struct helper *h)
{
        return h->attached && helper_is_fatal(h) && !h->settings.wait_debugger;
}

/* From here on the process may go its way. */
static void let_go(struct helper *h)
{
        uint64_t deadline = clock_now_ns() + HOLD_SECONDS * NS_PER_S;
        bool hold = holds_others(h);

        guard_stage(NULL);
        guard_deadline(deadline + NS_PER_S);
        if (h->is_spare) { /* the threads are let go by the end of the helper that holds them */
                helper_say(WIRE_DONE);
                guard_spare_leave();
        }
        if (h->attached && helper_is_fatal(h) && (!hold || process_release_thread(h->target, h->wire.tid))) {
                process_release_all(h->target); /* better too many threads than a process that cannot die */
                hold = false;
        }
        guard_spare_collect();
        helper_say(WIRE_DONE);
        close_range(STDIN_FILENO, WIRE_FD_RAW,
                    0); /* a shell that reads the application's stderr must not wait for us */
        if (hold)
                process_hold_until_death(h->target, deadline);
}

static void tidy_directory(struct helper *h)
{
        store_retain(&h->report->pool, WIRE_FD_DIR, h->settings.max_reports);
        store_sweep(WIRE_FD_DIR, time(NULL) - STALE_SECONDS);
}

static void clean_up(struct helper *h)
{
        if (h->has_directory)
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
        redact_report(h->report, h->settings.redact, getenv("HOME"));
        write_json(h);
        print(h);
        call_hook(h);
        let_go(h);
        clean_up(h);
}

int main(int argc, char **argv)
{
        static struct helper helper;
        bool heard;

        if (argc == 2 && !strcmp(argv[1], "--version")) {
                printf("crashpre-helper %s (commit %s)\n", CRASHPRE_VERSION, CRASHPRE_COMMIT);
                return 0;
        }
        heard = helper_say(WIRE_HELLO); /* before all else: the crashing process counts the microseconds until here */
        if (!helper_is_called()) {
                fputs("crashpre-helper: started by libcrashpre.so when a program crashes; not for the command line\n",
                      stderr);
                return 2;
        }
        if (!heard)
                return 1; /* write(2) is refused: nothing that can be done here would be seen */
        guard_begin(30);
        setsid(); /* Ctrl-C is for the application; whether it ends the wait is its handler's business */
        helper_settle_descriptors(&helper);
        run(&helper);
        return 0;
}
