/* SPDX-License-Identifier: MIT */
/* report/helper_main.c: crashpre-helper, started by the crash handler of libcrashpre.so (unwind/core/wire.h says
 * how they talk).
 *
 *   HELLO -> the crash arrives -> attach, unwind, read /proc -> (request: release, RELEASED) -> names (a spare stands
 *   by) -> JSON -> outcome line -> text on stderr -> CRASHPRE_ON_REPORT begins -> release the crashing thread, DONE ->
 *   hold the others until the process is gone -> remove old reports
 */
#include "report/describe.h"
#include "report/fault.h"
#include "report/guard.h"
#include "report/hook.h"
#include "report/json.h"
#include "report/procfs.h"
#include "report/raw_read.h"
#include "report/redact.h"
#include "report/settings.h"
#include "report/source.h"
#include "report/stacks.h"
#include "report/store.h"
#include "report/text.h"
#include "unwind/process.h"
#include "unwind/unwind.h"
#include "version.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NSEC_PER_SEC UINT64_C(1000000000)
#define NSEC_PER_MSEC UINT64_C(1000000)

/* The crashing thread dies at once after DONE; should it not (a debugger stopped it), the others are not held for
 * ever. */
#define HOLD_SECONDS 10

/* No helper takes that long to write a file: what is older was left by one that was killed. */
#define STALE_SECONDS 600

/* How long a full stderr that nobody reads may keep a process from dying. */
#define STDERR_PATIENCE_MS 1000

/* [maps] is capped at a megabyte, the stack bytes by CRASHPRE_STACK_KB: beyond this it is no report of ours. */
#define RAW_LIMIT ((size_t)64 * 1024 * 1024)

struct helper {
        struct wire_crash wire;
        struct settings settings;
        struct report *report;
        struct raw_report raw;
        struct target *target;
        struct symbols *symbols;
        uint64_t attach_began;
        bool attached;
        bool crash_missed;           /* attached, but not to the thread that crashed */
        bool is_spare;               /* guard_spare(): the process that attached is another one */
        bool has_raw, has_directory; /* WIRE_FD_RAW, WIRE_FD_DIR came to us open */
        const char *name;            /* of the report that is in place: "....json", "....txt" or NULL */
};

static bool is_fatal(const struct helper *h)
{
        return h->wire.kind == WIRE_KIND_FATAL;
}

static int64_t microseconds(uint64_t from, uint64_t to)
{
        return to > from ? (int64_t)((to - from) / 1000) : 0;
}

static void say(enum wire_status status)
{
        char byte = (char)status;

        while (write(WIRE_FD_STATUS, &byte, 1) < 0 && errno == EINTR)
                ;
}

static bool is_open(int fd)
{
        return fcntl(fd, F_GETFD) >= 0;
}

/* A number that came to us closed would be taken by the next file we open, and be written to as if it were the raw
 * report. */
static void settle_descriptors(struct helper *h)
{
        int fd;

        close_range(WIRE_FD_DIR + 1, ~0U, 0);
        h->has_raw = is_open(WIRE_FD_RAW);
        h->has_directory = is_open(WIRE_FD_DIR);
        for (fd = 0; fd <= WIRE_FD_DIR; fd++)
                if (!is_open(fd) && open("/dev/null", O_RDWR) < 0)
                        _exit(1);
}

/* ---- the crash arrives ---- */

/* End of file: the process died before it had something to say. */
static void receive(struct helper *h)
{
        uint64_t deadline = guard_now() + (uint64_t)h->settings.timeout * NSEC_PER_SEC;
        size_t got = 0;

        guard_stage("handshake");
        while (got < sizeof(h->wire)) {
                struct pollfd fd = { .fd = WIRE_FD_CRASH, .events = POLLIN };
                uint64_t now = guard_now();
                ssize_t n;

                if (now >= deadline || poll(&fd, 1, (int)((deadline - now) / NSEC_PER_MSEC) + 1) == 0)
                        guard_fail("nothing came from the crashing process");
                n = read(WIRE_FD_CRASH, (char *)&h->wire + got, sizeof(h->wire) - got);
                if (n < 0 && errno != EINTR)
                        guard_fail("%s", strerror(errno));
                if (n == 0)
                        guard_fail("the process ended after %zu of %zu bytes", got, sizeof(h->wire));
                if (n > 0)
                        got += (size_t)n;
                if (got >= 3 * sizeof(uint32_t) &&
                    (h->wire.magic != WIRE_MAGIC || h->wire.version != WIRE_VERSION || h->wire.size != sizeof(h->wire)))
                        guard_fail("library and helper are of different builds");
        }
}

