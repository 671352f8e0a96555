/* SPDX-License-Identifier: MIT */
/* report/helper/hook.h: CRASHPRE_ON_REPORT: runs a command for each report. */
#ifndef CRASHPRE_REPORT_HOOK_H
#define CRASHPRE_REPORT_HOOK_H

/* Starts `command`, a shell command line, with `path` as its last argument, and does not wait: a background process
 * waits at most `seconds`, then kills the command and its children, and records a failure in the raw report
 * (WIRE_FD_RAW). The command has /dev/null for stdin, stdout and stderr, no other descriptor, and default signals. */
void hook_start(const char *command, const char *path, long seconds);

#endif
