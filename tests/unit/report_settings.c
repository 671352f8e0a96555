/* SPDX-License-Identifier: MIT */
/* tests/unit/report_settings.c: CRASHPRE_* variables, good and bad. */
#include "report/place/settings.h"
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

static char last_note[512];
static size_t notes;

static void take_note(void *ctx, const char *name, const char *message)
{
        (void)ctx;
        (void)name;
        snprintf(last_note, sizeof(last_note), "%s", message);
        notes++;
}

static struct settings with(const char *name, const char *value)
{
        struct settings s;

        clearenv();
        if (name)
                setenv(name, value, 1);
        notes = 0;
        last_note[0] = 0;
        settings_read(&s, take_note, NULL);
        return s;
}

static void defaults(void)
{
        struct settings s = with(NULL, NULL);

        tap_ok(s.stderr_text == SETTINGS_STDERR_FULL && s.timeout == 30 && s.max_frames == 256 &&
                       s.max_reports == 1000 && s.mode == 0600,
               "the defaults of the manual");
        tap_ok(!s.debug_dirs && s.environment && !notes, "no notes without variables");
        tap_ok(with("CRASHPRE_TIMEOUT", "").timeout == 30 && !notes, "set to nothing is as unset");
}

static void values(void)
{
        tap_is((unsigned long long)with("CRASHPRE_STDERR", "none").stderr_text, SETTINGS_STDERR_NONE,
               "CRASHPRE_STDERR=none");
        tap_is((unsigned long long)with("CRASHPRE_STDERR", "brief").stderr_text, SETTINGS_STDERR_BRIEF,
               "CRASHPRE_STDERR=brief");
        tap_is((unsigned long long)with("CRASHPRE_MODE", "0644").mode, 0644, "CRASHPRE_MODE is octal");
        tap_is((unsigned long long)with("CRASHPRE_MAX_REPORTS", "0").max_reports, 0,
               "CRASHPRE_MAX_REPORTS=0 keeps all");
        tap_ok(!strcmp(with("CRASHPRE_DEBUG_DIR", "/a:/b").debug_dirs, "/a:/b"), "CRASHPRE_DEBUG_DIR");
}

static void bad(void)
{
        static const struct {
                const char *name, *value;
        } cases[] = {
                { "CRASHPRE_STDERR", "loud" },  { "CRASHPRE_STDERR", "Full" },
                { "CRASHPRE_TIMEOUT", "0" },    { "CRASHPRE_TIMEOUT", "-1" },
                { "CRASHPRE_TIMEOUT", "10s" },  { "CRASHPRE_TIMEOUT", "99999999999999999999" },
                { "CRASHPRE_MAX_FRAMES", "1" }, { "CRASHPRE_MODE", "0999" },
                { "CRASHPRE_MODE", "10000" },
        };
        struct settings fallback = with(NULL, NULL);
        size_t i;

        for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct settings s = with(cases[i].name, cases[i].value);

                tap_ok(notes == 1 && strstr(last_note, cases[i].name) && strstr(last_note, cases[i].value) &&
                               !memcmp(&s, &fallback, sizeof(s)),
                       "%s=%s: default and a note", cases[i].name, cases[i].value);
        }
}

static size_t check(const char *name, const char *value)
{
        clearenv();
        setenv(name, value, 1);
        notes = 0;
        return settings_check(take_note, NULL);
}

static void up_front(void)
{
        static const struct {
                const char *name, *value;
                size_t bad;
        } cases[] = {
                { "CRASHPRE_SIGNALS", "SEGV,SIGABRT", 0 },
                { "CRASHPRE_SIGNALS", "SEGV,BOGUS", 1 },
                { "CRASHPRE_SIGNALS", "SEGV,,BUS", 1 },
                { "CRASHPRE_CHAIN", "first", 0 },
                { "CRASHPRE_CHAIN", "middle", 1 },
                { "CRASHPRE_TIMOUT", "3", 1 },
                { "CRASHPRE_META_build", "x", 0 },
                { "CRASHPRE_ENABLED", "yes", 1 },
                { "OTHER", "x", 0 },
        };
        size_t i;

        for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                tap_is(check(cases[i].name, cases[i].value) + notes, 2 * cases[i].bad, "%s=%s is %s", cases[i].name,
                       cases[i].value, cases[i].bad ? "told" : "good");
}

static void secrets(void)
{
        static const struct {
                const char *globs, *name;
                bool shown;
        } cases[] = {
                { "PATH,LC_*", "PATH", true },
                { "PATH,LC_*", "LC_ALL", true },
                { "PATH,LC_*", "PATHS", false },
                { "", "PATH", false },
                { "*", "AWS_ACCESS_KEY_ID", false },
                { "*", "github_token", false },
                { "*", "MyPassword", false },
                { "CLIENT_SECRET", "CLIENT_SECRET", false },
                { "*", "HOME", true },
                { ",,X,", "X", true },
        };
        size_t i;

        for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                tap_ok(settings_shows_variable(cases[i].globs, cases[i].name) == cases[i].shown, "globs '%s' %s %s",
                       cases[i].globs, cases[i].shown ? "show" : "hide", cases[i].name);
}

int main(void)
{
        defaults();
        values();
        bad();
        up_front();
        secrets();
        return tap_done();
}
