/* SPDX-License-Identifier: MIT */
#include "preload/settings.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct settings settings;

/* The helper's path beside the library, in the build tree and in an installed prefix alike. */
#define HELPER_FROM_LIBRARY "/../libexec/crashpre/crashpre-helper"

static void note_bad(const char *name, const char *value, const char *expected)
{
        size_t used = strlen(settings.note), room = sizeof(settings.note) - used;
        const char *part[] = { name, "=", value, ": expected ", expected, "; the default is used\n" };

        for (size_t i = 0; i < sizeof(part) / sizeof(part[0]) && room > 1; i++) {
                size_t n = strnlen(part[i], room - 1);

                memcpy(settings.note + used, part[i], n);
                used += n;
                room -= n;
        }
        settings.note[used] = 0;
}

static bool parse_number(const char *s, int base, unsigned long max, unsigned *out)
{
        char *end;
        unsigned long v;
        int saved = errno;

        if (*s < '0' || *s > '9')
                return false;
        errno = 0;
        v = strtoul(s, &end, base);
        if (errno || *end || v > max) {
                errno = saved;
                return false;
        }
        errno = saved;
        *out = (unsigned)v;
        return true;
}

static const struct {
        const char *name;
        int number;
} signal_names[] = {
        { "SEGV", SIGSEGV }, { "BUS", SIGBUS },   { "FPE", SIGFPE },   { "ILL", SIGILL },   { "ABRT", SIGABRT }, { "TRAP", SIGTRAP },
        { "SYS", SIGSYS },   { "QUIT", SIGQUIT }, { "XCPU", SIGXCPU }, { "XFSZ", SIGXFSZ }, { "TERM", SIGTERM }, { "HUP", SIGHUP },
        { "INT", SIGINT },   { "ALRM", SIGALRM }, { "PIPE", SIGPIPE }, { "USR1", SIGUSR1 }, { "USR2", SIGUSR2 }, { "STKFLT", SIGSTKFLT },
        { "VTALRM", SIGVTALRM }, { "PROF", SIGPROF }, { "POLL", SIGPOLL }, { "PWR", SIGPWR },
};

#define SIGNAL_COUNT (sizeof(signal_names) / sizeof(signal_names[0]))
#define DEFAULT_SIGNALS 7 /* the first of the table */

static uint64_t signal_bit(const char *name, size_t len)
{
        if (len > 3 && !strncmp(name, "SIG", 3)) {
                name += 3;
                len -= 3;
        }
        for (size_t i = 0; i < SIGNAL_COUNT; i++)
                if (strlen(signal_names[i].name) == len && !strncmp(signal_names[i].name, name, len))
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
                size_t len = strcspn(s, ",");
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
        if (!strcmp(v, "0"))
                settings.enabled = false;
        else if (strcmp(v, "1"))
                note_bad("CRASHPRE_ENABLED", v, "0 or 1");
}

static void set_chain(const char *v)
{
        if (!strcmp(v, "first"))
                settings.chain = CHAIN_FIRST;
        else if (strcmp(v, "last"))
                note_bad("CRASHPRE_CHAIN", v, "last or first");
}

static void set_stderr(const char *v)
{
        if (!strcmp(v, "none"))
                settings.stderr_mode = STDERR_NONE;
        else if (!strcmp(v, "brief"))
                settings.stderr_mode = STDERR_BRIEF;
        else if (strcmp(v, "full"))
                note_bad("CRASHPRE_STDERR", v, "none, brief or full");
}

static void set_timeout(const char *v)
{
        unsigned n;

        if (parse_number(v, 10, 86400, &n))
                settings.timeout_s = n;
        else
                note_bad("CRASHPRE_TIMEOUT", v, "seconds");
}

static void set_max_frames(const char *v)
{
        unsigned n;

        if (parse_number(v, 10, 1000000, &n) && n > 0)
                settings.max_frames = n;
        else
                note_bad("CRASHPRE_MAX_FRAMES", v, "a number above 0");
}

static void set_mode(const char *v)
{
        unsigned n;

        if (parse_number(v, 8, 0777, &n))
                settings.mode = n;
        else
                note_bad("CRASHPRE_MODE", v, "an octal mode such as 0644");
}

/* Makes `path` absolute, so that a later chdir() does not move the reports. Only cuts where PATH_MAX would be passed. */
static void absolute(char *to, size_t size, const char *path)
{
        size_t used = 0, n;

        if (*path != '/') {
                int saved = errno;

                if (!getcwd(to, size))
                        *to = 0;
                errno = saved;
                used = strlen(to);
                if (used && to[used - 1] != '/' && used + 1 < size)
                        to[used++] = '/';
        }
        n = strnlen(path, size - used - 1);
        memcpy(to + used, path, n);
        to[used + n] = 0;
}

static void set_dir(const char *v)
{
        if (!*v)
                return;
        settings.dir_is_default = false;
        settings.stderr_only = !strcmp(v, "-");
        if (!settings.stderr_only)
                absolute(settings.dir, sizeof(settings.dir), v);
}

static void set_helper(const char *v)
{
        if (*v)
                absolute(settings.helper[0], sizeof(settings.helper[0]), v);
}

