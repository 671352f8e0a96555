/* SPDX-License-Identifier: MIT */
/* report/gather/procfs.h: what /proc and the system say about a process. Needs no ptrace; what cannot be read stays as it
 * was. */
#ifndef CRASHPRE_REPORT_PROCFS_H
#define CRASHPRE_REPORT_PROCFS_H

#include "report/model/model.h"

#include <sys/types.h>

/* Fills report->process from /proc/PID: command line, exe, cwd, ids, times, the environment as far as `globs`
 * (settings.h) let it. */
void procfs_read_process(struct report *report, pid_t pid, const char *globs);

/* process.start_time and uptime_seconds from "clock ticks since boot" (proc(5), stat field 22), for a crash at
 * `time_unix`. */
void procfs_set_start(struct report *report, uint64_t ticks, double time_unix);

/* Fills report->system: of the machine we run on, as `pid` sees it. */
void procfs_read_system(struct report *report, pid_t pid);

/* comm of a process from the report's pool, or NULL. */
const char *procfs_name(struct report *report, pid_t pid);

#endif
