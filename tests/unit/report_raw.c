/* SPDX-License-Identifier: MIT */
/* tests/unit/report_raw.c: the raw report is read back; truncated, corrupted or hostile input is harmless. */
#include "report/fault/fault.h"
#include "report/finish.h"
#include "report/gather/stacks.h"
#include "report/raw/read.h"
#include "report/words/describe.h"
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

static const char sample[] = "crashpre raw report 1\n"
                             "id: crash-app-4242-20261121T143512.123456Z\n"
                             "time: 2026-11-21T14:35:12.123456Z\n"
                             "version: 0.1.0 (commit 0123abc)\n"
                             "machine: x86_64\n"
                             "[cause]\n"
                             "kind: signal\n"
                             "signal: 11 SIGSEGV\n"
                             "code: 1 SEGV_MAPERR\n"
                             "address: 0x10\n"
                             "trap: 14 error 0x6\n"
                             "class: null-dereference\n"
                             "[process]\n"
                             "pid: 4242\n"
                             "tid: 4243\n"
                             "thread: work\\xff\\x5cer\n"
                             "ppid: 1\n"
                             "exe: /opt/my app/app\n"
                             "start_time: 12345\n"
                             "arg: app\n"
                             "arg:\n"
                             "arg: a: b\n"
                             "future: thing\n"
                             "[context]\n"
                             "reader Parser in header\n"
                             "[breadcrumbs]\n"
                             "2026-11-21T14:35:12.000000Z 4242 net: connected: yes\n"
                             "[metadata]\n"
                             "name: with: colons\n"
                             "n (int): -5\n"
                             "d (double): 0.25\n"
                             "b (bool): false\n"
                             "[registers]\n"
                             "rip: 0x401136\n"
                             "rsp: 0x7ffc00000000\n"
                             "xstate: address 0x1 length 4 crc32 0x0\n"
                             "  AAAA\n"
                             "[frames]\n"
                             "0 context 0x401136 /opt/my app/app +0x401136\n"
                             "1 cfi 0x7f0000001000 /lib/libc.so.6 +0x1000 signal\n"
                             "2 scan 0x7f0000001234 /lib/libc.so.6 +0x1234\n"
                             "3 cfi 0x1 -\n"
                             "end: unreadable\n"
                             "[modules]\n"
                             "0x400000 0x405000 0a1b /opt/my app/app\n"
                             "0x7f0000000000 0x7f0000010000 - /lib/libc.so.6 (deleted)\n"
                             "[maps]\n"
                             "00400000-00405000 r-xp 00000000 fe:01 12                   /opt/my app/app\n"
                             "7f0000000000-7f0000010000 r-xp 00000000 fe:01 13           /lib/libc.so.6 (deleted)\n"
                             "omitted: 3\n"
                             "[unknown]\n"
                             "whatever\n"
                             "end of report\n"
                             "helper: json crash.json\n";

static void facts(void)
{
        struct report *r = report_new();
        struct raw_report raw;

        tap_is((unsigned long long)-raw_read(sample, sizeof(sample) - 1, r, &raw), 0, "a raw report is accepted");
        tap_is(raw.bad_lines, 0, "every line is parsed");
        tap_ok(raw.complete && raw.helper_count == 1, "the report is complete, and the helper's line is read");
        tap_ok(!strcmp(r->id, "crash-app-4242-20261121T143512.123456Z"), "id");
        tap_ok(r->time_unix.v > 1795271712.1234 && r->time_unix.v < 1795271712.1235, "time");
        tap_ok(raw.crash.siginfo.si_signo == 11 && raw.crash.siginfo.si_code == 1 &&
                       raw.crash.siginfo.si_addr == (void *)16,
               "signal");
        tap_ok(raw.crash.fault_trap == 14 && raw.crash.fault_error == 6, "trap");
        tap_ok(!strcmp(raw.thread_name, "work\xff\\er"), "escapes are decoded");
        tap_ok(r->process.cmdline_count == 3 && !*r->process.cmdline[1] && !strcmp(r->process.cmdline[2], "a: b"),
               "arguments, an empty one included");
        tap_ok(!strcmp(raw.context[0].phase, "in header"), "context");
        tap_ok(!strcmp(r->breadcrumbs[0].category, "net") && !strcmp(r->breadcrumbs[0].message, "connected: yes"),
               "breadcrumb");
        tap_ok(!strcmp(r->metadata[0].string, "with: colons") && r->metadata[1].integer == -5 &&
                       r->metadata[2].real == 0.25 && r->metadata[3].kind == REPORT_BOOLEAN && !r->metadata[3].boolean,
               "metadata of four types");
        tap_is(raw.crash.regs.v[ARCH_REG_PC], 0x401136, "registers");
        tap_is(raw.crash.frame_count, 4, "frames");
        tap_ok(raw.crash.frames[1].signal_frame && !strcmp(raw.places[1].module, "/lib/libc.so.6"), "a signal frame");
        tap_ok(!raw.places[3].module && raw.crash.frames[3].pc == 1, "a frame outside all modules");
        tap_ok(!strcmp(raw.places[0].module, "/opt/my app/app") && raw.places[0].offset == 0x401136,
               "a path with a blank");
        tap_ok(raw.module_count == 2 && !raw.modules[1].build_id, "modules");
        report_free(r);
}

