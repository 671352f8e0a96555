/* SPDX-License-Identifier: MIT */
/* preload/base/keep.h: the page size, and strings copied at load time for use in a crash: programs overwrite their environment
 * (setproctitle) and change directory.
 *
 * Static memory, filled at load time by one thread, read-only afterwards (keep_seal()). Async-signal-safe.
 */
#ifndef CRASHPRE_PRELOAD_KEEP_H
#define CRASHPRE_PRELOAD_KEEP_H

#include <link.h>
#include <stddef.h>

/* Returns a NUL-terminated copy of `n` bytes, valid for the life of the process; NULL if no space is left. */
const char *keep_string(const char *s, size_t n);

/* Returns a NUL-terminated copy of `n` bytes of `s` followed by `more`, likewise. */
const char *keep_joined(const char *s, size_t n, const char *more);

/* Copies "NAME=value" for the helper's environment. */
void keep_for_helper(const char *entry, size_t n);

/* Fills envp, in the format of execve(2), with the environment kept for the helper: at most `room` pointers including
 * the final NULL. */
void keep_helper_environment(char **envp, size_t room);

/* Reads AT_PAGESZ from the auxiliary vector (getauxval(3)). Called at load time. */
void keep_read_page_size(const ElfW(auxv_t) * auxv);

/* In bytes; ARCH_PAGE_MIN before keep_read_page_size(). */
size_t keep_page_size(void);

/* Makes all SEALED_DATA (startup.h) read-only. Called at the end of the load. An error is ignored: the data remains writable. */
void keep_seal(void);

#endif
