/* SPDX-License-Identifier: MIT */
/* report/helper/look.c: gathers the data of the process: threads by ptrace, or those sent by its handler; the raw
 * report, /proc; then names. */
#include "report/finish.h"
#include "report/gather/memory.h"
#include "report/gather/procfs.h"
#include "report/gather/python.h"
#include "report/gather/source.h"
#include "report/helper/helper.h"
#include "report/model/redact.h"
#include "report/place/store.h"
#include "unwind/core/terms/raw_keys.h"
#include "unwind/stack/unwind.h"
#include "unwind/target/clock.h"
#include "unwind/target/pagemap.h"
#include "unwind/target/process.h"
#include "version.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* [maps] is capped at a megabyte, the stack bytes by CRASHPRE_STACK_KB: a larger file is not a raw report. */
#define RAW_LIMIT ((size_t)64 * 1024 * 1024)

/* ---- data from the raw report and the handler ---- */

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
        else if (w->message[0])
                r->cause.message = pool_strdup(&r->pool, w->message);
        r->cause.handler = raw_handler_name(w->handler);
        if (w->kind == WIRE_KIND_FIRST_CHANCE && !w->handler)
                r->cause.chance = "first";
        r->timings_us.raw = KNOWN_INT(helper_microseconds(w->fault_ns, w->raw_ns));
}

static void read_raw(struct helper *h)
{
        struct report *r = h->report;
        char *text = NULL;
        size_t len = 0;
        int err, fd;

        if (!h->has_raw)
                return;
        r->files.raw = pool_printf(&r->pool, "%s.txt", h->wire.id);
        h->name = r->files.raw;
        fd = lseek(WIRE_FD_RAW, 0, SEEK_SET) == 0
                     ? WIRE_FD_RAW
                     : open(pool_printf(&r->pool, "/proc/self/fd/%d", WIRE_FD_RAW), O_RDONLY | O_CLOEXEC);
        err = fd < 0 ? -errno : store_read_fd(&r->pool, fd, RAW_LIMIT, &text, &len);
        if (!err)
                err = raw_read(text, len, r, &h->raw);
        if (err)
                report_diagnose(r, "raw", "the raw report could not be read: %s", strerror(-err));
        else if (!h->raw.complete)
                report_diagnose(r, "raw", "the raw report is not complete");
}

/* ---- attaching is not permitted ---- */

/* Adds the crashing thread with the frames found by its handler. */
static void add_wire_thread(struct helper *h)
{
        const char *name = procfs_name(h->report, h->wire.tid);

        if (target_add_crashed(h->target, &h->wire, name ? name : h->raw.thread_name))
                report_diagnose(h->report, "unwind", "no memory for the frames of the crashing thread");
}

/* Used if attaching is not permitted: frames from the handler, and modules from /proc or from the raw report. */
static void look_from_outside(struct helper *h)
{
        char why[512] = "";

        if (h->settings.redact & REDACT_PATHS)
                raw_expand_home(&h->raw, &h->report->pool, getenv("HOME"));
        if (process_open(h->wire.pid, &h->target, why, sizeof(why))) {
                if (!h->raw.module_count) /* otherwise nothing is missing */
                        report_diagnose(h->report, "attach", "%s", why);
                h->target = NULL;
        } else if (!h->target->modules.n) {
                target_free(h->target);
                h->target = NULL;
        } else {
                raw_fill_bias(&h->raw, h->target);
        }
        if (!h->target)
                h->target = raw_target(&h->raw);
        add_wire_thread(h);
}

/* ---- threads ---- */

static void unwind_to_report(void *ctx, const char *message)
{
        report_diagnose(ctx, "unwind", "%s", message);
}

static void symbols_to_report(void *ctx, const char *message)
{
        report_diagnose(ctx, "symbolize", "%s", message);
}

static void attach(struct helper *h)
{
        uint64_t now = clock_now_ns(), left = h->wire.deadline_ns > now ? h->wire.deadline_ns - now : 0;
        char why[512] = "";

        guard_stage("attach");
        h->attach_began = now;
        h->attached = !process_attach(h->wire.pid, now + left / 3, &h->target, why, sizeof(why));
        if (h->attached && process_load(h->target))
                report_diagnose(h->report, "attach", "the mappings of the process could not be read");
        if (!h->attached)
                report_diagnose(h->report, "attach", "%s", why);
        h->report->timings_us.attach = KNOWN_INT(helper_microseconds(now, clock_now_ns()));
}

static void unwind(struct helper *h)
{
        enum unwind_check check = getenv("CRASHPRE_TEST_CROSS_CHECK") ? UNWIND_CROSS_CHECK : UNWIND_OWN;
        uint64_t now = clock_now_ns(), left = h->wire.deadline_ns > now ? h->wire.deadline_ns - now : 0;
        int err;

        guard_stage("unwind");
        h->symbols = symbols_new(h->target, h->settings.debug_dirs, symbols_to_report, h->report);
        h->target->deadline_ns = now + left / 2;
        err = unwind_threads(h->target, h->settings.max_frames, check, unwind_to_report, h->report);
        if (err)
                report_diagnose(h->report, "unwind", "stopped early: %s", strerror(-err));
        h->report->timings_us.unwind = KNOWN_INT(helper_microseconds(now, clock_now_ns()));
}

/* While the process is held: its memory is needed. */
static void read_python(struct helper *h)
{
        uint64_t now = clock_now_ns(), left = h->wire.deadline_ns > now ? h->wire.deadline_ns - now : 0;

        h->target->deadline_ns = now + left / 8;
        python_read(h->report, h->target, h->settings.max_frames, &h->python);
}

