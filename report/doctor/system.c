/* SPDX-License-Identifier: MIT */
/* report/doctor/system.c: checks of the parts of crashpre, the kernel, settings, directory. */
#include "report/doctor/doctor.h"

#include "report/place/install.h"
#include "report/place/settings.h"
#include "report/place/store.h"
#include "unwind/elf/program.h"
#include "version.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

#define CAP_SYS_PTRACE_BIT 19
#define DEBUG_DIRS "/usr/lib/debug"
#define OLD_SIGSTKSZ 8192 /* <signal.h> before glibc 2.34 */
#define VERSION_PATIENCE_MS 5000
#define ROOM_WANTED (1024 * 1024)

/* Returns the first line of a small file; NULL on error. */
static const char *first_line(struct doctor *d, const char *path)
{
        char *text;
        size_t len;

        if (store_read(&d->pool, AT_FDCWD, path, 4096, &text, &len))
                return NULL;
        text[strcspn(text, "\n")] = 0;
        return text;
}

/* ---- parts of crashpre ---- */

static void check_library(struct doctor *d)
{
        const char *tried, *path = install_find(&d->pool, INSTALL_LIBRARY, &tried);

        if (!path)
                doctor_add(d, "library", DOCTOR_FAIL, "make install",
                           "%s: %s; command and library are installed together", tried, strerror(errno));
        else if (strpbrk(path, " :"))
                doctor_add(d, "library", DOCTOR_FAIL, "make install PREFIX=/usr/local",
                           "%s: a blank or colon ends an entry of LD_PRELOAD", path);
        else
                doctor_add(d, "library", DOCTOR_OK, NULL, "%s", path);
}

/* Returns the output of "helper --version", or NULL. Another program may do anything: it gets no terminal and little
 * time. */
static const char *helper_version(struct doctor *d, const char *path)
{
        char line[256] = "";
        struct pollfd p = { .events = POLLIN };
        ssize_t n = 0;
        int out[2];
        pid_t pid;

        if (pipe2(out, O_CLOEXEC))
                return NULL;
        pid = fork();
        if (!pid) {
                int null = open("/dev/null", O_RDWR);

                dup2(null, STDIN_FILENO);
                dup2(out[1], STDOUT_FILENO);
                dup2(null, STDERR_FILENO);
                execl(path, path, "--version", (char *)NULL);
                _exit(127);
        }
        close(out[1]);
        p.fd = out[0];
        if (pid > 0 && poll(&p, 1, VERSION_PATIENCE_MS) == 1)
                n = read(out[0], line, sizeof(line) - 1);
        close(out[0]);
        if (pid > 0) {
                if (n <= 0)
                        kill(pid, SIGKILL);
                waitpid(pid, NULL, 0);
        }
        line[n > 0 ? n : 0] = 0;
        line[strcspn(line, "\n")] = 0;
        return *line ? pool_strdup(&d->pool, line) : NULL;
}

static void check_helper(struct doctor *d)
{
        static const char ours[] = "crashpre-helper " CRASHPRE_VERSION " (commit " CRASHPRE_COMMIT ")";
        const char *told = getenv("CRASHPRE_HELPER"), *tried = told, *path = told, *version;
        const char *remedy = told && *told ? "unset CRASHPRE_HELPER" : "make install";

        if (!told || !*told)
                path = install_find(&d->pool, INSTALL_HELPER, &tried);
        if (!path || access(path, X_OK)) {
                doctor_add(d, "helper", DOCTOR_FAIL, remedy, "%s: %s: only raw reports would be written", tried,
                           strerror(errno));
                return;
        }
        version = helper_version(d, path);
        if (!version || strncmp(version, "crashpre-helper ", 16))
                doctor_add(d, "helper", DOCTOR_FAIL, remedy, "%s is not a helper that can be executed%s%s", path,
                           version ? ": it printed " : "", version ? version : "");
        else if (strcmp(version, ours))
                doctor_add(d, "helper", DOCTOR_WARN, remedy, "%s is %s, this command %s: install both from one build",
                           path, version + 16, ours + 16);
        else
                doctor_add(d, "helper", DOCTOR_OK, NULL, "%s, of the same build", path);
}

/* ---- the kernel ---- */