#define TERMINATE(array) ((array)[sizeof(array) - 1] = 0)

static void check_wire(struct wire_crash *wire)
{
        const char *time;
        size_t len = 0;

        TERMINATE(wire->id);
        TERMINATE(wire->dir);
        TERMINATE(wire->reason);
        TERMINATE(wire->exception_type);
        TERMINATE(wire->note);
        if (wire->frame_count > WIRE_MAX_FRAMES)
                wire->frame_count = WIRE_MAX_FRAMES;
        if (wire->pid <= 0 || wire->tid <= 0)
                guard_fail("no process is named");
        if (strchr(wire->id, '/') || !store_parse_name(wire->id, &len, &time, NULL) || wire->id[len])
                guard_fail("not the name of a report: %.64s", wire->id);
}

/* ---- what stands in the report ---- */

static void diagnose_lines(struct report *report, const char *stage, char *lines)
{
        char *line, *rest = lines;

        while ((line = strsep(&rest, "\n")))
                if (*line)
                        report_diagnose(report, stage, "%s", line);
}

static void settings_to_report(void *ctx, const char *name, const char *message)
{
        (void)name;
        report_diagnose(ctx, "settings", "%s", message);
}

static void unwind_to_report(void *ctx, const char *message)
{
        report_diagnose(ctx, "unwind", "%s", message);
}

static void symbols_to_report(void *ctx, const char *message)
{
        report_diagnose(ctx, "symbolize", "%s", message);
}

static void identify(struct helper *h)
{
        struct report *r = h->report;
        const struct wire_crash *w = &h->wire;

        r->id = pool_strdup(&r->pool, w->id);
        r->time = report_format_time(r, w->time_sec, w->time_nsec);
        r->time_unix = KNOWN_REAL((double)w->time_sec + (double)(w->time_nsec / 1000) / 1e6);
        r->tool.name = "crashpre";
        r->tool.version = CRASHPRE_VERSION;
        r->tool.commit = CRASHPRE_COMMIT;
        if (w->kind == WIRE_KIND_REQUEST && w->reason[0])
                r->cause.message = pool_strdup(&r->pool, w->reason);
        if (w->kind == WIRE_KIND_FIRST_CHANCE)
                r->cause.chance = "first";
        r->timings_us.raw = KNOWN_INT(microseconds(w->fault_ns, w->raw_ns));
}

static void read_raw(struct helper *h)
{
        struct report *r = h->report;
        char *text = NULL;
        size_t len = 0;
        int err;

        if (!h->has_raw)
                return;
        r->files.raw = pool_printf(&r->pool, "%s.txt", h->wire.id);
        h->name = r->files.raw;
        err = lseek(WIRE_FD_RAW, 0, SEEK_SET) < 0 ? -errno
                                                  : store_read_fd(&r->pool, WIRE_FD_RAW, RAW_LIMIT, &text, &len);
        if (!err)
                err = raw_read(text, len, r, &h->raw);
        if (err)
                report_diagnose(r, "raw", "the raw report could not be read: %s", strerror(-err));
        else if (!h->raw.complete)
                report_diagnose(r, "raw", "the raw report is not complete");
}

static void explain(struct helper *h)
{
        struct report *r = h->report;
        struct crash_facts facts;

        fault_facts_from_wire(&h->wire, &facts);
        fault_classify(r, &facts, h->target);
        if (h->wire.exception_type[0])
                r->cause.exception.type = describe_type(&r->pool, h->wire.exception_type);
        if (facts.sender_pid.known && facts.sender_pid.v > 0 && facts.sender_pid.v != h->wire.pid)
                r->signal.sender.name = procfs_name(r, (pid_t)facts.sender_pid.v);
}

