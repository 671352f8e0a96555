/* SPDX-License-Identifier: MIT */
/* tests/unit/report_redact.c: home directories in strings, and the values of CRASHPRE_REDACT. */
#include "report/model/redact.h"
#include "report/place/settings.h"
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

static void paths(void)
{
        static const struct {
                const char *home, *in, *out;
        } cases[] = {
                { NULL, "/usr/bin/app", "/usr/bin/app" },
                { NULL, "/home/ann/src/app", "~/src/app" },
                { NULL, "/home/ann", "~" },
                { NULL, "/home/", "/home/" },
                { NULL, "/root/x:/home/b.c-d_e/y", "~/x:~/y" },
                { NULL, "/rooted/x /root", "/rooted/x ~" },
                { NULL, "/srv/home/ann/x", "/srv/home/ann/x" },
                { NULL, "--file=/home/ann/x", "--file=~/x" },
                { NULL, "/home/j\xc3\xb6rg/x", "~/x" },
                { "/data/users/ann", "/data/users/ann/x /data/users/anna", "~/x /data/users/anna" },
                { "/data/users/ann/", "/data/users/ann/x", "~/x" },
                { "/", "/usr/lib", "/usr/lib" },
                { "", "/usr/lib", "/usr/lib" },
                { NULL, "", "" },
                { NULL, "/home//ann/x", "~/x" },
                { NULL, "//home/ann/x", "~/x" },
                { NULL, "/home/./ann/x", "~/x" },
                { NULL, "//root//x", "~//x" },
                { NULL, "/srv//home/ann/x", "/srv//home/ann/x" },
                { NULL, "file:///home/ann/x", "file:~/x" },
                { "/data//users/ann", "/data/users/ann/x", "~/x" },
                { "/data/users/ann", "//data///users/./ann/x", "~/x" },
                { "/data/users/ann//", "/data/users/ann//x", "~//x" },
                { "/data/users/ann", "/data/users", "/data/users" },
                { "/data/users/ann", "/data/usersann /dataa/users/ann", "/data/usersann /dataa/users/ann" },
        };
        struct pool pool = { NULL };
        size_t i;

        for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                const struct redaction r = { .what = REDACT_PATHS, .homes = { { cases[i].home, NULL } } };
                const struct redaction by_link = { .what = REDACT_PATHS, .homes = { { "/link", cases[i].home } } };
                const char *got = redact_text(&pool, cases[i].in, &r);

                tap_ok(!strcmp(got, cases[i].out), "%s becomes %s", cases[i].in, cases[i].out);
                got = redact_text(&pool, cases[i].in, &by_link);
                tap_ok(!strcmp(got, cases[i].out), "%s becomes %s, by the canonical path", cases[i].in, cases[i].out);
        }
        pool_free(&pool);
}

static size_t notes;

static void take_note(void *ctx, const char *name, const char *message)
{
        (void)ctx;
        (void)name;
        (void)message;
        notes++;
}

static void words(void)
{
        static const struct {
                const char *value;
                unsigned bits;
                size_t notes;
        } cases[] = {
                { "cmdline", REDACT_CMDLINE, 0 },
                { "env,memory,variables", REDACT_ENV | REDACT_MEMORY | REDACT_VARIABLES, 0 },
                { "paths,hostname", REDACT_PATHS | REDACT_HOSTNAME, 0 },
                { "", 0, 0 },
                { "path,hostname", REDACT_HOSTNAME, 1 },
                { "hostname,envy", REDACT_HOSTNAME, 1 },
        };
        size_t i;

        for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct settings s;

                clearenv();
                setenv("CRASHPRE_REDACT", cases[i].value, 1);
                notes = 0;
                settings_read(&s);
                settings_check(take_note, NULL);
                tap_ok(s.redact == cases[i].bits && notes == cases[i].notes, "CRASHPRE_REDACT=%s", cases[i].value);
        }
}

