/* SPDX-License-Identifier: MIT */
/* unwind/core/terms/errwords.h: what strerror(3) says of an error, for code that may not call libc. */
#ifndef CRASHPRE_UNWIND_CORE_ERRWORDS_H
#define CRASHPRE_UNWIND_CORE_ERRWORDS_H

/* Returns glibc's text for a (positive) errno of a call that starts a process or opens a file, static; NULL for others.
 * Async-signal-safe. */
const char *errwords(int err);

#endif