/* ---- threads ---- */

static void fill_wire_frames(const struct wire_crash *w, const struct target *t, struct target_thread *thread)
{
        uint32_t i;

        thread->end = w->frame_end <= CFI_END_NO_RULE ? (enum cfi_end)w->frame_end : CFI_END_NONE;
        thread->frames = pool_malloc((w->frame_count + 1) * sizeof(*thread->frames));
        thread->frame_count = w->frame_count;
        for (i = 0; i < w->frame_count; i++) {
                const struct wire_frame *from = &w->frames[i];
                struct thread_frame *frame = &thread->frames[i];

                frame->pc = from->pc;
                frame->sp = from->sp;
                frame->trust = from->trust <= CFI_TRUST_SCAN ? (enum cfi_trust)from->trust : CFI_TRUST_SCAN;
                frame->signal_frame = from->signal_frame;
                frame->exact_pc = from->exact_pc;
                frame->module = target_module_index(t, from->exact_pc ? from->pc : from->pc - 1);
        }
}

/* Puts the crashing thread, as its own handler saw it, before the threads that the target has. */
static void add_wire_thread(struct helper *h)
{
        struct target *t = h->target;
        struct target_thread *threads = pool_malloc((t->thread_count + 1) * sizeof(*threads));
        const char *name = procfs_name(h->report, h->wire.tid);

        memset(threads, 0, sizeof(*threads));
        if (t->thread_count)
                memcpy(threads + 1, t->threads, t->thread_count * sizeof(*threads));
        free(t->threads);
        t->threads = threads;
        t->thread_count++;
        if (!name)
                name = h->raw.thread_name ? h->raw.thread_name : "";
        strncpy(threads->name, name, sizeof(threads->name) - 1);
        threads->tid = h->wire.tid;
        threads->regs = h->wire.regs;
        fill_wire_frames(&h->wire, t, threads);
}

/* Nobody may look into the process: its handler's own frames, and modules from /proc or from the raw report. */
static void look_from_outside(struct helper *h)
{
        char why[512] = "";

        if (process_open(h->wire.pid, &h->target, why, sizeof(why))) {
                report_diagnose(h->report, "attach", "%s", why);
                h->target = NULL;
        } else if (!h->target->modules.n) {
                target_free(h->target);
                h->target = NULL;
        } else {
                raw_fill_bias(&h->raw, h->target);
        }
        if (!h->target) {
                h->target = raw_target(&h->raw);
                free(h->target->threads->frames);
                h->target->thread_count = 0;
        }
        add_wire_thread(h);
}

static void attach(struct helper *h)
{
        uint64_t now = guard_now(), left = h->wire.deadline_ns > now ? h->wire.deadline_ns - now : 0;
        char why[512] = "";

        guard_stage("attach");
        h->attach_began = now;
        h->attached = !process_attach(h->wire.pid, now + left / 3, &h->target, why, sizeof(why));
        if (h->attached && process_load(h->target))
                report_diagnose(h->report, "attach", "the mappings of the process could not be read");
        if (!h->attached)
                report_diagnose(h->report, "attach", "%s", why);
        h->report->timings_us.attach = KNOWN_INT(microseconds(now, guard_now()));
}

static void unwind(struct helper *h)
{
        enum unwind_check check = getenv("CRASHPRE_TEST_CROSS_CHECK") ? UNWIND_CROSS_CHECK : UNWIND_OWN;
        uint64_t now = guard_now(), left = h->wire.deadline_ns > now ? h->wire.deadline_ns - now : 0;
        int err;

        guard_stage("unwind");
        h->symbols = symbols_new(h->target, h->settings.debug_dirs, symbols_to_report, h->report);
        h->target->deadline_ns = now + left / 2;
        err = unwind_threads(h->target, (size_t)h->settings.max_frames, check, unwind_to_report, h->report);
        if (err)
                report_diagnose(h->report, "unwind", "stopped early: %s", strerror(-err));
        h->report->timings_us.unwind = KNOWN_INT(microseconds(now, guard_now()));
}

static void name_crashing_thread(struct helper *h)
{
        if (!process_set_crash(h->target, h->wire.tid, &h->wire.regs))
                return;
        report_diagnose(h->report, "attach", "thread %d, which crashed, could not be stopped", h->wire.tid);
        h->crash_missed = true;
}

