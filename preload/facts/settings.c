/* SPDX-License-Identifier: MIT */
#include "preload/facts/settings.h"
#include "preload/base/keep.h"
#include "preload/base/sigsafe.h"
#include "preload/base/startup.h"
#include "preload/base/syscalls.h"
#include "unwind/core/terms/redact.h"

#include <fnmatch.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

STARTUP_DATA struct settings settings = { .dir = "", .tmpdir = "", .helper = "", .home = "", .argv0 = "", .note = "" };

static size_t span(const char *s, char until)
{
        size_t n = 0;

        while (s[n] && s[n] != until)
                n++;
        return n;
}

static void note_bad(const char *name, const char *value, const char *expected)
{
        const char *part[] = { settings.note, name, "=", value, ": expected ", expected, "; the default is used\n" };
        char line[512];
        size_t at = 0;
        const char *kept;

        for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++)
                sigsafe_cat(line, sizeof(line), &at, part[i]);
        kept = keep_string(line, at);
        if (kept)
                settings.note = kept;
}

static bool parse_number(const char *s, unsigned base, unsigned max, unsigned *out)
{
        uint64_t v = 0;

        if (!*s)
                return false;
        for (; *s; s++) {
                unsigned digit = (unsigned)(*s - '0');

                if (digit >= base)
                        return false;
                v = v * base + digit;
                if (v > max)
                        return false;
        }
        *out = (unsigned)v;
        return true;
}

static const struct {
        const char *name;
        int number;
} signal_names[] = {
        { "SEGV", SIGSEGV }, { "BUS", SIGBUS },   { "FPE", SIGFPE },       { "ILL", SIGILL },       { "ABRT", SIGABRT },
        { "TRAP", SIGTRAP }, { "SYS", SIGSYS },   { "QUIT", SIGQUIT },     { "XCPU", SIGXCPU },     { "XFSZ", SIGXFSZ },
        { "TERM", SIGTERM }, { "HUP", SIGHUP },   { "INT", SIGINT },       { "ALRM", SIGALRM },     { "PIPE", SIGPIPE },
        { "USR1", SIGUSR1 }, { "USR2", SIGUSR2 }, { "STKFLT", SIGSTKFLT }, { "VTALRM", SIGVTALRM }, { "PROF", SIGPROF },
        { "POLL", SIGPOLL }, { "PWR", SIGPWR },
};

#define SIGNAL_COUNT (sizeof(signal_names) / sizeof(signal_names[0]))
#define DEFAULT_SIGNALS 7 /* the first of the table */

static uint64_t signal_bit(const char *name, size_t len)
{
        if (len > 3 && !memcmp(name, "SIG", 3)) {
                name += 3;
                len -= 3;
        }
        for (size_t i = 0; i < SIGNAL_COUNT; i++)
                if (sigsafe_strlen(signal_names[i].name) == len && !memcmp(signal_names[i].name, name, len))
                        return (uint64_t)1 << (signal_names[i].number - 1);
        return 0;
}

static uint64_t default_signals(void)
{
        uint64_t set = 0;

        for (size_t i = 0; i < DEFAULT_SIGNALS; i++)
                set |= (uint64_t)1 << (signal_names[i].number - 1);
        return set;
}

static void set_signals(const char *value)
{
        uint64_t set = 0;

        for (const char *s = value; *s;) {
                size_t len = span(s, ',');
                uint64_t bit = len ? signal_bit(s, len) : 0;

                if (len && !bit) {
                        note_bad("CRASHPRE_SIGNALS", value, "names such as SEGV,ABRT");
                        return;
                }
                set |= bit;
                s += len + (s[len] == ',');
        }
        settings.signals = set;
}

static void set_enabled(const char *v)
{
        if (sigsafe_streq(v, "0"))
                settings.enabled = false;
        else if (!sigsafe_streq(v, "1"))
                note_bad("CRASHPRE_ENABLED", v, "0 or 1");
}

static void set_throw_sites(const char *v)
{
        if (sigsafe_streq(v, "1"))
                settings.throw_sites = true;
        else if (!sigsafe_streq(v, "0"))
                note_bad("CRASHPRE_THROW_SITES", v, "0 or 1");
}