static void check_yama(struct doctor *d)
{
        const char *scope = first_line(d, "/proc/sys/kernel/yama/ptrace_scope");
        bool capable = doctor_own_status("CapEff:", 16) >> CAP_SYS_PTRACE_BIT & 1;

        if (!scope)
                doctor_add(d, "yama", DOCTOR_OK, NULL, "not in this kernel");
        else if (strtol(scope, NULL, 10) < 2)
                doctor_add(d, "yama", DOCTOR_OK, NULL, "kernel.yama.ptrace_scope is %s%s", scope,
                           *scope == '1' ? "; a crashing program permits its helper to trace it" : "");
        else if (*scope == '2')
                doctor_add(d, "yama", capable ? DOCTOR_OK : DOCTOR_WARN,
                           capable ? NULL : "sysctl -w kernel.yama.ptrace_scope=1",
                           "kernel.yama.ptrace_scope is 2: only programs with CAP_SYS_PTRACE get full reports");
        else
                doctor_add(d, "yama", DOCTOR_WARN,
                           "echo kernel.yama.ptrace_scope=1 >/etc/sysctl.d/10-ptrace.conf; reboot",
                           "kernel.yama.ptrace_scope is %s: no process may trace until the next boot", scope);
}

static void check_seccomp(struct doctor *d)
{
        long long mode = doctor_own_status("Seccomp:", 10), filters = doctor_own_status("Seccomp_filters:", 10);

        if (mode <= 0)
                doctor_add(d, "seccomp", DOCTOR_OK, NULL, mode ? "not in this kernel" : "no filter installed");
        else
                doctor_add(d, "seccomp", DOCTOR_OK, NULL,
                           "%lld filter%s installed: the checks below show what it refuses", filters > 0 ? filters : 1,
                           filters > 1 ? "s" : "");
}

static void check_stack(struct doctor *d)
{
        unsigned long frame = getauxval(AT_MINSIGSTKSZ);

        if (frame > OLD_SIGSTKSZ)
                doctor_add(d, "stack", DOCTOR_WARN, "in the program: sigaltstack() with sysconf(_SC_SIGSTKSZ)",
                           "a signal frame takes %lu bytes on this processor: programs with an alternate stack of %d "
                           "of their own die without a report",
                           frame, OLD_SIGSTKSZ);
        else
                doctor_add(d, "stack", DOCTOR_OK, NULL, "a signal frame takes %lu bytes; alternate stacks have 64 KiB",
                           frame);
}

static void check_cores(struct doctor *d)
{
        const char *pattern = first_line(d, "/proc/sys/kernel/core_pattern");
        struct rlimit limit = { 0, 0 };

        getrlimit(RLIMIT_CORE, &limit);
        doctor_add(d, "cores", DOCTOR_OK, NULL, "as without crashpre: %s, kernel.core_pattern is %s",
                   limit.rlim_cur == RLIM_INFINITY ? "no limit"
                   : limit.rlim_cur                ? "limited"
                                                   : "limit 0",
                   pattern ? pattern : "unknown");
}

/* ---- settings ---- */

static void add_setting(void *ctx, const char *name, const char *message)
{
        struct doctor *d = ctx;

        doctor_add(d, "settings", DOCTOR_WARN, pool_printf(&d->pool, "unset %s", name), "%s", message);
}

static void check_settings(struct doctor *d)
{
        const char *enabled = getenv("CRASHPRE_ENABLED");

        if (!settings_check(add_setting, d))
                doctor_add(d, "settings", DOCTOR_OK, NULL, "every CRASHPRE_ variable is valid");
        if (enabled && !strcmp(enabled, "0"))
                doctor_add(d, "settings", DOCTOR_FAIL, "unset CRASHPRE_ENABLED",
                           "CRASHPRE_ENABLED=0: nothing is reported");
}

/* ---- directory ---- */

/* Finds the nearest existing parent: a missing directory is created at a crash, so its parent must be writable. */
static const char *nearest(struct doctor *d, const char *dir)
{
        char *path = pool_strdup(&d->pool, dir), *slash;

        while (access(path, F_OK) && errno == ENOENT) {
                slash = strrchr(path, '/');
                if (!slash)
                        return ".";
                while (slash > path && slash[-1] == '/')
                        slash--;
                if (slash == path)
                        return "/";
                *slash = 0;
        }
        return path;
}

