/* SPDX-License-Identifier: MIT */
/* preload/base/mountinfo.h: whether reading a file of the process, or a page of its memory that has to be fetched from one, may never
 * return.
 *
 * Decided from /proc alone: the file system itself would have to be asked for its type, and may not answer.
 * Signal context: async-signal-safe; one user at a time, the thread that claimed the crash.
 */
#ifndef CRASHPRE_PRELOAD_MOUNTINFO_H
#define CRASHPRE_PRELOAD_MOUNTINFO_H

#include "preload/base/memmap.h"
#include "unwind/core/terms/mounts.h"

/* Forgets what was found for an earlier crash. */
void mountinfo_begin(void);

/* The file system of a mapping. */
enum mount_kind mountinfo_of_mapping(const struct memmap_range *r);

/* The file system that a descriptor is on. */
enum mount_kind mountinfo_of_descriptor(int fd);

/* Whether a descriptor is known to be on one of MOUNT_UNKNOWN. */
bool mountinfo_is_file_server(int fd);

/* The file system that the absolute path is on, if none of its components is a symbolic link. */
enum mount_kind mountinfo_of_path(const char *path);

#endif
