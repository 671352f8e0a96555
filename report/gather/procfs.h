/* SPDX-License-Identifier: MIT */
/* report/gather/procfs.h: reads properties of a process from /proc and the system. Requires no ptrace; members that
 * cannot be read are unchanged. Not async-signal-safe. */
#ifndef CRASHPRE_REPORT_PROCFS_H
#define CRASHPRE_REPORT_PROCFS_H

#include "report/gather/arguments.h"
#include "report/model/model.h"
#include "unwind/target/target.h"

#include <sys/types.h>

/* Where /proc shows a process. */
struct procfs_process {
        pid_t pid;                       /* for itself */
        pid_t number;                    /* in /proc; 0: not there */
        pid_t living;                    /* a thread that has not ended */
        struct arguments_area arguments; /* all 0: not known */
        const char *search_path;         /* $PATH and $PWD that the program was started with; NULL: not known */
        const char *shell_directory;
};

/* `t`: the process, if it is attached, else NULL. */
void procfs_find(pid_t pid, const struct target *t, struct procfs_process *out);

/* Fills report->process from /proc/PID: exe, cwd, ids, times; command line, and the environment variables that `globs`
 * (settings.h) permits, from the memory of `t`, or without a target (NULL) from there, too. Sets the last members of *of. */
void procfs_read_process(struct report *report, struct target *t, struct procfs_process *of, const char *globs);

/* Sets process.start_time and uptime_seconds from clock ticks since boot (proc(5), stat field 22), for a crash at
 * `time_unix`. */
void procfs_set_start(struct report *report, uint64_t ticks, double time_unix);

/* Fills report->system with properties of this machine, as visible to the process; `living`: 0 if that is not known. */
void procfs_read_system(struct report *report, pid_t living);

/* Returns comm of a process, from the report's pool, or NULL. */
const char *procfs_name(struct report *report, pid_t pid);

#endif
