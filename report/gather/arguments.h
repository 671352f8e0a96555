/* SPDX-License-Identifier: MIT */
/* report/gather/arguments.h: where a process has its arguments and its environment, and their text. Not async-signal-safe. */
#ifndef CRASHPRE_REPORT_ARGUMENTS_H
#define CRASHPRE_REPORT_ARGUMENTS_H

#include "report/model/pool.h"
#include "unwind/target/target.h"

#include <sys/types.h>

/* Addresses in that process, as in proc(5), stat fields 48 to 51; 0: not known. */
struct arguments_area {
        uint64_t arg_start, arg_end, env_start, env_end;
};

/* `living`: the number of a thread in /proc that has not ended. */
void arguments_find(pid_t living, struct arguments_area *out);

/* Returns the text of a file whose reading may wait for ever, read by a process that can be left behind, from the pool; NULL if it cannot
 * be read in half a second. Longer text is cut. */
char *arguments_read_file(struct pool *pool, const char *path, size_t *len);

/* Returns the text of /proc/PID/<name> ("cmdline" or "environ"), from the pool: strings, each with its NUL; NULL if it cannot be read.
 * Reading that file may wait for ever for a page of the process, so its memory is read from `t` (start to end), or, without a
 * target (NULL), by a process that can be left behind. Longer text is cut. */
char *arguments_read(struct pool *pool, struct target *t, pid_t living, const char *name, uint64_t start, uint64_t end,
                     size_t *len);

#endif
