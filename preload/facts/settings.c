/* SPDX-License-Identifier: MIT */
#include "preload/facts/settings.h"
#include "preload/base/fileid.h"
#include "preload/base/keep.h"
#include "preload/base/libc.h"
#include "preload/base/lines.h"
#include "preload/base/startup.h"
#include "preload/base/syscalls.h"
#include "preload/facts/exe.h"
#include "unwind/core/image/maps.h"
#include "unwind/core/terms/str.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define ENVIRONMENT_MAX 0x1000000 /* more than execve(2) accepts */

SEALED_DATA struct settings settings = {
        .dir = "", .tmpdir = "", .helper = "", .argv0 = "", .program = "", .note = ""
};

static const char *keep(const char *s)
{
        const char *kept = keep_string(s, str_len(s));

        return kept ? kept : "";
}

static void note_setting(void *ctx, const char *name, const char *message)
{
        static char lines[512];
        static size_t at;

        (void)ctx;
        (void)name;
        str_cat(lines, sizeof(lines), &at, message);
        str_cat(lines, sizeof(lines), &at, "\n");
        settings.note = lines;
}

const char *settings_absolute(const char *path)
{
        char full[PATH_MAX];
        size_t at = 0;

        if (*path != '/') {
                long n = sys_2(SYS_getcwd, (long)full, sizeof(full));

                if (n <= 1 || full[0] != '/') /* "(unreachable)/..." is not a path: getcwd(2) */
                        return "";
                at = (size_t)n - 1;
                if (at > 1 && *path)
                        str_cat(full, sizeof(full), &at, "/");
        }
        str_cat(full, sizeof(full), &at, path);
        return keep(full);
}

/* ---- the environment of the helper ---- */

/* Its settings and common variables, but never a preload or a library path. */
static bool is_for_helper(const char *entry)
{
        static const char names[][10] = { "CRASHPRE_", "PATH=",   "HOME=", "LANG=",    "LC_ALL=",
                                          "TERM=",     "TMPDIR=", "USER=", "NO_COLOR=" };

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                if (str_begins(entry, names[i]))
                        return true;
        return false;
}

