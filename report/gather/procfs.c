/* SPDX-License-Identifier: MIT */
#include "report/gather/procfs.h"

#include "report/gather/arguments.h"
#include "report/place/settings.h"
#include "report/place/store.h"
#include "unwind/core/terms/str.h"
#include "unwind/target/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* A longer command line or environment is truncated: both can be megabytes (execve(2)). */
#define TEXT_LIMIT ((size_t)256 * 1024)

#define ANCESTORS_MAX 16

void procfs_find(pid_t pid, const struct target *t, struct procfs_process *out)
{
        *out = (struct procfs_process){ .pid = pid, .number = t ? t->proc : proc_number(pid) };
        out->living = t ? t->living : proc_living(out->number);
        if (out->number)
                arguments_find(out->living, &out->arguments);
}

static char *read_file(struct report *report, const char *path, size_t *len)
{
        char *text;

        return store_read(&report->pool, AT_FDCWD, path, TEXT_LIMIT, &text, len) ? NULL : text;
}

static char *read_proc(struct report *report, pid_t pid, const char *name, size_t *len)
{
        return read_file(report, pool_printf(&report->pool, "/proc/%d/%s", (int)pid, name), len);
}

static const char *read_proc_link(struct report *report, pid_t pid, const char *name, const char *otherwise)
{
        char path[PATH_MAX];
        ssize_t n = readlink(pool_printf(&report->pool, "/proc/%d/%s", (int)pid, name), path, sizeof(path));

        return n > 0 ? pool_strndup(&report->pool, path, (size_t)n) : otherwise;
}

/* The kernel marks the link of an executable that was replaced or removed; the mark is not part of the name. */
static const char *without_deleted(struct report *report, const char *path)
{
        return path ? pool_strndup(&report->pool, path, str_without_deleted(path, strlen(path))) : NULL;
}

static void read_cmdline(struct report *report, struct target *t, pid_t pid, const struct arguments_area *area)
{
        struct report_process *p = &report->process;
        size_t len, at;
        const char *text = arguments_read(&report->pool, t, pid, "cmdline", area->arg_start, area->arg_end, &len);

        if (!text || !len)
                return;
        p->cmdline = NULL;
        p->cmdline_count = 0;
        for (at = 0; at < len; at += strlen(text + at) + 1)
                *POOL_APPEND(&report->pool, p->cmdline, p->cmdline_count) = text + at;
}

static void read_environment(struct report *report, struct target *t, pid_t pid, struct procfs_process *of,
                             const char *globs)
{
        struct report_process *p = &report->process;
        size_t len, at, size;
        char *text =
                arguments_read(&report->pool, t, pid, "environ", of->arguments.env_start, of->arguments.env_end, &len);

        for (at = 0; text && at < len; at += size + 1) {
                char *entry = text + at, *value = strchr(entry, '=');
                struct report_pair *pair;

                size = strlen(entry);
                if (!value)
                        continue;
                *value++ = 0;
                if (!strcmp(entry, "PATH"))
                        of->search_path = value;
                else if (!strcmp(entry, "PWD"))
                        of->shell_directory = value;
                if (!settings_shows_variable(globs, entry))
                        continue;
                pair = POOL_APPEND(&report->pool, p->environment, p->environment_count);
                pair->name = entry;
                pair->value = value;
        }
}

/* Reads the first number after "Name:" in /proc/PID/status. */
static void read_status_number(const char *status, const char *name, struct known_int *out)
{
        const char *line = strstr(status, name);
        char *end;
        int64_t n;

        if (!line || (line != status && line[-1] != '\n'))
                return;
        line += strlen(name);
        errno = 0;
        n = strtoll(line, &end, 10);
        if (!errno && end != line)
                *out = KNOWN_INT(n);
}

/* Returns the number of this process in /proc, which may be mounted for another pid namespace. */
static int64_t own_number(void)
{
        char text[16] = "";

        return readlink("/proc/self", text, sizeof(text) - 1) > 0 ? strtoll(text, NULL, 10) : 0;
}

static void read_start(struct report *report, const char *stat)
{
        const char *at = strrchr(stat, ')'); /* comm, field 2, may contain any character */
        uint64_t ticks;
        int field;

        for (field = 2; at && field < 22; field++)
                at = strchr(at + 1, ' ');
        if (!at)
                return;
        ticks = strtoull(at + 1, NULL, 10);
        if (ticks)
                procfs_set_start(report, ticks, report->time_unix.v);
}

void procfs_set_start(struct report *report, uint64_t ticks, double time_unix)
{
        long per_second = sysconf(_SC_CLK_TCK);
        struct timespec now, since_boot;
        double start;

        if (per_second <= 0 || clock_gettime(CLOCK_REALTIME, &now) || clock_gettime(CLOCK_BOOTTIME, &since_boot))
                return;
        start = (double)(now.tv_sec - since_boot.tv_sec) + (double)(now.tv_nsec - since_boot.tv_nsec) / 1e9 +
                (double)ticks / (double)per_second;
        report->process.start_time =
                report_format_time(report, (int64_t)start, (int64_t)((start - (double)(int64_t)start) * 1e9));
        if (time_unix >
            /* a tick is 10 ms: more digits would be meaningless, and a young process may appear to start in the
             * future */
            0)
                report->process.uptime_seconds =
                        KNOWN_REAL(time_unix > start ? (double)(int64_t)((time_unix - start) * 100 + 0.5) / 100 : 0);
}

