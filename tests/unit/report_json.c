/* SPDX-License-Identifier: MIT */
/* tests/unit/report_json.c: a written document can be read back, and is valid JSON in UTF-8 whatever bytes a string
 * contains. */
#include "report/model/json.h"
#include "report/model/utf8.h"
#include "tests/unit/tap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static struct report *sample(void)
{
        static const char *args[] = { "app", "", "a\nb", "\xff\xfe" }, *source[] = { "", "\tint \xfc;" };
        struct report *r = report_new();
        struct report_thread *thread;
        struct report_frame *frame;
        struct report_register *reg;
        struct report_metadata *m;

        r->id = "crash-app-1-20260101T000000.000000Z";
        r->time_unix = KNOWN_REAL(1795271712.1);
        r->cause.kind = "signal";
        r->cause.relayed = true;
        r->signal.number = KNOWN_INT(11);
        r->fault.address = KNOWN_U64(0);
        r->process.cmdline = args;
        r->process.cmdline_count = sizeof(args) / sizeof(args[0]);
        thread = POOL_APPEND(&r->pool, r->threads, r->thread_count);
        thread->tid = KNOWN_INT(7);
        thread->crashed = true;
        reg = POOL_APPEND(&r->pool, thread->registers, thread->register_count);
        *reg = (struct report_register){ "rip", UINT64_MAX };
        frame = POOL_APPEND(&r->pool, thread->frames, thread->frame_count);
        frame->pc = KNOWN_U64(UINT64_C(0x8000000000000001));
        frame->text = "here";
        frame->file = "/src/app.c";
        frame->line = KNOWN_INT(42);
        frame->inlined = true;
        frame->source.first_line = KNOWN_INT(41);
        frame->source.lines = source;
        frame->source.line_count = sizeof(source) / sizeof(source[0]);
        m = POOL_APPEND(&r->pool, r->metadata, r->metadata_count);
        *m = (struct report_metadata){ .name = "count", .kind = REPORT_INTEGER, .integer = INT64_MIN };
        m = POOL_APPEND(&r->pool, r->metadata, r->metadata_count);
        *m = (struct report_metadata){ .name = "flag", .kind = REPORT_BOOLEAN, .boolean = true };
        m = POOL_APPEND(&r->pool, r->metadata, r->metadata_count);
        *m = (struct report_metadata){ .name = "nan", .kind = REPORT_REAL, .real = __builtin_nan("") };
        report_diagnose(r, "test", "twice");
        report_diagnose(r, "test", "twice");
        return r;
}

static void round_trip(void)
{
        struct report *first = sample(), *second = report_new();
        size_t len, again_len;
        char *text = json_write_report(first, &len), *again, why[256] = "";

        tap_is((unsigned long long)-json_read_report(text, len, second, why, sizeof(why)), 0,
               "the document is read back %s", why);
        again = json_write_report(second, &again_len);
        tap_ok(len == again_len && !memcmp(text, again, len), "writing it again yields the same bytes");
        tap_ok(strstr(text, "\"time_unix\": 1795271712.1,") != NULL, "a time has microseconds and no further digits");
        tap_ok(strstr(text, "\"pc\": \"0x8000000000000001\"") != NULL, "an address is a hexadecimal string");
        tap_ok(strstr(text, "\"address\": \"0x0\"") != NULL, "address 0 is present");
        tap_ok(!strstr(text, "null"), "no member is null");
        tap_ok(!strstr(text, "\"exe\"") && !strstr(text, "\"system\""), "unknown members are absent, objects too");
        tap_ok(strstr(text, "\"relayed\": true") && second->cause.relayed, "a mark is written and read");
        tap_ok(strstr(text, "\"modules\": []") != NULL, "the main lists are present even if empty");
        tap_ok(!strstr(text, "nan"), "NaN, which JSON lacks, is omitted");
        tap_is(second->diagnostic_count, 1, "duplicate diagnostics are dropped");
        tap_ok(second->metadata[0].integer == INT64_MIN, "an integer keeps its value");
        tap_ok(!strcmp(second->process.cmdline[3], "\\xff\\xfe"), "bytes that are not UTF-8 are escaped");
        tap_ok(!strcmp(second->process.cmdline[2], "a\nb"), "a newline is preserved");
        tap_ok(strstr(text, "\"inline\": true") && strstr(text, "\"lines\": [") && !strstr(text, "\"column\""),
               "a frame has its line and source");
        tap_ok(second->threads[0].frames[0].source.line_count == 2 &&
                       !strcmp(second->threads[0].frames[0].source.lines[1], "\tint \\xfc;"),
               "source in another encoding is escaped");
        free(text);
        first->cause.relayed = false;
        text = json_write_report(first, &len);
        tap_ok(!strstr(text, "relayed"), "a mark that is not set is absent");
        free(text);
        free(again);
        report_free(first);
        report_free(second);
}