/* Stores a home directory and, if it differs, its canonical path, which the kernel knows. */
static void keep_home(const char *home)
{
        char link[32], path[PATH_MAX];
        int fd = sys_openat(AT_FDCWD, home, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
        size_t at = 0;
        ssize_t n;

        settings.homes.path[0] = keep(home);
        if (fd < 0)
                return;
        str_cat(link, sizeof(link), &at, "/proc/self/fd/");
        str_cat_dec(link, sizeof(link), &at, (uint64_t)fd, 1);
        n = sys_readlink(link, path, sizeof(path) - 1);
        sys_close(fd);
        path[n > 0 ? n : 0] = 0;
        if (path[0] == '/' && !str_is(path, home))
                settings.homes.path[1] = keep(path);
}

/* Skips most variables by their first letter: a desktop's environment has about a hundred. */
static bool may_matter(char first)
{
        return first == 'C' || first == 'H' || first == 'L' || first == 'N' || first == 'P' || first == 'T' ||
               first == 'U';
}

/* Stores, besides the settings: the helper's environment, $TMPDIR, and $HOME if paths are redacted. */
static void read_environment(char **envp)
{
        for (; *envp; envp++) {
                if (!may_matter(**envp) || !is_for_helper(*envp))
                        continue;
                keep_for_helper(*envp, str_len(*envp));
                if (str_begins(*envp, "TMPDIR=/"))
                        settings.tmpdir = keep(*envp + sizeof("TMPDIR=") - 1);
                if (settings.redact & REDACT_PATHS && str_begins(*envp, "HOME=/"))
                        keep_home(*envp + sizeof("HOME=") - 1);
        }
}

/* ---- the program by name ---- */

static bool globs_match(const char *globs, const char *name)
{
        const char *item;
        char glob[256];
        size_t len;

        while (str_list_next(&globs, &item, &len)) {
                if (len >= sizeof(glob))
                        continue;
                memcpy(glob, item, len);
                glob[len] = 0;
                if (fnmatch ? !fnmatch(glob, name, 0) : str_is(glob, name))
                        return true;
        }
        return false;
}

static bool find_program(void *ctx, const char *line, size_t len)
{
        uint64_t at = *(const uint64_t *)ctx;
        struct maps_line m;
        const char *kept;

        if (maps_parse_line(line, len, &m) || at < m.start || at >= m.end)
                return true;
        kept = m.path_len && m.path[0] == '/' ? keep_string(m.path, m.path_len) : NULL;
        if (kept)
                settings.program = kept;
        return false;
}

/* The kernel, and /proc/PID/exe, know only the loader. `execfn` is the argument of the loader's command line then, or that of its option
 * --argv0 (glibc: elf/rtld.c: rtld_setup_main_map()): used only without /proc. */
static __attribute__((noinline)) void set_program(uint64_t at, uint64_t execfn)
{
        char buf[PATH_MAX];

        settings.program_at = at;
        lines_each("/proc/self/maps", buf, sizeof(buf), find_program, &at);
        if (!*settings.program && execfn)
                settings.program = settings_absolute((const char *)execfn); // NOLINT(performance-no-int-to-ptr)
}

/* Evaluates CRASHPRE_ONLY and CRASHPRE_SKIP; NULL: not set. */
static bool is_wanted(const char *only, const char *skip)
{
        char exe[PATH_MAX];
        const char *base;

        if (!only && !skip)
                return true;
        base = str_base(exe_path(exe, sizeof(exe)) ? exe : settings.argv0);
        return (!only || globs_match(only, base)) && !(skip && globs_match(skip, base));
}

/* ---- the whole ---- */

/* The kernel puts the file name of the program behind the environment's strings (fs/binfmt_elf.c: create_elf_tables()); ld.so, run
 * as a command, puts another address there. */
static void set_environment(char **envp, uint64_t execfn)
{
        uint64_t start = (uint64_t)*envp;

        settings.envp = (uint64_t)envp;
        settings.environ_at = (uint64_t)&__environ;
        if (start && execfn > start && execfn - start < ENVIRONMENT_MAX) {
                settings.env_start = start;
                settings.env_end = execfn;
        }
}

static void set_paths(const struct setting_values *v)
{
        const char *dir = v->text[SETTING_DIR];

        settings.dir_is_default = !dir;
        settings.stderr_only = dir && str_is(dir, "-");
        if (!settings.stderr_only)
                settings.dir = settings_absolute(dir ? dir : "");
        if (v->text[SETTING_HELPER])
                settings.helper = settings_absolute(v->text[SETTING_HELPER]);
}

static void set_stderr(const char *of_run)
{
        uint64_t dev, ino;
        struct stat st;

        settings.stderr_of_run = of_run && setting_parse_file(of_run, &dev, &ino);
        if (settings.stderr_of_run) {
                settings.stderr_dev = dev;
                settings.stderr_ino = ino;
        } else if (fileid_stat(2, &st) == 0) {
                settings.stderr_dev = st.st_dev;
                settings.stderr_ino = st.st_ino;
                settings.stderr_tty = S_ISCHR(st.st_mode) ? st.st_rdev : 0;
        }
}

void settings_load(char **argv, char **envp, uint64_t execfn, uint64_t program_at)
{
        struct setting_values v;

        settings_evaluate(envp, &v, note_setting, NULL);
        settings.chain = (enum setting_chain)v.number[SETTING_CHAIN];
        settings.stderr_mode = (enum setting_stderr)v.number[SETTING_STDERR];
        settings.throw_sites = v.number[SETTING_THROW_SITES];
        settings.timeout_s = (unsigned)v.number[SETTING_TIMEOUT];
        settings.max_frames = (unsigned)v.number[SETTING_MAX_FRAMES];
        settings.mode = (unsigned)v.number[SETTING_MODE];
        settings.redact = (unsigned)v.number[SETTING_REDACT];
        settings.wait_debugger_s = (unsigned)v.number[SETTING_WAIT_DEBUGGER];
        settings.signals = v.number[SETTING_SIGNALS];
        settings.argv = (uint64_t)argv;
        if (argv && argv[0])
                settings.argv0 = keep(argv[0]);
        if (program_at)
                set_program(program_at, execfn);
        settings.enabled = v.number[SETTING_ENABLED] && is_wanted(v.text[SETTING_ONLY], v.text[SETTING_SKIP]);
        if (!settings.enabled)
                return;
        set_environment(envp, execfn);
        set_paths(&v);
        read_environment(envp);
        set_stderr(v.text[SETTING_RUN_STDERR]);
}
