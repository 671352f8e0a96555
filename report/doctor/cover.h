/* SPDX-License-Identifier: MIT */
/* report/doctor/cover.h: whether a program will load libcrashpre.so. Strings are from the pool or static. Not
 * async-signal-safe. */
#ifndef CRASHPRE_REPORT_COVER_H
#define CRASHPRE_REPORT_COVER_H

#include "report/model/pool.h"

#include <sys/stat.h>

#define COVER_INTERPRETERS 4 /* scripts run by scripts: the kernel's limit (fs/exec.c, exec_binprm()) */

/* Returns the path that execvp(3) executes for `name`: itself if it has a slash, else a file in PATH; NULL if there is
 * none. */
const char *cover_find(struct pool *pool, const char *name);

/* Returns the interpreter named in the first line of a script, as it is written there; NULL: not a script. */
const char *cover_interpreter(struct pool *pool, const char *path);

/* Returns what makes ld.so ignore LD_PRELOAD for the program: "set-user-ID", "set-group-ID", "file capabilities"; NULL:
 * nothing. */
const char *cover_rights(const char *path, const struct stat *st);

/* Returns a sentence that says why the program that execvp(3) executes for `name`, or its interpreter, does not load the
 * library; NULL if it does, as far as its file shows. */
const char *cover_gap(struct pool *pool, const char *name);

#endif
