/* SPDX-License-Identifier: MIT */
/* tests/unit/report_relay.c: which report is that of a process that passed on the signal of its child, and of which
 * other report that depends. */
#include "report/relay.h"
#include "tests/unit/tap.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char root[] = "/tmp/report_relay.XXXXXX";
static int dir;

/* ---- the reports in the directory ---- */

static void put(const char *name, const char *text)
{
        int fd = openat(dir, name, O_CREAT | O_TRUNC | O_WRONLY, 0600);

        if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
                exit(2);
        close(fd);
}

static const char schema[] = "\"schema\": \"crashpre-report/1\"";

/* A report that died of signal 11, as the child of process 100, unless `cause` and `process` contain something else. */
static void put_child(const char *id, const char *cause, int number, const char *process)
{
        char name[128], text[512];

        snprintf(name, sizeof(name), "%s.json", id);
        snprintf(text, sizeof(text),
                 "{%s, \"cause\": {%s}, \"signal\": {\"number\": %d}, \"process\": {\"pid\": 101, %s}}", schema, cause,
                 number, process);
        put(name, text);
}

#define CHILD "crash-child-101-20260101T000130.000000Z"
#define OF_SIGNAL "\"kind\": \"signal\""
#define OF_100 "\"exe\": \"/bin/child\", \"ppid\": 100"

/* ---- the report in question ---- */

enum { PARENT = 100 };

static struct report *relay(int number, int code)
{
        static struct report_frame frames[2];
        struct report *r = report_new();
        struct report_thread *thread = POOL_APPEND(&r->pool, r->threads, r->thread_count);

        frames[0] = (struct report_frame){ .function = "raise" };
        frames[1] = (struct report_frame){ .function = "main" };
        thread->frames = frames;
        thread->frame_count = 2;
        r->id = "crash-relay-100-20260101T000131.500000Z";
        r->cause.kind = "signal";
        r->fault.class = number == SIGABRT ? "abort" : "sent-by-process";
        r->fault.explanation = "before";
        r->process.pid = KNOWN_INT(PARENT);
        r->signal.number = KNOWN_INT(number);
        r->signal.name = "SIGNAL";
        r->signal.code = KNOWN_INT(code);
        r->signal.sender.pid = KNOWN_INT(PARENT);
        return r;
}

static void expect(struct report *r, bool relayed, const char *title)
{
        relay_mark(r, dir);
        tap_ok(r->cause.relayed == relayed, "%s", title);
        report_free(r);
}

static void forget(const char *id)
{
        char name[128];

        snprintf(name, sizeof(name), "%s.json", id);
        unlinkat(dir, name, 0);
}

/* ---- the child ---- */

static void children(void)
{
        static const struct {
                const char *cause, *process, *title;
                const char *id;
                int number;
                bool relayed;
        } cases[] = {
                { OF_SIGNAL, OF_100, "a child that died of the signal", CHILD, SIGSEGV, true },
                { "\"kind\": \"exception\"", OF_100, "a child that died of it for another reason", CHILD, SIGSEGV,
                  true },
                { OF_SIGNAL, OF_100, "a child that died of another signal", CHILD, SIGBUS, false },
                { "\"kind\": \"request\"", OF_100, "a child that made a report on request", CHILD, SIGSEGV, false },
                { OF_SIGNAL, "\"ppid\": 99", "a child of another process", CHILD, SIGSEGV, false },
                { OF_SIGNAL, "\"exe\": \"child\"", "a process whose parent is not known", CHILD, SIGSEGV, false },
                { OF_SIGNAL, "\"ppid\": 99, \"ancestors\": [{\"pid\": 99}, {\"pid\": 100}]", "a grandchild", CHILD,
                  SIGSEGV, true },
                { OF_SIGNAL, "\"ppid\": 99, \"tracer_pid\": 100", "a process that is traced", CHILD, SIGSEGV, true },
                { OF_SIGNAL, "\"ppid\": 0", "a child in another pid namespace", CHILD, SIGSEGV, true },
                { OF_SIGNAL, "\"ppid\": 0, \"ancestors\": [{\"pid\": 100}]",
                  "a child in another pid namespace, its parent visible in /proc", CHILD, SIGSEGV, true },
                { OF_SIGNAL, "\"ppid\": 0, \"ancestors\": [{\"pid\": 98}]",
                  "a child of another process in another pid namespace", CHILD, SIGSEGV, false },
                { OF_SIGNAL, OF_100, "a child that died long before", "crash-child-101-20260101T000029.000000Z",
                  SIGSEGV, false },
                { OF_SIGNAL, OF_100, "a process that crashed afterwards", "crash-child-101-20260101T000131.600000Z",
                  SIGSEGV, false },
                { OF_SIGNAL, OF_100, "a child that died in the minute before",
                  "crash-child-101-20260101T000034.000000Z", SIGSEGV, true },
        };
        size_t i;

        for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                put_child(cases[i].id, cases[i].cause, cases[i].number, cases[i].process);
                expect(relay(SIGSEGV, SI_USER), cases[i].relayed, cases[i].title);
                forget(cases[i].id);
        }
        expect(relay(SIGSEGV, SI_USER), false, "no child");
}

