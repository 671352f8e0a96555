/* SPDX-License-Identifier: MIT */
#include "report/relay.h"

#include "report/fault/fault.h"
#include "report/model/json.h"
#include "report/place/store.h"
#include "report/raw/read.h"
#include "unwind/core/terms/fault_class.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* From the crash of the child to the signal of the relay: the report of the child (CRASHPRE_TIMEOUT is 30 s by default),
 * its core dump, and what the relay does at its end (perf record reads the build-ids of what it recorded). */
#define RELAY_SECONDS 60

/* The report of the child is among the newest. The process waits while they are read. */
#define CANDIDATES 64

/* Of one report, and of all that are read: of somebody else's in a shared directory, too. */
#define REPORT_LIMIT ((size_t)16 * 1024 * 1024)
#define TOTAL_LIMIT ((size_t)64 * 1024 * 1024)

/* Frames of raise(), abort() and what they call. */
#define DEPTH 12

/* ---- the process ---- */

static bool has_signal_frame(const struct report_thread *thread)
{
        size_t i;

        for (i = 0; i < thread->frame_count; i++)
                if (thread->frames[i].signal_frame)
                        return true;
        return false;
}

static bool has_names(const struct report_thread *thread)
{
        return thread->frame_count && thread->frames[0].function;
}

/* abort() is the program's own decision. It sends SIGABRT by tgkill(2): without names of functions it looks like
 * raise(SIGABRT). */
static bool is_abort(const struct report *report)
{
        const struct report_thread *thread = &report->threads[0];

        if (report->signal.number.v != SIGABRT)
                return false;
        if (!fault_class_is(report->fault.class, FAULT_ABORT) || report->cause.message)
                return true;
        if (report->signal.code.v == SI_USER)
                return false;
        return !has_names(thread) || fault_frame_of(report, "abort", DEPTH);
}

/* Whether the process sent the signal to itself by kill(2), tgkill(2) or a similar call, and not in a signal handler:
 * a handler that sends the signal again reports a fault of its own process. */
static bool sent_to_itself(const struct report *report)
{
        const struct report_signal *s = &report->signal;

        return report->id && report->thread_count && report->process.pid.known && s->number.known &&
               (s->code.v == SI_USER || s->code.v == SI_TKILL) && s->sender.pid.known &&
               s->sender.pid.v == report->process.pid.v && !report->cause.exception.type &&
               !has_signal_frame(&report->threads[0]) && !is_abort(report);
}

/* ---- the child ---- */

/* Reads what both kinds of report contain of the process and its signal, without names. */
static bool read_candidate(int dir_fd, const struct store_entry *entry, size_t *left, struct report *out)
{
        static struct raw_report raw;
        struct store_choice file = store_choose(dir_fd, entry);
        size_t len;
        char why[256], *text;

        if (!file.name || store_read(&out->pool, dir_fd, file.name, REPORT_LIMIT, &text, &len))
                return false;
        *left -= len < *left ? len : *left;
        if (len == REPORT_LIMIT)
                return false;
        if (file.is_json)
                return !json_read_report(text, len, out, why, sizeof(why));
        if (raw_read(text, len, out, &raw))
                return false;
        if (raw.crash.siginfo.si_signo)
                out->signal.number = KNOWN_INT(raw.crash.siginfo.si_signo);
        return true;
}

static bool is_ancestor(const struct report_process *process, int64_t pid)
{
        size_t i;

        for (i = 0; i < process->ancestor_count; i++)
                if (process->ancestors[i].pid.known && process->ancestors[i].pid.v == pid)
                        return true;
        return false;
}

/* Whether `process` descends from `pid` or is traced by it (strace -D is not the parent). The parent of the first
 * process of a pid namespace, or of one that entered it (unshare -p, nsenter -p), has no number there: 0. Unless its
 * /proc showed its ancestors, it may be the child of any process outside. */
static bool descends_from(const struct report_process *process, int64_t pid)
{
        if (process->ppid.known && process->ppid.v == pid)
                return true;
        if (is_ancestor(process, pid) || (process->tracer_pid.known && process->tracer_pid.v == pid))
                return true;
        return process->ppid.known && !process->ppid.v && !process->ancestor_count;
}

static bool died_of_same(const struct report *report, const struct report *child)
{
        const char *kind = child->cause.kind;

        return child->signal.number.known && child->signal.number.v == report->signal.number.v &&
               !(kind && (!strcmp(kind, "request") || !strcmp(kind, "hang")));
}

static const char *name_of(struct report *report, const struct report *child)
{
        const char *exe = child->process.exe, *slash = exe ? strrchr(exe, '/') : NULL;

        return pool_printf(&report->pool, "%s[%" PRId64 "]",
                           slash ? slash + 1
                           : exe ? exe
                                 : "process",
                           child->process.pid.v);
}

static void mark(struct report *report, const struct report *child, const char *id)
{
        bool is_child = child->process.ppid.known && child->process.ppid.v == report->process.pid.v;

        report->cause.relayed = true;
        report->fault.explanation =
                pool_printf(&report->pool, "The program passed on %s, which its %s %s had died of: see %s.",
                            report->signal.name ? report->signal.name : "the signal", is_child ? "child" : "descendant",
                            name_of(report, child), id);
}

static bool is_relay_of(struct report *report, int dir_fd, const struct store_entry *entry, size_t *left)
{
        struct report *child = report_new();
        bool is = read_candidate(dir_fd, entry, left, child) && died_of_same(report, child) &&
                  descends_from(&child->process, report->process.pid.v);

        if (is)
                mark(report, child, entry->id);
        report_free(child);
        return is;
}

/* ---- which reports ---- */

/* Formats the time `seconds` before `time` ("20261121T143512.123456Z") in the same form, to a full second. */
static bool time_before(const char *time, double seconds, char *out, size_t size)
{
        struct tm tm = { 0 };
        time_t t;

        if (sscanf(time, "%4d%2d%2dT%2d%2d%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
                   &tm.tm_sec) != 6)
                return false;
        tm.tm_year -= 1900;
        tm.tm_mon--;
        t = timegm(&tm) - (time_t)seconds;
        return gmtime_r(&t, &tm) && strftime(out, size, "%Y%m%dT%H%M%S", &tm);
}

/* The child was started and has died in the life of the process. */
static double seconds_back(const struct report *report)
{
        const struct known_real *life = &report->process.uptime_seconds;

        return life->known && life->v + 1 < RELAY_SECONDS ? life->v + 1 : RELAY_SECONDS;
}

void relay_mark(struct report *report, int dir_fd)
{
        struct store_entry *v;
        const char *time;
        size_t n, looked_at = 0, left = TOTAL_LIMIT;
        char first[32];

        if (!sent_to_itself(report) || !store_parse_name(report->id, NULL, &time, NULL) ||
            !time_before(time, seconds_back(report), first, sizeof(first)))
                return;
        if (store_list(&report->pool, dir_fd, &v, &n))
                return;
        while (n-- && looked_at < CANDIDATES && left && strcmp(v[n].time, first) >= 0) {
                if (strcmp(v[n].time, time) > 0 || !strcmp(v[n].id, report->id) ||
                    !(v[n].files & (STORE_JSON | STORE_RAW)))
                        continue;
                looked_at++;
                if (is_relay_of(report, dir_fd, &v[n], &left))
                        return;
        }
}