static void set_tmpdir(const char *v)
{
        if (*v == '/' && strlen(v) < sizeof(settings.tmpdir))
                strcpy(settings.tmpdir, v);
}

static const char *only_globs, *skip_globs; /* into the environment, while settings_load() runs */

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
        { "CRASHPRE_ENABLED", set_enabled }, { "CRASHPRE_SIGNALS", set_signals },
        { "CRASHPRE_CHAIN", set_chain },     { "CRASHPRE_STDERR", set_stderr },
        { "CRASHPRE_TIMEOUT", set_timeout }, { "CRASHPRE_MAX_FRAMES", set_max_frames },
        { "CRASHPRE_MODE", set_mode },       { "CRASHPRE_DIR", set_dir },
        { "CRASHPRE_HELPER", set_helper },   { "CRASHPRE_ONLY", set_only },
        { "CRASHPRE_SKIP", set_skip },       { "TMPDIR", set_tmpdir },
};

/* What the helper gets of the environment: its settings and what programs expect, never a preload or a library path. */
static bool for_helper(const char *entry, size_t name_len)
{
        static const char *const names[] = { "PATH", "HOME", "LANG", "LC_ALL", "TERM", "TMPDIR", "USER", "NO_COLOR" };

        if (!strncmp(entry, "CRASHPRE_", 9))
                return true;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                if (strlen(names[i]) == name_len && !strncmp(names[i], entry, name_len))
                        return true;
        return false;
}

struct env_copy {
        size_t used, count;
};

static void copy_for_helper(struct env_copy *copy, const char *entry)
{
        size_t n = strlen(entry) + 1;
        char *to = settings.helper_env + copy->used;

        if (n > sizeof(settings.helper_env) - copy->used ||
            copy->count + 1 >= sizeof(settings.helper_envp) / sizeof(settings.helper_envp[0]))
                return;
        memcpy(to, entry, n);
        settings.helper_envp[copy->count++] = to;
        copy->used += n;
}

static void take_variable(const char *entry, size_t name_len)
{
        for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
                if (strlen(variables[i].name) == name_len && !strncmp(variables[i].name, entry, name_len))
                        variables[i].set(entry + name_len + 1);
}

static void read_environment(char **envp)
{
        struct env_copy copy = { 0, 0 };
        const char *urls = NULL;
        bool debuginfod = false;

        for (; *envp; envp++) {
                size_t len = strcspn(*envp, "=");

                if ((*envp)[len] != '=' || !strchr("CDHLPNTU", **envp))
                        continue;
                if (**envp == 'C' || **envp == 'T')
                        take_variable(*envp, len);
                if (for_helper(*envp, len))
                        copy_for_helper(&copy, *envp);
                if (!strncmp(*envp, "DEBUGINFOD_URLS=", 16))
                        urls = *envp;
                if (!strcmp(*envp, "CRASHPRE_DEBUGINFOD=1"))
                        debuginfod = true;
        }
        if (urls && debuginfod)
                copy_for_helper(&copy, urls);
}

static bool globs_match(const char *globs, const char *name)
{
        char glob[256];

        while (*globs) {
                size_t n = strcspn(globs, ",");

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
        int saved = errno;

        if (!only_globs && !skip_globs)
                return;
        n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
        errno = saved;
        if (n > 0)
                exe[n] = 0;
        base = n > 0 ? exe : settings.exe;
        if (strrchr(base, '/'))
                base = strrchr(base, '/') + 1;
        if ((only_globs && *only_globs && !globs_match(only_globs, base)) || (skip_globs && globs_match(skip_globs, base)))
                settings.enabled = false;
        only_globs = skip_globs = NULL;
}

static void find_helper(const void *self)
{
        Dl_info info;
        char *slash;

        if (settings.helper[0][0] || !dladdr(self, &info) || !info.dli_fname)
                return;
        absolute(settings.helper[0], sizeof(settings.helper[0]) - sizeof(HELPER_FROM_LIBRARY), info.dli_fname);
        slash = strrchr(settings.helper[0], '/');
        if (slash)
                strcpy(slash, HELPER_FROM_LIBRARY);
        else
                settings.helper[0][0] = 0;
}

void settings_load(char **argv, char **envp, const void *self)
{
        static char helper_name[] = "crashpre-helper";
        struct stat st;
        int saved = errno;

        settings.enabled = true;
        settings.signals = default_signals();
        settings.stderr_mode = STDERR_FULL;
        settings.timeout_s = 30;
        settings.max_frames = 256;
        settings.mode = 0600;
        settings.dir_is_default = true;
        settings.helper_argv[0] = helper_name;
        if (argv && argv[0])
                memcpy(settings.exe, argv[0], strnlen(argv[0], sizeof(settings.exe) - 1));
        read_environment(envp);
        if (settings.dir_is_default && !getcwd(settings.dir, sizeof(settings.dir)))
                settings.dir[0] = 0;
        if (fstat(STDERR_FILENO, &st) == 0) {
                settings.stderr_dev = st.st_dev;
                settings.stderr_ino = st.st_ino;
        }
        apply_globs();
        find_helper(self);
        errno = saved;
}
