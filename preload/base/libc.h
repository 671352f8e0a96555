/* SPDX-License-Identifier: MIT */
/* preload/base/libc.h: what program/ and facts/ use of the C library.
 *
 * The library has no DT_NEEDED and no version needs, so that it loads into programs of any glibc, older ones than it was built
 * with, and of musl. All references are weak and unversioned; what is missing is null and done without. glibc binds an
 * unversioned reference to the oldest version of a name (elf/dl-lookup.c: do_lookup_x()), so only names with one version are
 * listed here; the others are looked up by next.h. A test compares this with libc.
 */
#ifndef CRASHPRE_PRELOAD_LIBC_H
#define CRASHPRE_PRELOAD_LIBC_H

#include <errno.h>
#include <fnmatch.h>
#include <gnu/libc-version.h>
#include <link.h>
#include <stdio.h>

#pragma weak __errno_location
#pragma weak fnmatch
#pragma weak gnu_get_libc_version
#pragma weak dl_iterate_phdr
#pragma weak vsnprintf
#pragma weak _r_debug
#pragma weak __environ
#pragma weak _dl_debug_addr

/* at_quick_exit() and pthread_atfork() are linked statically and require start-up files with which this library is not
 * linked. */
int __cxa_at_quick_exit(void (*fn)(void *), void *unused) __attribute__((weak));
int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void), void *unused)
        __attribute__((weak));
extern char **__environ;
extern struct r_debug *_dl_debug_addr; /* musl's _r_debug */

/* errno, for the callers of interposed functions. */
static inline void set_errno(int value)
{
        if (__errno_location)
                errno = value;
}
static inline int get_errno(void)
{
        return __errno_location ? errno : 0;
}

#endif