static void set_chain(const char *v)
{
        if (sigsafe_streq(v, "first"))
                settings.chain = CHAIN_FIRST;
        else if (!sigsafe_streq(v, "last"))
                note_bad("CRASHPRE_CHAIN", v, "last or first");
}

static void set_stderr(const char *v)
{
        if (sigsafe_streq(v, "none"))
                settings.stderr_mode = STDERR_NONE;
        else if (sigsafe_streq(v, "brief"))
                settings.stderr_mode = STDERR_BRIEF;
        else if (!sigsafe_streq(v, "full"))
                note_bad("CRASHPRE_STDERR", v, "none, brief or full");
}

static void set_timeout(const char *v)
{
        unsigned n;

        if (parse_number(v, 10, 86400, &n) && n > 0)
                settings.timeout_s = n;
        else
                note_bad("CRASHPRE_TIMEOUT", v, "seconds");
}

static void set_max_frames(const char *v)
{
        unsigned n;

        if (parse_number(v, 10, 1000000, &n) && n > 1)
                settings.max_frames = n;
        else
                note_bad("CRASHPRE_MAX_FRAMES", v, "a number above 1");
}

static void set_wait_debugger(const char *v)
{
        unsigned n;

        if (parse_number(v, 10, 86400, &n))
                settings.wait_debugger_s = n;
        else
                note_bad("CRASHPRE_WAIT_DEBUGGER", v, "seconds");
}

static void set_mode(const char *v)
{
        unsigned n;

        if (parse_number(v, 8, 0777, &n))
                settings.mode = n;
        else
                note_bad("CRASHPRE_MODE", v, "an octal mode such as 0644");
}

static unsigned redact_bit(const char *word, size_t len)
{
        static const char words[][10] = { REDACT_WORDS };

        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
                if (sigsafe_strlen(words[i]) == len && !memcmp(words[i], word, len))
                        return 1u << i;
        return 0;
}

/* What is known of a list that is wrong counts all the same: it tells what must not be shown. The helper says what is
 * wrong with it. */
static void set_redact(const char *v)
{
        while (*v) {
                size_t len = span(v, ',');

                settings.redact |= redact_bit(v, len);
                v += len + (v[len] == ',');
        }
}

/* Kept and absolute, so that a later chdir() does not move the reports. "" where it cannot be told. */
static const char *absolute(const char *path)
{
        char full[PATH_MAX];
        const char *kept;
        size_t at = 0;

        if (*path != '/') {
                long n = sys_2(SYS_getcwd, (long)full, sizeof(full));

                if (n <= 1 || full[0] != '/') /* "(unreachable)/..." is no path either: getcwd(2) */
                        return "";
                at = (size_t)n - 1;
                if (at > 1 && *path)
                        sigsafe_cat(full, sizeof(full), &at, "/");
        }
        sigsafe_cat(full, sizeof(full), &at, path);
        kept = keep_string(full, at);
        return kept ? kept : "";
}

static void set_dir(const char *v)
{
        if (!*v)
                return;
        settings.dir_is_default = false;
        settings.stderr_only = sigsafe_streq(v, "-");
        if (!settings.stderr_only)
                settings.dir = absolute(v);
}

static void set_helper(const char *v)
{
        if (*v)
                settings.helper = absolute(v);
}

static void set_tmpdir(const char *v)
{
        if (*v == '/')
                settings.tmpdir = absolute(v);
}

/* Into the environment, while settings_load() runs. */
STARTUP_DATA static const char *only_globs = NULL, *skip_globs = NULL;

static void set_only(const char *v)
{
        only_globs = v;
}

static void set_skip(const char *v)
{
        skip_globs = v;
}

static const struct {
        const char *name;
        void (*set)(const char *value);
} variables[] = {
        { "CRASHPRE_ENABLED", set_enabled },
        { "CRASHPRE_SIGNALS", set_signals },
        { "CRASHPRE_CHAIN", set_chain },
        { "CRASHPRE_THROW_SITES", set_throw_sites },
        { "CRASHPRE_STDERR", set_stderr },
        { "CRASHPRE_TIMEOUT", set_timeout },
        { "CRASHPRE_MAX_FRAMES", set_max_frames },
        { "CRASHPRE_MODE", set_mode },
        { "CRASHPRE_DIR", set_dir },
        { "CRASHPRE_HELPER", set_helper },
        { "CRASHPRE_ONLY", set_only },
        { "CRASHPRE_SKIP", set_skip },
        { "CRASHPRE_REDACT", set_redact },
        { "TMPDIR", set_tmpdir },
        { "CRASHPRE_WAIT_DEBUGGER", set_wait_debugger },
};

