/* SPDX-License-Identifier: MIT */
#include "report/place/settings.h"
#include "unwind/core/terms/redact.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char default_environment[] =
        "PATH,LANG,LANGUAGE,LC_*,TZ,TERM,SHELL,PWD,CI,LD_LIBRARY_PATH,LD_PRELOAD,MALLOC_*,GLIBC_TUNABLES,*SAN_OPTIONS,"
        "GITHUB_WORKFLOW,GITHUB_JOB,GITHUB_RUN_ID,GITHUB_REF,GITHUB_SHA";

extern char **environ;

enum kind { TEXT, NUMBER, OCTAL, WORD, WORD_LIST, SIGNALS };

/* Every variable of the contract. Those without an offset belong to the preload and are only checked. */
static const struct setting {
        const char *name;
        enum kind kind;
        long min, max, fallback;
        const char *const *words; /* WORD: the value is the index; WORD_LIST: bits, 1 << index */
        bool read;
        size_t offset;
} table[] = {
#define WORDS(...)                \
        (const char *const[])     \
        {                         \
                __VA_ARGS__, NULL \
        }
#define READ(member) true, offsetof(struct settings, member)
#define CHECK false, 0
        { "CRASHPRE_STDERR", WORD, 0, 0, SETTINGS_STDERR_FULL, WORDS("none", "brief", "full"), READ(stderr_text) },
        { "CRASHPRE_TIMEOUT", NUMBER, 1, 86400, 30, NULL, READ(timeout) },
        { "CRASHPRE_MAX_FRAMES", NUMBER, 2, 1000000, 256, NULL, READ(max_frames) },
        { "CRASHPRE_MAX_REPORTS", NUMBER, 0, 1000000000, 1000, NULL, READ(max_reports) },
        { "CRASHPRE_MODE", OCTAL, 0, 0777, 0600, NULL, READ(mode) },
        { "CRASHPRE_ENV", TEXT, 0, 0, 0, NULL, READ(environment) },
        { "CRASHPRE_DEBUG_DIR", TEXT, 0, 0, 0, NULL, READ(debug_dirs) },
        { "CRASHPRE_DIR", TEXT, 0, 0, 0, NULL, CHECK },
        { "CRASHPRE_ENABLED", WORD, 0, 0, 1, WORDS("0", "1"), CHECK },
        { "CRASHPRE_SIGNALS", SIGNALS, 0, 0, 0, NULL, CHECK },
        { "CRASHPRE_CHAIN", WORD, 0, 0, 0, WORDS("last", "first"), CHECK },
        { "CRASHPRE_ONLY", TEXT, 0, 0, 0, NULL, CHECK },
        { "CRASHPRE_SKIP", TEXT, 0, 0, 0, NULL, CHECK },
        { "CRASHPRE_STACK_KB", NUMBER, 0, 1048576, 64, NULL, CHECK },
        { "CRASHPRE_CORE", WORD, 0, 0, 0, WORDS("none", "stack", "stacks", "full"), CHECK },
        { "CRASHPRE_VARIABLES", WORD, 0, 0, 1, WORDS("0", "1"), CHECK },
        { "CRASHPRE_SOURCE", NUMBER, 0, 1000, 3, NULL, READ(source_lines) },
        { "CRASHPRE_THROW_SITES", WORD, 0, 0, 0, WORDS("0", "1"), CHECK },
        { "CRASHPRE_REDACT", WORD_LIST, 0, 0, 0, WORDS(REDACT_WORDS), READ(redact) },
        { "CRASHPRE_META_*", TEXT, 0, 0, 0, NULL, CHECK },
        { "CRASHPRE_ON_REPORT", TEXT, 0, 0, 0, NULL, READ(on_report) },
        { "CRASHPRE_WAIT_DEBUGGER", NUMBER, 0, 86400, 0, NULL, READ(wait_debugger) },
        { "CRASHPRE_DEBUGINFOD", WORD, 0, 0, 0, WORDS("0", "1"), CHECK },
        { "CRASHPRE_HELPER", TEXT, 0, 0, 0, NULL, CHECK },
        { "CRASHPRE_TEST_*", TEXT, 0, 0, 0, NULL, CHECK },
};

#define TABLE_SIZE (sizeof(table) / sizeof(table[0]))

static void complain(const struct setting *s, const char *value, const char *expected, settings_note *note, void *ctx)
{
        char message[256];

        snprintf(message, sizeof(message), "%s=%.64s: expected %s; %s", s->name, value, expected,
                 s->kind == WORD_LIST ? "the rest is heeded" : "the default is used");
        note(ctx, s->name, message);
}

static bool parse_number(const struct setting *s, const char *value, int base, long *out)
{
        char *end;

        errno = 0;
        *out = strtol(value, &end, base);
        return !errno && end != value && !*end && *out >= s->min && *out <= s->max;
}

static bool parse_word(const struct setting *s, const char *value, long *out)
{
        for (*out = 0; s->words[*out]; ++*out)
                if (!strcmp(s->words[*out], value))
                        return true;
        return false;
}

/* What is known of a list that is wrong counts all the same: it tells what must not be shown. */
static bool parse_word_list(const struct setting *s, const char *value, long *out)
{
        bool good = true;

        for (*out = 0; *value; value += *value == ',') {
                size_t len = strcspn(value, ","), i;

                for (i = 0; s->words[i] && (strlen(s->words[i]) != len || strncmp(s->words[i], value, len)); i++)
                        ;
                if (s->words[i])
                        *out |= 1L << i;
                else
                        good = false;
                value += len;
        }
        return good;
}

