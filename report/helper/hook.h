/* SPDX-License-Identifier: MIT */
/* report/helper/hook.h: CRASHPRE_ON_REPORT: a command that is told of each report. */
#ifndef CRASHPRE_REPORT_HOOK_H
#define CRASHPRE_REPORT_HOOK_H

/* Starts `command`, a shell command line, with `path` as its last argument, and does not wait: somebody does that in
 * the background for at most `seconds`, kills it then with its children, and tells a failure in the raw report
 * (WIRE_FD_RAW). The command has /dev/null for stdin, stdout and stderr, no other descriptor, and default signals. */
void hook_start(const char *command, const char *path, long seconds);

#endif