static void check_directory(struct doctor *d)
{
        const char *dir = getenv("CRASHPRE_DIR"), *there, *remedy = "export CRASHPRE_DIR=$HOME/crash-reports";
        struct statvfs fs;
        struct stat st;

        if (dir && !strcmp(dir, "-")) {
                doctor_add(d, "directory", DOCTOR_OK, NULL, "CRASHPRE_DIR=-: raw reports on stderr, no files");
                return;
        }
        if (!dir || !*dir)
                dir = "."; /* the program's, and the parent of crashpre run's */
        there = nearest(d, dir);
        if (stat(there, &st) || !S_ISDIR(st.st_mode))
                doctor_add(d, "directory", DOCTOR_FAIL, remedy, "%s is not a directory: reports will be elsewhere",
                           there);
        else if (access(there, W_OK | X_OK))
                doctor_add(d, "directory", DOCTOR_FAIL, remedy, "%s: %s: reports will be elsewhere", there,
                           strerror(errno));
        else if (!statvfs(there, &fs) && fs.f_bavail * fs.f_frsize < ROOM_WANTED)
                doctor_add(d, "directory", DOCTOR_FAIL, remedy, "%s: no space left", there);
        else
                doctor_add(d, "directory", DOCTOR_OK, NULL, "%s is writable%s",
                           strcmp(dir, ".") ? dir : "the working directory",
                           strcmp(there, dir) ? "; it will be created" : "");
}

/* ---- debug files ---- */

static bool has_debug_files(struct doctor *d, const char *dirs)
{
        char *copy = pool_strdup(&d->pool, dirs), *dir;

        while ((dir = strsep(&copy, ":")))
                if (*dir && !access(pool_printf(&d->pool, "%s/.build-id", dir), R_OK))
                        return true;
        return false;
}

static int find_libc(struct dl_phdr_info *info, size_t size, void *path)
{
        const char *base = strrchr(info->dlpi_name, '/');

        (void)size;
        if (!base || (strncmp(base, "/libc.so", 8) && strncmp(base, "/libc-2", 7)))
                return 0;
        *(const char **)path = info->dlpi_name;
        return 1;
}

/* Only exported functions have names without a symbol table, which the packages of the distributions lack. */
static bool libc_has_names(const char *dirs)
{
        struct program_facts facts;
        const char *path = NULL;
        bool has;

        dl_iterate_phdr(find_libc, &path);
        if (!path || program_read(path, dirs, &facts))
                return false;
        has = facts.symbols || facts.minidebug || facts.debug_file;
        program_clear(&facts);
        return has;
}

static const char *libc_debug_command(void)
{
        static const struct {
                const char *tool, *command;
        } systems[] = {
                { "/usr/bin/apt-get", "apt-get install libc6-dbg" },
                { "/usr/bin/dnf", "dnf debuginfo-install glibc" },
                { "/usr/bin/zypper", "zypper install glibc-debuginfo" },
        };
        size_t i;

        for (i = 0; i < sizeof(systems) / sizeof(systems[0]); i++)
                if (!access(systems[i].tool, X_OK))
                        return systems[i].command;
        return "install the debug files of libc";
}

static void check_debug_files(struct doctor *d)
{
        const char *dirs = getenv("CRASHPRE_DEBUG_DIR");
        bool told = dirs && *dirs, there = told && has_debug_files(d, dirs);

        if (told && !there)
                doctor_add(d, "debug", DOCTOR_WARN, "unset CRASHPRE_DEBUG_DIR",
                           "CRASHPRE_DEBUG_DIR=%s: no .build-id directory in there", dirs);
        else if (libc_has_names(told ? dirs : DEBUG_DIRS))
                doctor_add(d, "debug", DOCTOR_OK, NULL,
                           "separate debug files are searched in %s; that of libc is there", told ? dirs : DEBUG_DIRS);
        else
                doctor_add(d, "debug", DOCTOR_WARN, libc_debug_command(),
                           "libc has no debug files: its inner functions have no names");
}

void doctor_system(struct doctor *d)
{
        check_library(d);
        check_helper(d);
        check_yama(d);
        check_seccomp(d);
        doctor_tracing(d);
        check_stack(d);
        check_settings(d);
        check_directory(d);
        check_cores(d);
        check_debug_files(d);
        doctor_trial(d);
}
