/* SPDX-License-Identifier: MIT */
/* tests/unit/report_settings.c: CRASHPRE_* variables, valid and invalid. */
#include "report/place/settings.h"
#include "tests/unit/tap.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
        settings_read(&s);
        settings_check(take_note, NULL);
        return s;
}

static void defaults(void)
{
        struct settings s = with(NULL, NULL);

        tap_ok(s.stderr_text == SETTING_STDERR_FULL && s.timeout == 30 && s.max_frames == 256 &&
                       s.max_reports == 1000 && s.mode == 0600,
               "the documented defaults");
        tap_ok(!s.debug_dirs && s.environment && !notes, "no notes without variables");
}

/* For each variable of the table: an empty value counts as unset. */
static void empty(void)
{
        struct setting_values unset, set;

        clearenv();
        settings_evaluate(environ, &unset, NULL, NULL);
        for (size_t i = 0; i < SETTING_COUNT; i++) {
                char name[64];

                snprintf(name, sizeof(name), "CRASHPRE_%.16s%s", settings_table[i].name,
                         settings_table[i].kind == SETTING_KIND_PREFIX ? "x" : "");
                clearenv();
                setenv(name, "", 1);
                notes = 0;
                settings_evaluate(environ, &set, take_note, NULL);
                tap_ok(!notes && !memcmp(&unset, &set, sizeof(set)), "an empty %s counts as unset", name);
        }
}

static void values(void)
{
        tap_is(with("CRASHPRE_STDERR", "none").stderr_text, SETTING_STDERR_NONE, "CRASHPRE_STDERR=none");
        tap_is(with("CRASHPRE_STDERR", "brief").stderr_text, SETTING_STDERR_BRIEF, "CRASHPRE_STDERR=brief");
        tap_is(with("CRASHPRE_STDERR", "json").stderr_text, SETTING_STDERR_JSON, "CRASHPRE_STDERR=json");
        tap_is(with("CRASHPRE_MODE", "0644").mode, 0644, "CRASHPRE_MODE is octal");
        tap_is(with("CRASHPRE_MAX_REPORTS", "0").max_reports, 0, "CRASHPRE_MAX_REPORTS=0 keeps all");
        tap_ok(!strcmp(with("CRASHPRE_DEBUG_DIR", "/a:/b").debug_dirs, "/a:/b"), "CRASHPRE_DEBUG_DIR");
        tap_is(with("CRASHPRE_REDACT", "env,,paths,").redact, REDACT_ENV | REDACT_PATHS, "doubled and trailing commas");
}

static bool is_same(const struct settings *a, const struct settings *b)
{
        return a->stderr_text == b->stderr_text && a->timeout == b->timeout && a->max_frames == b->max_frames &&
               a->mode == b->mode && a->redact == b->redact && a->source_lines == b->source_lines &&
               a->max_reports == b->max_reports && a->wait_debugger == b->wait_debugger;
}

/* Value -> the default and one note with this text. */
static void bad(void)
{
        static const struct {
                const char *name, *value, *note;
        } cases[] = {
                { "STDERR", "loud", "expected none, brief, full or json; the default is used" },
                { "STDERR", "Full", "expected none, brief, full or json; the default is used" },
                { "TIMEOUT", "0", "expected a number from 1 to 86400; the default is used" },
                { "TIMEOUT", "-1", "expected a number from 1 to 86400; the default is used" },
                { "TIMEOUT", "+5", "expected a number from 1 to 86400; the default is used" },
                { "TIMEOUT", " 5", "expected a number from 1 to 86400; the default is used" },
                { "TIMEOUT", "10s", "expected a number from 1 to 86400; the default is used" },
                { "TIMEOUT", "99999999999999999999", "expected a number from 1 to 86400; the default is used" },
                { "TIMEOUT", "18446744073709551617", "expected a number from 1 to 86400; the default is used" },
                { "MAX_FRAMES", "1", "expected a number from 2 to 1000000; the default is used" },
                { "MODE", "0999", "expected an octal mode from 0 to 777; the default is used" },
                { "MODE", "10000", "expected an octal mode from 0 to 777; the default is used" },
                { "ENABLED", "yes", "expected 0 or 1; the default is used" },
                { "CHAIN", "middle", "expected last or first; the default is used" },
                { "SIGNALS", "SEGV,CHLD",
                  "expected a comma list of signals that end a process, as in SEGV,ABRT or +TERM; the default is used" },
                { "SIGNALS", ",",
                  "expected a comma list of signals that end a process, as in SEGV,ABRT or +TERM; the default is used" },
        };
        static const char *const files[] = {
                "1", "1:", ":2", "1:2:3", "1:2 ", "-1:2", "0x1:2", "18446744073709551616:1"
        };
        struct settings fallback = with(NULL, NULL);

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char name[64], wanted[512];
                struct settings s;

                snprintf(name, sizeof(name), "CRASHPRE_%s", cases[i].name);
                snprintf(wanted, sizeof(wanted), "%s=%s: %s", name, cases[i].value, cases[i].note);
                s = with(name, cases[i].value);
                tap_ok(notes == 1 && !strcmp(last_note, wanted) && is_same(&s, &fallback), "%s", wanted);
        }
        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
                with("CRASHPRE_RUN_STDERR", files[i]);
                tap_ok(notes == 1 &&
                               strstr(last_note, ": expected the numbers device:inode of a file; the default is used"),
                       "%s", last_note);
        }
        tap_is(with("CRASHPRE_REDACT", "env,all,paths").redact, REDACT_ENV | REDACT_PATHS,
               "of a wrong list the rest is used");
        tap_ok(notes == 1 && strstr(last_note, "; the rest is used"), "the message reports it: %s", last_note);
}