static void fill_stacks(struct helper *h, struct symbols *symbols)
{
        int err = stacks_fill(h->report, h->target, symbols, h->wire.kind != WIRE_KIND_REQUEST);

        if (err)
                report_diagnose(h->report, "symbolize", "no names: %s", strerror(-err));
        if (!h->report->thread_count)
                return;
        h->report->threads[0].context = h->raw.context;
        h->report->threads[0].context_count = h->raw.context_count;
}

/* Half of the time that is left is for names, an eighth for source lines; another eighth later the spare steps in,
 * with a quarter for what must be done: names may be missing, the report may not. */
static void name_frames(struct helper *h)
{
        uint64_t now = guard_now(), hard = h->wire.deadline_ns, left = hard > now ? hard - now : 0;
        const char *trouble;

        guard_stage("symbolize");
        trouble = guard_spare(now + left / 4 * 3, hard);
        if (trouble) {
                h->is_spare = true;
                report_diagnose(h->report, "symbolize", "no names: %s", trouble);
                fill_stacks(h, NULL);
                return;
        }
        h->target->deadline_ns = now + left / 2;
        if (!h->symbols)
                h->symbols = symbols_new(h->target, h->settings.debug_dirs, symbols_to_report, h->report);
        if (h->symbols)
                symbols_set_limits(h->symbols, now + left / 2, 0);
        fill_stacks(h, h->symbols);
        if (h->settings.source_lines && h->report->thread_count)
                source_fill(h->report, h->target, &h->report->threads[0], (size_t)h->settings.source_lines,
                            now + left / 8 * 5);
        guard_spare_dismiss(hard);
        h->report->timings_us.symbolize = KNOWN_INT(microseconds(now, guard_now()));
}

/* ---- results ---- */

static void write_json(struct helper *h)
{
        const char *step = "", *name = pool_printf(&h->report->pool, "%s.json", h->wire.id);
        uint64_t now = guard_now();
        size_t len;
        char *text;
        int err;

        guard_stage("write");
        if (!h->has_directory) {
                guard_outcome("no directory for the JSON report");
                return;
        }
        if (!h->report->timings_us.held.known && h->attached)
                h->report->timings_us.held = KNOWN_INT(microseconds(h->attach_began, now));
        h->report->timings_us.total = KNOWN_INT(microseconds(h->wire.fault_ns, now));
        text = json_write_report(h->report, &len);
        err = store_write(WIRE_FD_DIR, name, (mode_t)h->settings.mode, text, len, &step);
        free(text);
        if (err) {
                guard_outcome("failed write: %s: %s", step, strerror(-err));
                report_diagnose(h->report, "write", "%s: %s: %s", name, step, strerror(-err));
                return;
        }
        h->name = name;
        guard_outcome("json %s", name);
}

/* A second way to the same pipe or terminal, so that O_NONBLOCK does not become a property of the application's own
 * descriptor. */
static int open_patient_stderr(void)
{
        struct stat st;

        if (fstat(STDERR_FILENO, &st) || (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode)))
                return -1;
        return open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* Gives up where nobody reads: the report is in its file. */
static void write_stderr(const char *text, size_t len)
{
        uint64_t deadline = guard_now() + STDERR_PATIENCE_MS * NSEC_PER_MSEC;
        int own = open_patient_stderr(), fd = own >= 0 ? own : STDERR_FILENO;

        while (len) {
                struct pollfd p = { .fd = fd, .events = POLLOUT };
                uint64_t now = guard_now();
                size_t piece = own >= 0 || len < 512
                                       ? len
                                       : 512; /* a pipe that can be written to takes a small piece without blocking */
                ssize_t n;

                if (now >= deadline || poll(&p, 1, (int)((deadline - now) / NSEC_PER_MSEC) + 1) <= 0 ||
                    !(p.revents & POLLOUT))
                        break;
                n = send(fd, text, piece, MSG_DONTWAIT | MSG_NOSIGNAL);
                if (n < 0 && errno == ENOTSOCK)
                        n = write(fd, text, piece);
                if (n < 0 && errno != EAGAIN && errno != EINTR)
                        break;
                if (n > 0) {
                        text += n;
                        len -= (size_t)n;
                }
        }
        if (own >= 0)
                close(own);
}

