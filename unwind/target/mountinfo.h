/* SPDX-License-Identifier: MIT */
/* unwind/target/mountinfo.h: whether a file, or memory that is mapped from one, can be read without the risk that the read never
 * returns (unwind/core/terms/mounts.h). Not async-signal-safe.
 *
 * Decided by what the kernel has in memory, without asking a file server. /proc/self/mountinfo is read once, at the first question.
 */
#ifndef CRASHPRE_UNWIND_MOUNTINFO_H
#define CRASHPRE_UNWIND_MOUNTINFO_H

#include "unwind/core/terms/mounts.h"
#include "unwind/target/target.h"

/* The file system of a mapping of another process that is in the same mount namespace. */
enum mount_kind mountinfo_of_mapping(const struct mapping *m);

/* The name of its type, and where it is mounted: there where the mapping's file is, if it is mounted at several places. Both are ""
 * if it is mounted nowhere, or unknown. */
void mountinfo_name(const struct mapping *m, char *type, size_t type_size, char *point, size_t point_size);

/* The file system that `path` is on. *dev: its device, as in stat(2), 0 if it is not known. */
enum mount_kind mountinfo_of_path(const char *path, dev_t *dev);

/* The file system of an open file. */
enum mount_kind mountinfo_of_descriptor(int fd);

/* 0, or -ETIMEDOUT if `path` is on a file system that may not answer, and it does not: that is tried once for each of them, in a
 * process of its own, with a limit of half a second. */
int mountinfo_await(const char *path);

#endif
