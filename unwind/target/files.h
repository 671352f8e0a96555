/* SPDX-License-Identifier: MIT */
/* unwind/target/files.h: opens files from the target's point of view. Not async-signal-safe. */
#ifndef CRASHPRE_UNWIND_FILES_H
#define CRASHPRE_UNWIND_FILES_H

#include "unwind/target/target.h"

#include <sys/stat.h>

/* Opens a regular file for reading, below the target's root directory if it differs from ours: absolute symbolic
 * links are resolved relative to that root (openat2(2), RESOLVE_IN_ROOT). Never blocks on a FIFO, never acquires a
 * controlling terminal. Returns a descriptor (new) or -errno. */
int files_open(const struct target *t, const char *path);

/* The same, unless the last part of the path is a symbolic link. */
int files_open_no_link(const struct target *t, const char *path);

/* Opens exactly the file that is mapped at `m`, even if it was deleted, replaced or is in another mount namespace: by
 * /proc/PID/map_files (needs CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE), else by name if it was not deleted and device and
 * inode are unchanged. Returns a descriptor (new) or -errno; -ENOENT if no file is mapped. */
int files_open_mapped(const struct target *t, const struct mapping *m);

/* Opens the file of the first mapping of a module, an index of t->modules, in the same way. */
int files_open_mapped_module(const struct target *t, int module);

/* pread(2) and fstat(2), by other system calls where a seccomp filter of the process, which its helper inherits, refuses these. */
ssize_t files_pread(int fd, void *buf, size_t len, uint64_t offset);
int files_stat(int fd, struct stat *st);

/* Reads all of `path`, which may be a /proc file. Returns new memory, NUL-terminated; *len excludes the NUL. On error
 * returns NULL and sets errno. */
char *files_read(const char *path, size_t *len);

#endif
