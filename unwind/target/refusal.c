/* SPDX-License-Identifier: MIT */
/* unwind/target/refusal.c: the rules of ptrace(2), "Ptrace access mode checking", checked in order of how specific
 * they are. */
#include "unwind/target/refusal.h"

#include "unwind/target/proc.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool first_line(const char *path, char *line, int size)
{
        FILE *f = fopen(path, "re");
        bool ok = f && fgets(line, size, f);

        if (f)
                fclose(f);
        if (ok)
                line[strcspn(line, "\n")] = '\0';
        return ok;
}

static bool has_tracer(const char *id, char *rule, size_t size)
{
        long tracer = proc_status(id, "TracerPid:");
        char path[64], name[32] = "?";

        if (tracer <= 0)
                return false;
        snprintf(path, sizeof(path), "/proc/%ld/comm", tracer);
        first_line(path, name, sizeof(name));
        snprintf(rule, size, "process %ld (%s) is tracing it already; detach that first", tracer, name);
        return true;
}

/* Documentation/admin-guide/LSM/Yama.rst */
static bool yama_forbids(char *rule, size_t size)
{
        char text[32];
        long scope = first_line("/proc/sys/kernel/yama/ptrace_scope", text, sizeof(text)) ? strtol(text, NULL, 10) : 0;

        if (scope >= 3)
                snprintf(rule, size, "kernel.yama.ptrace_scope is %ld, which forbids ptrace until the next boot",
                         scope);
        else if (scope > 0 && geteuid() != 0)
                snprintf(rule, size, "kernel.yama.ptrace_scope is %ld; grant CAP_SYS_PTRACE, or set it to 0", scope);
        return scope >= 3 || (scope > 0 && geteuid() != 0);
}

static bool has_other_user(const char *id, char *rule, size_t size)
{
        long uid = proc_status(id, "Uid:");

        if (uid < 0 || uid == (long)getuid())
                return false;
        snprintf(rule, size, "it belongs to user %ld, crashpre runs as user %ld; this requires CAP_SYS_PTRACE", uid,
                 (long)getuid());
        return true;
}

/* The files of such a process in /proc are owned by root, whatever user it runs as (proc(5)). */
static bool is_not_dumpable(const char *id, char *rule, size_t size)
{
        char path[32];
        struct stat st;

        snprintf(path, sizeof(path), "/proc/%s/status", id);
        if (!geteuid() || stat(path, &st) || st.st_uid == geteuid())
                return false;
        snprintf(rule, size,
                 "it is not dumpable: it called prctl(PR_SET_DUMPABLE, 0), changed its user after its start, or its "
                 "program file is not readable; this requires CAP_SYS_PTRACE");
        return true;
}

static bool is_filtered(char *rule, size_t size)
{
        if (proc_status("self", "Seccomp:") <= 0)
                return false;
        snprintf(rule, size, "a seccomp filter is in force here (in a container, allow ptrace: --cap-add=SYS_PTRACE)");
        return true;
}

static bool has_more_capabilities(const char *id, char *rule, size_t size)
{
        uint64_t its = proc_status_mask(id, "CapPrm:"), ours = proc_status_mask("self", "CapEff:");

        if (!(its & ~ours))
                return false;
        snprintf(rule, size, "it has capabilities that crashpre lacks; this requires CAP_SYS_PTRACE");
        return true;
}

static void explain_absence(const struct target *t, char *rule, size_t size)
{
        if (kill(t->pid, 0) < 0 && errno == ESRCH)
                snprintf(rule, size, "there is no such process, or it has ended");
        else if (access("/proc/self", F_OK))
                snprintf(rule, size,
                         "/proc is not mounted here, so its threads cannot be listed (mount -t proc proc /proc)");
        else if (!t->proc)
                snprintf(rule, size,
                         "the /proc mounted here is that of another pid namespace, and the process cannot be found "
                         "in it (mount -t proc proc /proc)");
        else
                snprintf(rule, size, "there is no such process, or it has ended");
}

void refusal_explain(const struct target *t, int err, char *why, size_t size)
{
        char id[16], rule[320];

        snprintf(id, sizeof(id), "%d", (int)t->proc);
        if (err == -ESRCH)
                explain_absence(t, rule, sizeof(rule));
        else if (err == -ENOMEM)
                snprintf(rule, sizeof(rule), "out of memory");
        else if (!has_tracer(id, rule, sizeof(rule)) && !yama_forbids(rule, sizeof(rule)) &&
                 !has_other_user(id, rule, sizeof(rule)) && !is_not_dumpable(id, rule, sizeof(rule)) &&
                 !has_more_capabilities(id, rule, sizeof(rule)) && !is_filtered(rule, sizeof(rule)))
                snprintf(rule, sizeof(rule),
                         "a security module may forbid it, or the process is in another user namespace; "
                         "this requires CAP_SYS_PTRACE");
        if (err == -ESRCH || err == -ENOMEM)
                snprintf(why, size, "cannot attach to process %d: %s", (int)t->pid, rule);
        else
                snprintf(why, size, "cannot attach to process %d: %s; %s", (int)t->pid, strerror(-err), rule);
}
