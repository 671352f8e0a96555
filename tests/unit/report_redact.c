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
        };
        struct pool pool = { NULL };
        size_t i;

        for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                const char *got = redact_paths(&pool, cases[i].in, cases[i].home);

                tap_ok(!strcmp(got, cases[i].out), "%s becomes %s", cases[i].in, cases[i].out);
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
        redact_report(report, REDACT_PATHS | REDACT_CMDLINE, NULL);
        tap_ok(report->memory_count == 1, "memory is kept unless it is listed");
        redact_report(report, REDACT_MEMORY, NULL);
        tap_ok(report->memory_count == 0, "memory is removed if it is listed");
        report_free(report);
}

int main(void)
{
        memory();
        paths();
        words();
        return tap_done();
}