static void other_forms(void)
{
        static const char raw[] = "crashpre raw report 1\n[cause]\nkind: signal\nsignal: 11 SIGSEGV\n"
                                  "[process]\npid: 101\nppid: 100\n[registers]\n";
        struct report *r;

        put(CHILD ".txt", raw);
        expect(relay(SIGSEGV, SI_USER), true, "a raw report of the child");
        put(CHILD ".txt", "nonsense");
        expect(relay(SIGSEGV, SI_USER), false, "a file that is no report");
        unlinkat(dir, CHILD ".txt", 0);
        put(CHILD ".core", "");
        expect(relay(SIGSEGV, SI_USER), false, "a core file alone");
        unlinkat(dir, CHILD ".core", 0);

        put_child("crash-relay-100-20260101T000131.500000Z", OF_SIGNAL, SIGSEGV, OF_100);
        expect(relay(SIGSEGV, SI_USER), false, "its own report");
        forget("crash-relay-100-20260101T000131.500000Z");

        put_child(CHILD, OF_SIGNAL, SIGSEGV, OF_100);
        r = relay(SIGSEGV, SI_USER);
        r->process.uptime_seconds = KNOWN_REAL(0.2);
        expect(r, true, "a child that died in the life of a young process");
        forget(CHILD);
        put_child("crash-child-101-20260101T000125.000000Z", OF_SIGNAL, SIGSEGV, OF_100);
        r = relay(SIGSEGV, SI_USER);
        r->process.uptime_seconds = KNOWN_REAL(0.2);
        expect(r, false, "a child that died before the process was started: of an earlier one with its number");
        forget("crash-child-101-20260101T000125.000000Z");
}

/* ---- the process ---- */

static void processes(void)
{
        struct report_frame frames[] = {
                { .function = "raise" }, { .function = "handler" }, { .signal_frame = true }, { .function = "main" }
        };
        struct report_frame aborting[] = { { .function = "raise" },
                                           { .function = "__GI_abort" },
                                           { .function = "main" } };
        struct report_frame nameless[] = { { .function = NULL }, { .function = NULL } };
        struct report *r;

        put_child(CHILD, OF_SIGNAL, SIGSEGV, OF_100);
        r = relay(SIGSEGV, SI_TKILL);
        relay_mark(r, dir);
        tap_ok(r->cause.relayed && strstr(r->fault.explanation, "its child child[101] had died of: see " CHILD "."),
               "the explanation names the child and its report");
        report_free(r);
        r = relay(SIGSEGV, SEGV_MAPERR);
        r->signal.sender.pid.known = false;
        expect(r, false, "a fault of the process itself");
        r = relay(SIGSEGV, SI_USER);
        r->signal.sender.pid = KNOWN_INT(7);
        expect(r, false, "a signal sent by another process");
        expect(relay(SIGSEGV, SI_QUEUE), false, "a signal sent with a value");
        r = relay(SIGSEGV, SI_TKILL);
        r->threads[0].frames = frames;
        r->threads[0].frame_count = 4;
        expect(r, false, "a handler that sends the signal of a fault again");

        put_child(CHILD, "\"kind\": \"abort\"", SIGABRT, OF_100);
        expect(relay(SIGABRT, SI_USER), true, "kill() of SIGABRT");
        expect(relay(SIGABRT, SI_TKILL), true, "raise() of SIGABRT");
        r = relay(SIGABRT, SI_TKILL);
        r->threads[0].frames = aborting;
        r->threads[0].frame_count = 3;
        expect(r, false, "abort()");
        r = relay(SIGABRT, SI_TKILL);
        r->threads[0].frames = nameless;
        expect(r, false, "abort() or raise(), without names of functions");
        r = relay(SIGABRT, SI_TKILL);
        r->fault.class = "assertion";
        expect(r, false, "a failed assertion");
        r = relay(SIGABRT, SI_TKILL);
        r->cause.message = "free(): invalid pointer";
        expect(r, false, "a message of libc");
        forget(CHILD);
}

/* The process waits while reports are read: however many there are, only the newest are. */
static void many(void)
{
        char id[64];
        int i;

        put_child("crash-child-101-20260101T000100.000000Z", OF_SIGNAL, SIGSEGV, OF_100);
        for (i = 0; i < 30; i++) {
                snprintf(id, sizeof(id), "crash-child-101-20260101T0001%02d.000000Z", i + 1);
                put_child(id, OF_SIGNAL, SIGSEGV, "\"ppid\": 98");
        }
        expect(relay(SIGSEGV, SI_USER), true, "a child before 30 other crashes");
        for (i = 0; i < 100; i++) {
                snprintf(id, sizeof(id), "crash-child-101-20260101T000131.%06dZ", i);
                put_child(id, OF_SIGNAL, SIGSEGV, "\"ppid\": 98");
        }
        expect(relay(SIGSEGV, SI_USER), false, "a child before 130 other crashes: not searched for");
}

int main(void)
{
        char command[128];

        if (!mkdtemp(root))
                return 2;
        dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        children();
        other_forms();
        processes();
        many();
        close(dir);
        snprintf(command, sizeof(command), "rm -rf %s", root);
        if (system(command))
                return 2;
        return tap_done();
}