static bool is_signal(const char *name, size_t len)
{
        int i;

        if (len > 3 && !strncmp(name, "SIG", 3)) {
                name += 3;
                len -= 3;
        }
        for (i = 1; i < 65; i++) {
                const char *known = sigabbrev_np(i);

                if (known && strlen(known) == len && !strncmp(known, name, len))
                        return true;
        }
        return false;
}

static bool parse_signals(const char *value)
{
        for (;;) {
                size_t len = strcspn(value, ",");

                if (!is_signal(value, len))
                        return false;
                value += len;
                if (!*value++)
                        return true;
        }
}

static void expectation(const struct setting *s, char *buf, size_t size)
{
        size_t used = 0, i;

        if (s->kind == NUMBER)
                snprintf(buf, size, "a number from %ld to %ld", s->min, s->max);
        else if (s->kind == OCTAL)
                snprintf(buf, size, "an octal mode from 0 to %lo", (unsigned long)s->max);
        else if (s->kind == SIGNALS)
                snprintf(buf, size, "a comma list of signal names as in SEGV,ABRT");
        else if (s->kind == WORD_LIST)
                used = (size_t)snprintf(buf, size, "a comma list of ");
        for (i = 0; (s->kind == WORD || s->kind == WORD_LIST) && s->words[i] && used < size; i++)
                used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? (s->words[i + 1] ? ", " : " or ") : "",
                                         s->words[i]);
}

/* The value of a variable that is set; its default, and a note, where it is wrong. */
static long evaluate(const struct setting *s, const char *value, settings_note *note, void *ctx)
{
        char expected[128];
        long number = s->fallback;
        bool good = true;

        if (s->kind == NUMBER || s->kind == OCTAL)
                good = parse_number(s, value, s->kind == OCTAL ? 8 : 10, &number);
        else if (s->kind == WORD)
                good = parse_word(s, value, &number);
        else if (s->kind == WORD_LIST)
                good = parse_word_list(s, value, &number);
        else if (s->kind == SIGNALS)
                good = parse_signals(value);
        if (good)
                return number;
        expectation(s, expected, sizeof(expected));
        complain(s, value, expected, note, ctx);
        return s->kind == WORD_LIST ? number : s->fallback;
}

void settings_read(struct settings *out, settings_note *note, void *ctx)
{
        size_t i;

        memset(out, 0, sizeof(*out));
        for (i = 0; i < TABLE_SIZE; i++) {
                const struct setting *s = &table[i];
                const char *value = getenv(s->name);
                long number;

                if (!s->read)
                        continue;
                if (value && !*value)
                        value = NULL; /* set to nothing is as unset */
                if (s->kind == TEXT) {
                        memcpy((char *)out + s->offset, &value, sizeof(value));
                        continue;
                }
                number = value ? evaluate(s, value, note, ctx) : s->fallback;
                memcpy((char *)out + s->offset, &number, sizeof(number));
        }
        if (!out->environment)
                out->environment = default_environment;
}

bool settings_begins_with_own(const char *text)
{
        size_t len = strcspn(text, "="), i;

        for (i = 0; i < TABLE_SIZE; i++)
                if (table[i].read && strlen(table[i].name) == len && !strncmp(table[i].name, text, len))
                        return true;
        return false;
}

static const struct setting *find(const char *name)
{
        size_t i;

        for (i = 0; i < TABLE_SIZE; i++)
                if (!fnmatch(table[i].name, name, 0))
                        return &table[i];
        return NULL;
}

static void count_and_pass(void *ctx, const char *name, const char *message)
{
        (void)name;
        (void)message;
        ++*(size_t *)ctx;
}

size_t settings_check(settings_note *note, void *ctx)
{
        static const char prefix[] = "CRASHPRE_";
        size_t bad = 0;
        char **e;

        for (e = environ; *e; e++) {
                const char *value = strchr(*e, '=');
                const struct setting *s;
                char name[64], message[128];
                size_t before = bad;

                if (!value || strncmp(*e, prefix, sizeof(prefix) - 1))
                        continue;
                snprintf(name, sizeof(name), "%.*s", (int)(value - *e), *e);
                s = find(name);
                if (!s) {
                        snprintf(message, sizeof(message), "%s: no such setting", name);
                        note(ctx, name, message);
                        bad++;
                        continue;
                }
                if (!value[1])
                        continue;
                evaluate(s, value + 1, count_and_pass, &bad);
                if (bad > before)
                        evaluate(s, value + 1, note, ctx);
        }
        return bad;
}

static bool matches(const char *globs, const char *name, int flags)
{
        while (*globs) {
                size_t len = strcspn(globs, ",");
                char glob[256];

                if (len && len < sizeof(glob)) {
                        memcpy(glob, globs, len);
                        glob[len] = 0;
                        if (!fnmatch(glob, name, flags))
                                return true;
                }
                globs += len;
                globs += *globs == ',';
        }
        return false;
}

bool settings_shows_variable(const char *globs, const char *name)
{
        return matches(globs, name, 0) && !matches("*KEY*,*TOKEN*,*SECRET*,*PASS*", name, FNM_CASEFOLD);
}