static void memory(void)
{
        struct report *report = report_new();
        struct report_memory *m = POOL_APPEND(&report->pool, report->memory, report->memory_count);

        m->bytes = "00";
        redact_report(report, &(struct redaction){ .what = REDACT_PATHS | REDACT_CMDLINE });
        tap_ok(report->memory_count == 1, "memory is kept unless it is listed");
        redact_report(report, &(struct redaction){ .what = REDACT_MEMORY });
        tap_ok(report->memory_count == 0, "memory is removed if it is listed");
        report_free(report);
}

/* In memory the neighbours of a text do not belong to it. */
static void bytes(void)
{
        const struct redact_homes homes = { { "/data/users/ann", NULL } };

        tap_is(redact_home_bytes("/data/users/annA", 16, &homes), 15, "a home directory without an end");
        tap_is(redact_home_bytes("/home/ann\0", 10, &homes), 9, "one in /home");
        tap_is(redact_home_bytes("/data/users/an", 14, &homes), 0, "a beginning");
}

/* ---- secrets ---- */

static struct secret values[8];

static struct secrets some(const char *value)
{
        struct secrets s = { .v = values, .room = sizeof(values) / sizeof(values[0]) };

        secrets_add(&s, value, strlen(value));
        return s;
}

static void secret_texts(void)
{
        static const struct {
                const char *value, *in, *out;
        } cases[] = {
                { "hunter2", "", "" },
                { "hunter2", "nothing", "nothing" },
                { "hunter2", "hunter2", "[withheld]" },
                { "hunter2", "token=hunter2&x", "token=[withheld]&x" },
                { "hunter2", "hunter2hunter2 hunter", "[withheld][withheld] hunter" },
                { "abc", "abc abc", "abc abc" },                                        /* SECRET_MIN */
                { "abcd", "abcd abcdabcd /abcd/", "[withheld] abcdabcd /[withheld]/" }, /* SECRET_MIN_PART */
                { "1234", "1234 x1234 -1234", "[withheld] x1234 -[withheld]" },
                { "abcdabcdabcd", "xabcdabcdabcdx", "x[withheld]x" },
                { "ab1", "ab1 ab12", "ab1 ab12" },
                { "ab12", "xab12x", "x[withheld]x" },
                { "hunter2-very-secret", "truncated: hunter2-ve", "truncated: [withheld]" },
                { "hunter2-very-secret", "truncated: hunter2", "truncated: hunter2" }, /* SECRET_PIECE */
                { "--BEGIN--\nMIIEvQIBADANBgkqhkiG9\n--END--", "line MIIEvQIBADANBgkqhkiG9 of it",
                  "line [withheld] of it" },
                { "with /home/ann in it", "x with /home/ann in it /home/ann", "x [withheld] ~" },
        };
        struct pool pool = { NULL };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                const struct secrets s = some(cases[i].value);
                const struct redaction r = { .what = REDACT_PATHS, .secrets = &s };
                char text[64];

                tap_ok(!strcmp(redact_text(&pool, cases[i].in, &r), cases[i].out), "%s becomes %s", cases[i].in,
                       cases[i].out);
                strcpy(text, cases[i].in);
                secrets_replace(&s, text, sizeof(text));
                tap_ok(!strcmp(text, cases[i].out) || strchr(cases[i].out, '~'), "%s becomes %s, in place", cases[i].in,
                       cases[i].out);
        }
        pool_free(&pool);
}

static void secret_in_small_buffers(void)
{
        const struct secrets s = some("ab-d");
        bool good = true;

        for (size_t size = 1; size < 40; size++) {
                char text[40], full[] = "xab-dyyab-dzzzzab-dab-dab-d";

                memset(text, 'Q', sizeof(text));
                full[size - 1 < sizeof(full) - 1 ? size - 1 : sizeof(full) - 1] = 0;
                memcpy(text, full, strlen(full) + 1);
                secrets_replace(&s, text, size);
                good = good && strlen(text) < size && !strstr(text, "ab-d");
                for (size_t i = size; i < sizeof(text); i++)
                        good = good && text[i] == 'Q';
        }
        tap_ok(good, "texts that become longer than their buffer are truncated");
}

