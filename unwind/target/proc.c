/* SPDX-License-Identifier: MIT */
/* unwind/target/proc.c: see proc.h. */
#include "unwind/target/proc.h"

#include "unwind/target/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Handler -> intermediate -> helper -> its spare, and one that a test inserts. */
#define ANCESTORS 6

bool proc_is_ours(void)
{
        char text[16] = "";

        return readlink("/proc/self", text, sizeof(text) - 1) > 0 && strtol(text, NULL, 10) == getpid();
}

/* Returns the rest of the line that begins with "Name:" in a status file of /proc (proc(5)); NULL if there is none. */
static char *status_line(const char *path, const char *name)
{
        size_t len, name_len = strlen(name);
        char *text = files_read(path, &len), *line = text, *value = NULL;

        while (line && strncmp(line, name, name_len) != 0) {
                line = strchr(line, '\n');
                line = line ? line + 1 : NULL;
        }
        if (line) {
                line[strcspn(line, "\n")] = '\0';
                value = strdup(line + name_len);
        }
        free(text);
        return value;
}

/* Returns the last number on a line; *count is how many there are. */
static pid_t last_number(const char *line, int *count)
{
        long n = 0;
        char *end;

        for (*count = 0; line && *line; line = end) {
                long value = strtol(line, &end, 10);

                if (end == line)
                        break;
                n = value;
                ++*count;
        }
        return (pid_t)n;
}

/* "NSpid:" contains the id of a task in each pid namespace, from that of the mount inwards (Linux 4.1). *levels is
 * their number. */
static pid_t inner_number(const char *path, int *levels)
{
        char *line = status_line(path, "NSpid:");
        pid_t number = last_number(line, levels);

        free(line);
        return number;
}

pid_t proc_number(pid_t pid)
{
        char path[32] = "/proc/self/status";
        int own, levels, ignored;

        if (proc_is_ours())
                return pid;
        inner_number(path, &own);
        for (int i = 0; own && i < ANCESTORS; i++) {
                char *line = status_line(path, "PPid:");
                pid_t parent = last_number(line, &ignored);

                free(line);
                if (parent <= 0)
                        break;
                snprintf(path, sizeof(path), "/proc/%d/status", (int)parent);
                if (inner_number(path, &levels) == pid && levels == own)
                        return parent;
        }
        return 0;
}

pid_t proc_own_tid(pid_t proc, pid_t task)
{
        char path[64];
        int levels;

        snprintf(path, sizeof(path), "/proc/%d/task/%d/status", (int)proc, (int)task);
        return inner_number(path, &levels);
}

/* Reads the line of /proc/PID/task/TID/stat into `text`; returns the state and what follows it, NULL if there is no such thread.
 * "tid (comm) S ...": comm may contain any character. */
static const char *read_stat(pid_t proc, pid_t task, char *text, size_t size)
{
        char path[64], *end;
        FILE *f;
        size_t n;

        snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", (int)proc, (int)task);
        f = fopen(path, "re");
        if (!f)
                return NULL;
        n = fread(text, 1, size - 1, f);
        fclose(f);
        text[n] = '\0';
        end = strrchr(text, ')');
        return end && end[1] == ' ' ? end + 2 : NULL;
}

char proc_task_state(pid_t proc, pid_t task)
{
        char text[256];
        const char *rest = read_stat(proc, task, text, sizeof(text));

        return rest ? *rest : 'X';
}

/* Linux include/linux/sched.h. Before Linux 5.12, 0x10 was the flag of a thread that executes a virtual machine. */
#define PF_IO_WORKER 0x10u
#define PF_USER_WORKER 0x4000u

bool proc_is_kernel_worker(pid_t proc, pid_t task)
{
        char text[256], state;
        const char *rest = read_stat(proc, task, text, sizeof(text));
        unsigned flags;

        /* state, parent, process group, session, terminal, its process group, flags (proc(5)) */
        return rest && sscanf(rest, "%c %*d %*d %*d %*d %*d %u", &state, &flags) == 2 &&
               flags & (PF_IO_WORKER | PF_USER_WORKER);
}

pid_t proc_living(pid_t proc)
{
        const struct dirent *e;
        pid_t found = 0;
        char path[32];
        DIR *dir;

        if (proc_task_state(proc, proc) != 'Z')
                return proc;
        snprintf(path, sizeof(path), "/proc/%d/task", (int)proc);
        dir = opendir(path);
        while (dir && !found && (e = readdir(dir))) {
                pid_t task = (pid_t)strtol(e->d_name, NULL, 10);

                if (task > 0 && !strchr("ZXx", proc_task_state(proc, task)))
                        found = task;
        }
        if (dir)
                closedir(dir);
        return found ? found : proc;
}

static char *status_of(const char *id, const char *name)
{
        char path[64];

        snprintf(path, sizeof(path), "/proc/%s/status", id);
        return status_line(path, name);
}

long proc_status(const char *id, const char *name)
{
        char *line = status_of(id, name);
        long value = line ? strtol(line, NULL, 10) : -1;

        free(line);
        return value;
}

uint64_t proc_status_mask(const char *id, const char *name)
{
        char *line = status_of(id, name);
        uint64_t mask = line ? strtoull(line, NULL, 16) : 0;

        free(line);
        return mask;
}

static bool read_root(const char *path, struct statx *out)
{
        return statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_INO, out) == 0;
}

bool proc_root_is_ours(pid_t pid)
{
        struct statx theirs, ours;
        char path[32];

        snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
        return read_root(path, &theirs) && read_root("/", &ours) && theirs.stx_dev_major == ours.stx_dev_major &&
               theirs.stx_dev_minor == ours.stx_dev_minor && theirs.stx_ino == ours.stx_ino;
}
