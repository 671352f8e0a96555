/* SPDX-License-Identifier: MIT */
/* unwind/target/files.h: opening files as the target sees them. */
#ifndef CRASHPRE_UNWIND_FILES_H
#define CRASHPRE_UNWIND_FILES_H

#include "unwind/target/target.h"

/* Opens a regular file for reading, under the target's root directory if it has one of its own: absolute symbolic
 * links are resolved there and not in our root (openat2(2), RESOLVE_IN_ROOT). Never blocks on a FIFO, never takes a
 * terminal. A descriptor (new) or -errno. */
int files_open(const struct target *t, const char *path);

/* Opens the very file that is mapped at `m`, deleted, replaced or in another mount namespace as it may be:
 * /proc/PID/map_files (needs CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE), else by name where device and inode are still
 * the same. A descriptor (new) or -errno. */
int files_open_mapped(const struct target *t, const struct mapping *m);

/* Reads all of `path`, which may be a /proc file. New, NUL-terminated, *len without the NUL. NULL: errno says why. */
char *files_read(const char *path, size_t *len);

#endif