static void secret_names(void)
{
        static const struct {
                const char *name;
                bool is_secret;
        } cases[] = { { "API_KEY", true },     { "apikey", true }, { "Token", true },
                      { "DB_PASSWORD", true }, { "PASS", true },   { "MY_SECRET_X", true },
                      { "PATH", false },       { "KE", false },    { "", false } };
        size_t len;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                tap_ok(secret_has_name(cases[i].name, strlen(cases[i].name)) == cases[i].is_secret, "name '%s'",
                       cases[i].name);
        tap_ok(!secret_of_entry("A_KEY", 5, &len), "an entry without a value");
        tap_ok(!secret_of_entry("A=KEY", 5, &len), "a secret word in a value");
        tap_ok(secret_of_entry("A_KEY=x=y", 9, &len) && len == 3, "a value with =");
}

static void secret_blocks(void)
{
        struct secrets s = some("hunter2-very-secret");
        char block[64] = "";

        tap_ok(!secrets_in_block(&s, block, sizeof(block)), "zeros contain no secret");
        memcpy(block + 21, "2-very-s", 8);
        tap_ok(secrets_in_block(&s, block, sizeof(block)), "a block contains eight bytes of a secret");
        block[28] = 'S';
        tap_ok(!secrets_in_block(&s, block, sizeof(block)), "seven bytes are no evidence");
        tap_ok(!secrets_in_block(&(struct secrets){ 0 }, "hunter2-", 8), "no secrets");
        tap_ok(secrets_in_block(&s, "very-secret", 11), "the end of one");
        s = some("abcd");
        tap_ok(secrets_in_block(&s, "xxabcdxx", 8) && !secrets_in_block(&s, "xxabcxxx", 8),
               "a short secret counts as a whole");
}

/* Every string but this report's own terms; names from files only if the value is long. */
static void secret_reports(void)
{
        const struct secrets s = some("signal");
        struct report *r = report_new();
        struct report_metadata *m = POOL_APPEND(&r->pool, r->metadata, r->metadata_count);
        struct report_register *reg;

        m->name = "private_key";
        m->kind = REPORT_INTEGER;
        m->integer = 42;
        m = POOL_APPEND(&r->pool, r->metadata, r->metadata_count);
        m->name = "at /home/ann";
        m->string = "x signal x";
        r->cause.kind = r->cause.message = r->signature = "signal";
        r->threads = pool_alloc(&r->pool, sizeof(*r->threads));
        r->thread_count = 1;
        reg = POOL_APPEND(&r->pool, r->threads[0].registers, r->threads[0].register_count);
        reg->name = "rax";
        memcpy(&reg->value, "\0signal", 8);
        reg = POOL_APPEND(&r->pool, r->threads[0].registers, r->threads[0].register_count);
        reg->name = "rdx";
        redact_report(r, &(struct redaction){ .what = REDACT_PATHS, .secrets = &s });
        tap_ok(!strcmp(r->cause.kind, "signal"), "a term of the report is kept");
        tap_ok(!strcmp(r->cause.message, "[withheld]"), "a message is withheld");
        tap_ok(!strcmp(r->signature, "signal"), "a short value does not remove names of functions");
        tap_ok(r->metadata[0].kind == REPORT_STRING && !strcmp(r->metadata[0].string, "[withheld]"),
               "metadata whose key looks like a secret has no value");
        tap_ok(!strcmp(r->metadata[1].name, "at ~") && !strcmp(r->metadata[1].string, "x [withheld] x"),
               "other metadata");
        tap_ok(r->threads[0].register_count == 1 && !strcmp(r->threads[0].registers[0].name, "rdx"),
               "a register that holds a secret is left out");
        report_free(r);
}

int main(void)
{
        bytes();
        secret_texts();
        secret_in_small_buffers();
        secret_names();
        secret_blocks();
        secret_reports();
        memory();
        paths();
        words();
        return tap_done();
}