static void file(void)
{
        uint64_t dev = 0, ino = 0;

        with("CRASHPRE_RUN_STDERR", "25:4294967297");
        tap_ok(!notes && setting_parse_file("25:18446744073709551615", &dev, &ino) && dev == 25 && ino == UINT64_MAX,
               "CRASHPRE_RUN_STDERR=device:inode");
}

static uint64_t signals_of(const char *value)
{
        struct setting_values v;

        clearenv();
        setenv("CRASHPRE_SIGNALS", value, 1);
        notes = 0;
        settings_evaluate(environ, &v, take_note, NULL);
        return v.number[SETTING_SIGNALS];
}

static void signals(void)
{
        static const char *const rejected[] = { "CHLD",       "CONT", "KILL",  "STOP", "WINCH",
                                                "SEGV,BOGUS", "segv", "RTMIN", "SIG",  "+" };
        const uint64_t usual = SETTING_SIGNALS_DEFAULT;

        tap_ok(signals_of("SEGV,SIGABRT") == (SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGABRT)) && !notes,
               "with and without SIG");
        tap_ok(signals_of("SEGV,,BUS,") == (SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS)) && !notes,
               "doubled and trailing commas");
        tap_ok(signals_of("+TERM,+QUIT") == (usual | SIGNAL_BIT(SIGTERM) | SIGNAL_BIT(SIGQUIT)) && !notes,
               "+ adds to the default");
        tap_ok(signals_of("+SIGUSR1") == (usual | SIGNAL_BIT(SIGUSR1)) && !notes, "+SIGUSR1");
        for (size_t i = 0; i < sizeof(rejected) / sizeof(rejected[0]); i++)
                tap_ok(signals_of(rejected[i]) == usual && notes == 1, "%s is rejected", rejected[i]);
}

static void up_front(void)
{
        static const struct {
                const char *name, *value;
                size_t bad;
        } cases[] = {
                { "CRASHPRE_CHAIN", "first", 0 },  { "CRASHPRE_TIMOUT", "3", 1 },
                { "CRASHPRE_META_build", "x", 0 }, { "CRASHPRE_META_", "x", 1 },
                { "CRASHPRE_", "x", 1 },           { "CRASHPRE_CORE", "none", 0 },
                { "CRASHPRE_CORE", "stack", 1 },   { "CRASHPRE_CORE", "bogus", 1 },
                { "CRASHPRE_VARIABLES", "1", 1 },  { "CRASHPRE_STACK_KB", "64", 1 },
                { "CRASHPRE_MINIDUMP", "1", 1 },   { "CRASHPRE_MAX_MB", "5", 1 },
                { "CRASHPRE_DEBUGINFOD", "1", 1 }, { "OTHER", "x", 0 },
                { "crashpre_timeout", "x", 0 },    { "CRASHPRE_THREAD_ORIGINS", "1", 1 },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                with(cases[i].name, cases[i].value);
                tap_is(notes, cases[i].bad, "%s=%s: %s", cases[i].name, cases[i].value, last_note);
        }
        with("CRASHPRE_CORE", "full");
        tap_ok(!strcmp(last_note, "CRASHPRE_CORE: this version does not implement it; it has no effect"), "%s",
               last_note);
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
        empty();
        values();
        bad();
        file();
        signals();
        up_front();
        secrets();
        return tap_done();
}