static void print(struct helper *h)
{
        struct text_options options = { .colour = false };
        char *text;

        guard_stage("stderr");
        if (h->settings.stderr_text == SETTINGS_STDERR_NONE)
                return;
        if (h->name)
                options.path = h->wire.dir[0] ? pool_printf(&h->report->pool, "%s/%s", h->wire.dir, h->name) : h->name;
        text = h->settings.stderr_text == SETTINGS_STDERR_BRIEF ? text_brief(h->report, &options)
                                                                : text_full(h->report, &options);
        write_stderr(text, strlen(text));
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

/* From here on the process may go its way. */
static void let_go(struct helper *h)
{
        uint64_t deadline = guard_now() + HOLD_SECONDS * NSEC_PER_SEC;

        guard_stage(NULL);
        guard_deadline(deadline + NSEC_PER_SEC);
        if (h->is_spare) { /* the threads are let go by the end of the helper that holds them */
                say(WIRE_DONE);
                guard_spare_leave();
        }
        if (h->attached && is_fatal(h) && process_release_thread(h->target, h->wire.tid))
                process_release_all(h->target); /* better too many threads than a process that cannot die */
        guard_spare_collect();
        say(WIRE_DONE);
        close_range(STDIN_FILENO, WIRE_FD_RAW,
                    0); /* a shell that reads the application's stderr must not wait for us */
        if (h->attached && is_fatal(h))
                process_hold_until_death(h->target, deadline);
}

static void tidy_directory(struct helper *h)
{
        store_retain(&h->report->pool, WIRE_FD_DIR, (size_t)h->settings.max_reports);
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

static void look(struct helper *h)
{
        attach(h);
        if (h->attached) {
                name_crashing_thread(h);
                unwind(h);
        }
        guard_stage("read");
        read_raw(h);
        identify(h); /* over what the raw report says less exactly */
        procfs_read_process(h->report, h->wire.pid, h->settings.environment);
        procfs_read_system(h->report, h->wire.pid);
        if (!h->attached)
                look_from_outside(h);
        else if (h->crash_missed)
                add_wire_thread(h);
        if (h->attached && !is_fatal(h)) {
                process_release_all(h->target);
                say(WIRE_RELEASED);
                h->report->timings_us.held = KNOWN_INT(microseconds(h->attach_began, guard_now()));
        }
}

static void run(struct helper *h)
{
        h->report = report_new();
        settings_read(&h->settings, settings_to_report, h->report);
        guard_deadline(guard_now() + (uint64_t)h->settings.timeout * NSEC_PER_SEC);
        receive(h);
        check_wire(&h->wire);
        if (h->wire.deadline_ns)
                guard_deadline(h->wire.deadline_ns);
        else
                h->wire.deadline_ns = guard_now() + (uint64_t)h->settings.timeout * NSEC_PER_SEC;
        look(h);
        diagnose_lines(h->report, "handler", h->wire.note);
        name_frames(h);
        explain(h);
        describe_summary(h->report);
        redact_report(h->report, (unsigned)h->settings.redact, getenv("HOME"));
        write_json(h);
        print(h);
        call_hook(h);
        let_go(h);
        clean_up(h);
}

int main(int argc, char **argv)
{
        static struct helper helper;

        if (argc == 2 && !strcmp(argv[1], "--version")) {
                printf("crashpre-helper %s (commit %s)\n", CRASHPRE_VERSION, CRASHPRE_COMMIT);
                return 0;
        }
        say(WIRE_HELLO); /* before all else: the crashing process counts the microseconds until here */
        if (!is_open(WIRE_FD_CRASH)) {
                fputs("crashpre-helper: started by libcrashpre.so when a program crashes; not for the command line\n",
                      stderr);
                return 2;
        }
        guard_begin(30);
        setsid(); /* Ctrl-C is for the application; whether it ends the wait is its handler's business */
        settle_descriptors(&helper);
        run(&helper);
        return 0;
}