static struct crash_facts facts_of(const char *cause)
{
        struct report *r = report_new();
        struct crash_facts facts;
        struct raw_report raw;

        cause = pool_printf(&r->pool, "crashpre raw report 1\nid: x\n[cause]\nkind: signal\n%s", cause);
        raw_read(cause, strlen(cause), r, &raw);
        fault_facts_from_wire(&raw.crash, &facts);
        report_free(r);
        return facts;
}

/* siginfo_t is a union, so each kind of signal is tested separately. */
static void kinds_of_signals(void)
{
        struct crash_facts f = facts_of("signal: 15 SIGTERM\ncode: 0 SI_USER\nsender: pid 1 uid 1000\n");

        tap_ok(f.signal == 15 && f.sender_pid.v == 1 && f.sender_uid.v == 1000 && !f.address.known, "a sender");
        f = facts_of("signal: 31 SIGSYS\ncode: 1 SYS_SECCOMP\naddress: 0x1234\nsyscall: 39\n");
        tap_ok(f.syscall.known && f.syscall.v == 39 && !f.syscall_foreign, "a rejected system call");
        f = facts_of("signal: 31 SIGSYS\ncode: 1 SYS_SECCOMP\nsyscall: 20 arch 0x40000003\n");
        tap_ok(f.syscall.v == 20 && f.syscall_foreign, "a system call by the numbers of another processor");
        f = facts_of("signal: 11 SIGSEGV\ncode: 1 SEGV_MAPERR\naddress: 0xfffffffffffffff0\n");
        tap_ok(f.address.known && f.address.v == 0xfffffffffffffff0 && !f.sender_pid.known, "an address");
        tap_ok(!f.handled, "no handler");
        f = facts_of("signal: 11 SIGSEGV\ncode: 1 SEGV_MAPERR\naddress: 0x0\nhandler: abort\n");
        tap_ok(f.signal == 11 && f.handled, "a handler that aborted");
        f = facts_of("signal: 11 SIGSEGV\ncode: 1 SEGV_MAPERR\naddress: 0x0\nhandler: flew away\n");
        tap_ok(f.signal == 11 && !f.handled, "a handler that ended it in a way not known here");
        f = facts_of("reason: asked\n");
        tap_ok(!f.signal && !f.address.known, "a request has no signal");
}

static void target(void)
{
        struct report *r = report_new();
        struct raw_report raw;
        struct crash_facts facts;
        struct target *t;

        raw_read(sample, sizeof(sample) - 1, r, &raw);
        t = raw_target(&raw);
        target_add_crashed(t, &raw.crash, raw.thread_name);
        tap_is(t->modules.v[0].image.bias, 0, "a module's bias is derived from its frames");
        tap_is(t->modules.v[1].image.bias, 0x7f0000000000, "a library's bias too");
        tap_is(t->modules.v[0].image.build_id_len, 2, "build-id");
        tap_ok(t->modules.v[1].deleted && !strcmp(t->modules.v[1].path, "/lib/libc.so.6"),
               "a deleted module keeps its name");
        tap_is(t->mappings.n, 2, "mappings");
        tap_ok(t->modules.v[0].inode == 12 && t->mappings.v[1].module == 1, "mappings are assigned to modules");
        stacks_fill(r, t, NULL, true);
        target_free(t);
        tap_is(r->threads[0].frames[2].lookup_offset.v, 0x1234, "an interrupted frame is looked up at its exact pc");
        tap_ok(!strcmp(r->threads[0].frames[0].text, "app+0x401136"), "a frame without symbols is module and offset");
        tap_ok(!strcmp(r->threads[0].unwind_end, "unreadable"), "the reason for the end of the walk");
        fault_facts_from_wire(&raw.crash, &facts);
        fault_classify(r, &facts, NULL, NULL);
        tap_ok(!strcmp(r->fault.access, "write"), "the page-fault error code determines the access");
        report_free(r);
}