/* Reads when the process /proc/NUMBER began, and its parents. Field 4 of stat is the parent; field 2, comm, may contain any
 * character. */
static void read_stat(struct report *report, pid_t number)
{
        struct report_process *p = &report->process;
        int i;

        for (i = 0; i <= ANCESTORS_MAX; i++) {
                size_t len;
                char *text = read_proc(report, number, "stat", &len), *name = text ? strchr(text, '(') : NULL;
                char *end = name ? strrchr(name, ')') : NULL;

                if (!end || strlen(end) < 4)
                        return;
                if (!i) {
                        read_start(report, text);
                } else {
                        struct report_ancestor *a = POOL_APPEND(&report->pool, p->ancestors, p->ancestor_count);

                        a->pid = KNOWN_INT(number);
                        a->name = pool_strndup(&report->pool, name + 1, (size_t)(end - name - 1));
                }
                number = (pid_t)strtol(end + 4, NULL, 10); /* ") S 4242" */
                if (number <= 0)
                        return;
        }
}

void procfs_read_process(struct report *report, struct target *t, struct procfs_process *of, const char *globs)
{
        struct report_process *p = &report->process;
        pid_t number = of->number, living = of->living, pid = of->pid;
        const char *status;
        size_t len;

        p->pid = KNOWN_INT(pid);
        if (!number)
                return;
        p->exe = without_deleted(report, read_proc_link(report, living, "exe", p->exe));
        p->cwd = read_proc_link(report, living, "cwd", p->cwd);
        read_cmdline(report, t, living, &of->arguments);
        read_environment(report, t, living, of, globs);
        read_stat(report, number);
        status = read_proc(report, number, "status", &len);
        if (!status)
                return;
        if (number == pid)
                read_status_number(status, "PPid:", &p->ppid);
        read_status_number(status, "TracerPid:", &p->tracer_pid);
        if (p->tracer_pid.v <= 0 || p->tracer_pid.v == own_number())
                p->tracer_pid.known = false;
        read_status_number(status, "Uid:", &p->uid);
        read_status_number(status, "Gid:", &p->gid);
}

const char *procfs_name(struct report *report, pid_t pid)
{
        size_t len;
        char *name = proc_is_ours() ? read_proc(report, pid, "comm", &len) : NULL;

        if (!name || !len)
                return NULL;
        name[len - (name[len - 1] == '\n')] = 0;
        return name;
}

/* Reads PRETTY_NAME="Debian GNU/Linux 12 (bookworm)" of os-release(5). */
static const char *distribution(struct report *report, pid_t pid)
{
        static const char key[] = "PRETTY_NAME=";
        size_t len;
        char *text = NULL, *line, *end;

        if (pid && !proc_root_is_ours(pid))
                text = arguments_read_file(&report->pool,
                                           pool_printf(&report->pool, "/proc/%d/root/etc/os-release", (int)pid), &len);
        if (!text)
                text = read_file(report, "/etc/os-release", &len);
        for (line = text; line && *line; line = end ? end + 1 : NULL) {
                end = strchr(line, '\n');
                if (strncmp(line, key, sizeof(key) - 1))
                        continue;
                if (end)
                        *end = 0;
                line += sizeof(key) - 1;
                len = strlen(line);
                if (len > 1 && (line[0] == '"' || line[0] == '\'') && line[len - 1] == line[0]) {
                        line[len - 1] = 0;
                        line++;
                }
                return line;
        }
        return NULL;
}

/* Files by which container managers can be recognized; systemd's file contains the name of the manager
 * (systemd-nspawn, lxc, ...). */
static const char *container(struct report *report)
{
        size_t len;
        char *manager = read_file(report, "/run/systemd/container", &len);

        if (manager && len) {
                manager[strcspn(manager, "\n")] = 0;
                if (*manager)
                        return manager;
        }
        if (!access("/run/.containerenv", F_OK))
                return "podman";
        if (!access("/var/run/secrets/kubernetes.io", F_OK))
                return "kubernetes";
        return !access("/.dockerenv", F_OK) ? "docker" : NULL;
}

void procfs_read_system(struct report *report, pid_t living)
{
        struct report_system *s = &report->system;
        struct utsname names;
        long cpus = sysconf(_SC_NPROCESSORS_ONLN);
        const char *name;

        if (!uname(&names)) {
                s->kernel = pool_printf(&report->pool, "%s %s", names.sysname, names.release);
                s->machine = pool_strdup(&report->pool, names.machine);
                s->hostname = pool_strdup(&report->pool, names.nodename);
        }
        if (cpus > 0)
                s->cpus = KNOWN_INT(cpus);
        name = distribution(report, living);
        if (name)
                s->distribution = name;
        s->container = container(report);
}