static void every_byte(void)
{
        struct report *report = sample(), *read = report_new();
        char bytes[256], why[256] = "", *text;
        size_t len;
        unsigned i;

        for (i = 0; i < 255; i++)
                bytes[i] = (char)(i + 1);
        bytes[255] = 0;
        report->process.exe = bytes;
        report->threads[0].name = bytes;
        report->metadata[0].name = bytes;
        text = json_write_report(report, &len);
        tap_is((unsigned long long)-json_read_report(text, len, read, why, sizeof(why)), 0,
               "a string of all 255 bytes is valid JSON %s", why);
        tap_ok(read->process.exe && !strncmp(read->process.exe, bytes, 0x7f), "its ASCII part is unchanged");
        free(text);
        report_free(report);
        report_free(read);
}

static void utf8(void)
{
        static const struct {
                const char *in, *out, *title;
        } cases[] = {
                { "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", NULL, "UTF-8 of two, three and four bytes" },
                { "\xc0\xaf", "\\xc0\\xaf", "an overlong slash" },
                { "\xe0\x80\xaf", "\\xe0\\x80\\xaf", "an overlong slash of three bytes" },
                { "\xed\xa0\x80", "\\xed\\xa0\\x80", "a surrogate" },
                { "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "beyond U+10FFFF" },
                { "a\xe2\x82", "a\\xe2\\x82", "a character truncated at the end" },
                { "\xe2(\xa1", "\\xe2(\\xa1", "an invalid continuation byte" },
                { "\\xff", NULL, "a backslash is unchanged" },
        };
        struct pool pool = { NULL };
        size_t i;

        for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                const char *got = utf8_valid(&pool, cases[i].in), *want = cases[i].out ? cases[i].out : cases[i].in;

                if (!tap_ok(!strcmp(got, want), "%s", cases[i].title))
                        printf("#   got    %s\n#   wanted %s\n", got, want);
        }
        pool_free(&pool);
}

static void unseen(void)
{
        static const struct {
                const char *in, *out, *title;
        } cases[] = {
                { "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", NULL, "letters, a sign and a face are printed" },
                { "a\x1b[31m", "a\\x1b[31m", "an escape sequence is not" },
                { "a\xe2\x80\x8b"
                  "b",
                  "a\\xe2\\x80\\x8bb", "a zero-width space is not" },
                { "a\xc2\xad"
                  "b",
                  "a\\xc2\\xadb", "a soft hyphen is not" },
                { "\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81", "a tag is not" },
                { "\xe2\x80\xae", "\\xe2\\x80\\xae", "a right-to-left override is not" },
                { "\xef\xbb\xbf", "\\xef\\xbb\\xbf", "a byte order mark is not" },
        };
        struct pool pool = { NULL };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                const char *got = utf8_printable(&pool, cases[i].in), *want = cases[i].out ? cases[i].out : cases[i].in;

                if (!tap_ok(!strcmp(got, want), "%s", cases[i].title))
                        printf("#   got    %s\n#   wanted %s\n", got, want);
        }
        pool_free(&pool);
}

static void hostile_documents(void)
{
        static const struct {
                const char *text;
                bool good;
        } cases[] = {
                { "", false },
                { "null", false },
                { "[]", false },
                { "{\"schema\": \"other/1\"}", false },
                { "{\"schema\": 1}", false },
                { "{\"schema\": \"crashpre-report/1\"", false },
                { "{}", false },
                { "{\"threads\": [{\"frames\": []}]}", false },
                { "{\"schema\": null}", false },
                { "{\"schema\": \"crashpre-report/2\", \"new\": {}}", false },
                { "{\"schema\": \"crashpre-report/10\"}", false },
                { "{\"schema\": \"crashpre-report/\"}", false },
                { "{\"schema\": \"crashpre-report/1\", \"new\": {}}", true },
                { "{\"schema\": \"crashpre-report/1\", \"threads\": {}, \"modules\": 5, \"metadata\": [1], "
                  "\"process\": []}",
                  true },
                { "{\"schema\": \"crashpre-report/1\", \"threads\": [1, null, {\"frames\": "
                  "[{\"pc\": 7, \"module\": 99, \"source\": [1], \"line\": \"x\"}]}]}",
                  true },
                { "{\"schema\": \"crashpre-report/1\", \"diagnostics\": [{}], "
                  "\"fault\": {\"address\": \"0xfffffffffffffffff\"}}",
                  true },
        };
        size_t i;

        for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct report *r = report_new();
                char why[256] = "";
                int err = json_read_report(cases[i].text, strlen(cases[i].text), r, why, sizeof(why));

                tap_ok(!err == cases[i].good && (cases[i].good || *why), "%s: %s",
                       cases[i].good ? "accepted" : "rejected", cases[i].text);
                report_diagnose(r, "test", "after it");
                report_free(r);
        }
}

static void every_prefix(void)
{
        struct report *report = sample();
        size_t len, n, taken = 0;
        char *text = json_write_report(report, &len);

        for (n = 0; n < len; n++) {
                struct report *r = report_new();
                char why[256];

                taken += !json_read_report(text, n, r, why, sizeof(why));
                report_free(r);
        }
        tap_is(taken, 1, "of all prefixes only the one without the final newline is a report");
        free(text);
        report_free(report);
}

int main(void)
{
        round_trip();
        every_byte();
        utf8();
        unseen();
        hostile_documents();
        every_prefix();
        return tap_done();
}