/* The policy is inherited from the crashing thread. While the program's threads were running it kept them from starving
 * the helper; the search for names must not run with a real-time priority. */
static void leave_realtime(const struct helper *h)
{
        const struct sched_param none = { 0 };
        int policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;

        if (h->attached && (policy == SCHED_FIFO || policy == SCHED_RR))
                sched_setscheduler(0, SCHED_OTHER, &none);
}

/* The registers of the report are those at the fault, also if a handler, called for it, has ended the process. */
static void use_fault_registers(struct helper *h)
{
        if (h->wire.handler && h->wire.fault_regs.known && h->target && h->target->thread_count)
                h->target->threads[0].regs = h->wire.fault_regs;
}

static void name_crashing_thread(struct helper *h)
{
        if (!process_set_crash(h->target, h->wire.tid, &h->wire.regs))
                return;
        report_diagnose(h->report, "attach", "thread %d, which crashed, could not be stopped", h->wire.tid);
        h->crash_missed = true;
}

/* While the process is held: later it may have changed its memory. */
static void find_guard(struct helper *h)
{
        struct crash_facts facts;
        struct fault_look look;

        fault_facts_from_wire(&h->wire, &facts);
        fault_fill_look(&facts, h->target, &look);
        if (fault_look_wants_guard(&look))
                pagemap_find_guard(h->target, facts.address.v);
}

/* An earlier helper failed while it looked at the process: nothing of the process is read, since that may be why. */
static void look_at_raw_report(struct helper *h)
{
        guard_stage("read");
        read_raw(h);
        identify(h);
        procfs_find(h->wire.pid, NULL, &h->procfs);
        procfs_read_system(h->report, h->procfs.living);
        if (h->settings.redact & REDACT_PATHS)
                raw_expand_home(&h->raw, &h->report->pool, getenv("HOME"));
        h->target = raw_target(&h->raw);
        add_wire_thread(h);
}

/* Also determines the values that the texts of the report must not contain. */
static void read_memory(struct helper *h)
{
        bool wanted = h->wire.kind != WIRE_KIND_REQUEST && !(h->settings.redact & REDACT_MEMORY);
        uint64_t now = clock_now_ns(), left = h->wire.deadline_ns > now ? h->wire.deadline_ns - now : 0;
        struct privacy_settings settings = { .redact = h->settings.redact, .environment = h->settings.environment };

        if (settings.redact & REDACT_PATHS)
                privacy_find_homes(h->report, &settings.homes);
        h->target->deadline_ns = now + left / 2;
        h->privacy = privacy_new(h->report, h->target, &h->procfs, wanted ? memory_highest(h->target) : 0, &settings);
        if (wanted)
                memory_fill(h->report, h->target, h->privacy);
}

/* To the kernel, a program started by the loader ("ld.so ./app") is the loader. */
static void name_program(struct helper *h)
{
        int module = h->wire.program_at ? target_module_index(h->target, h->wire.program_at) : -1;

        if (module >= 0)
                h->report->process.exe = pool_strdup(&h->report->pool, h->target->modules.v[module].path);
}

static void look_at_process(struct helper *h)
{
        attach(h);
        if (h->attached) {
                name_crashing_thread(h);
                unwind(h);
                read_python(h);
                leave_realtime(h);
        }
        guard_stage("read");
        read_raw(h);
        identify(h); /* replaces less exact values of the raw report */
        procfs_find(h->wire.pid, h->attached ? h->target : NULL, &h->procfs);
        procfs_read_process(h->report, h->attached ? h->target : NULL, &h->procfs, h->settings.environment);
        procfs_read_system(h->report, h->procfs.living);
        if (!h->attached)
                look_from_outside(h);
        else if (h->crash_missed)
                add_wire_thread(h);
        name_program(h);
        use_fault_registers(h);
        find_guard(h);
        read_memory(h);
        if (h->attached && !helper_is_fatal(h)) {
                process_release_all(h->target);
                helper_send_status(WIRE_RELEASED);
                h->report->timings_us.held = KNOWN_INT(helper_microseconds(h->attach_began, clock_now_ns()));
        }
}

void helper_look(struct helper *h)
{
        if (h->wire.raw_only)
                look_at_raw_report(h);
        else
                look_at_process(h);
}

/* ---- names ---- */

static void fill_stacks(struct helper *h, struct symbols *symbols)
{
        int err = finish_stacks(h->report, h->target, symbols, &h->wire, &h->raw);

        python_fill(h->report, &h->python);
        if (err)
                report_diagnose(h->report, "symbolize", "no names: %s", strerror(-err));
}

static void look_at_code(struct helper *h)
{
        static struct examination seen;
        struct crash_facts facts;

        fault_facts_from_wire(&h->wire, &facts);
        examine(h->report, &facts, h->target, &seen);
        h->seen = &seen;
}

/* Half of the remaining time is for names, an eighth for source lines; after another eighth the spare takes over, with
 * a quarter for the rest: names may be missing, the report may not. */
void helper_name(struct helper *h)
{
        uint64_t now = clock_now_ns(), hard = h->wire.deadline_ns, left = hard > now ? hard - now : 0;
        const char *trouble;

        guard_stage("symbolize");
        trouble = guard_spare(now + left / 4 * 3, hard, helper_is_fatal(h) ? h->wire.pid : 0);
        if (trouble) {
                h->is_spare = true;
                report_diagnose(h->report, "symbolize", "no names: the search for them %s", trouble);
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
                source_fill(h->report, h->target, &h->report->threads[0], h->settings.source_lines, now + left / 8 * 5);
        look_at_code(h);
        guard_spare_dismiss(hard);
        h->report->timings_us.symbolize = KNOWN_INT(helper_microseconds(now, clock_now_ns()));
}