/* What the helper gets of the environment: its settings and what programs expect, never a preload or a library path. */
static bool for_helper(const char *entry, size_t name_len)
{
        static const char names[][8] = { "PATH", "HOME", "LANG", "LC_ALL", "TERM", "TMPDIR", "USER" };

        if (name_len > 9 && !memcmp(entry, "CRASHPRE_", 9))
                return true;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                if (sigsafe_strlen(names[i]) == name_len && !memcmp(names[i], entry, name_len))
                        return true;
        return name_len == 8 && !memcmp(entry, "NO_COLOR", 8);
}

static void copy_for_helper(const char *entry)
{
        keep_for_helper(entry, sigsafe_strlen(entry));
}

static void take_variable(const char *entry, size_t name_len)
{
        for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
                if (sigsafe_strlen(variables[i].name) == name_len && !memcmp(variables[i].name, entry, name_len))
                        variables[i].set(entry + name_len + 1);
}

static bool may_matter(char first)
{
        return first == 'C' || first == 'D' || first == 'H' || first == 'L' || first == 'N' || first == 'P' ||
               first == 'T' || first == 'U';
}

static void read_environment(char **envp)
{
        const char *urls = NULL, *home = NULL;
        bool debuginfod = false;

        for (; *envp; envp++) {
                size_t len;

                if (!may_matter(**envp))
                        continue;
                len = span(*envp, '=');
                if (!(*envp)[len])
                        continue;
                if (**envp == 'C' || **envp == 'T')
                        take_variable(*envp, len);
                if (for_helper(*envp, len))
                        copy_for_helper(*envp);
                if (len == 4 && !memcmp(*envp, "HOME", 4))
                        home = *envp + 5;
                if (len == 15 && !memcmp(*envp, "DEBUGINFOD_URLS", 15))
                        urls = *envp;
                if (sigsafe_streq(*envp, "CRASHPRE_DEBUGINFOD=1"))
                        debuginfod = true;
        }
        if (urls && debuginfod)
                copy_for_helper(urls);
        if (home && settings.redact & REDACT_PATHS) {
                const char *kept = keep_string(home, sigsafe_strlen(home));

                settings.home = kept ? kept : "";
        }
}

static bool globs_match(const char *globs, const char *name)
{
        char glob[256];

        while (*globs) {
                size_t n = span(globs, ',');

                if (n && n < sizeof(glob)) {
                        memcpy(glob, globs, n);
                        glob[n] = 0;
                        if (!fnmatch(glob, name, 0))
                                return true;
                }
                globs += n + (globs[n] == ',');
        }
        return false;
}

static void apply_globs(void)
{
        char exe[PATH_MAX];
        const char *base;
        ssize_t n;

        if (!only_globs && !skip_globs)
                return;
        n = sys_readlink("/proc/self/exe", exe, sizeof(exe) - 1);
        if (n > 0)
                exe[n] = 0;
        base = n > 0 ? exe : settings.argv0;
        for (const char *p = base; *p; p++)
                if (*p == '/' && p[1])
                        base = p + 1;
        if ((only_globs && *only_globs && !globs_match(only_globs, base)) ||
            (skip_globs && globs_match(skip_globs, base)))
                settings.enabled = false;
        only_globs = skip_globs = NULL;
}

void settings_load(char **argv, char **envp)
{
        struct stat st;

        settings.enabled = true;
        settings.signals = default_signals();
        settings.stderr_mode = STDERR_FULL;
        settings.timeout_s = 30;
        settings.max_frames = 256;
        settings.mode = 0600;
        settings.dir_is_default = true;
        if (argv && argv[0]) {
                const char *kept = keep_string(argv[0], sigsafe_strlen(argv[0]));

                settings.argv0 = kept ? kept : "";
        }
        read_environment(envp);
        if (settings.dir_is_default)
                settings.dir = absolute("");
        if (sys_2(SYS_fstat, 2, (long)&st) == 0) {
                settings.stderr_dev = st.st_dev;
                settings.stderr_ino = st.st_ino;
        }
        apply_globs();
}