/* Accesses everything that was read, so that a sanitizer checks it. */
static size_t use(const char *text, size_t len)
{
        struct report *r = report_new();
        struct raw_report raw;
        size_t used = 0;

        if (!raw_read(text, len, r, &raw)) {
                struct target *t = raw_target(&raw);

                target_add_crashed(t, &raw.crash, raw.thread_name);
                finish_stacks(r, t, NULL, &raw.crash, &raw);
                finish_report(r, t, &raw.crash, NULL);
                target_free(t);
                used = strlen(r->cause.summary) + strlen(describe_headline(r));
        }
        report_free(r);
        return used;
}

static void damaged(void)
{
        const size_t len = sizeof(sample) - 1;
        char *copy = malloc(len);
        size_t n, used = 0;
        unsigned seed = 1, round;

        for (n = 0; n <= len; n++) {
                char *exact = malloc(n + 1);

                memcpy(exact, sample, n);
                used += use(exact, n);
                free(exact);
        }
        tap_ok(used > 0, "a report truncated at any byte can be read");
        for (round = 0; round < 2000; round++) {
                memcpy(copy, sample, len);
                for (n = 0; n < 20; n++) {
                        seed = seed * 1103515245 + 12345;
                        copy[22 + (seed >> 8) % (len - 22)] = (char)(seed >> 3);
                }
                used += use(copy, len);
        }
        tap_ok(used > 0, "2000 corrupted copies are harmless");
        free(copy);
}

static void cut_fact(void)
{
        static const char text[] = "crashpre raw report 1\n[process]\nppid: 1\npid: 42";
        struct report *r = report_new();
        struct raw_report raw;

        tap_ok(!raw_read(text, sizeof(text) - 1, r, &raw) && r->process.ppid.known && !r->process.pid.known,
               "a line truncated in the middle is ignored");
        report_free(r);
}

static void odd_lines(void)
{
        static const char text[] =
                "crashpre raw report 1\r\n[frames]\n0 context\n0 context 0xzz -\nx context 0x1 -\n0 context 0x1\n"
                "[modules]\n0x2 0x1 - /a\n0x1 0x2 -\n0x1 0x2 xyz /a\n[registers]\nrip: 1\nrip: 0x11111111111111111\n"
                "[breadcrumbs]\nonly\n[metadata]\nx (int): 1.5\ny (double):\nlonely\n[process]\npid: 12x\n\n"
                "[maps]\nnot a mapping\n"
                "[cause]\nsignal:\nsender: nobody\ntrap: x\n";
        struct report *r = report_new();
        struct raw_report raw;
        struct target *t;

        tap_is((unsigned long long)-raw_read(text, sizeof(text) - 1, r, &raw), 0,
               "a first line with a carriage return is accepted");
        tap_is(raw.crash.frame_count, 1, "of four bad frames the one with sufficient data is kept");
        tap_is(raw.module_count, 0, "no bad module is kept");
        tap_is(raw.crash.regs.known, 0, "no bad register is kept");
        tap_is(r->metadata_count, 0, "no bad metadata is kept");
        tap_is(raw.bad_lines, 17, "bad lines are counted");
        tap_ok(!raw.complete, "a report without its last line is not complete");
        t = raw_target(&raw);
        tap_is(t->mappings.n, 0, "no bad mapping is kept");
        target_free(t);
        report_free(r);
        tap_ok(use("crashpre raw report 2\n", 22) == 0 && use("", 0) == 0, "another first line is rejected");
}

int main(void)
{
        facts();
        kinds_of_signals();
        target();
        odd_lines();
        cut_fact();
        damaged();
        return tap_done();
}
