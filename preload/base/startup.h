/* SPDX-License-Identifier: MIT */
/* preload/base/startup.h: two groups of data.
 *
 * STARTUP_DATA is touched at each program start: a page fault for each variable would cost as much as several system calls, and
 * the start-up of a preloaded /bin/true may take at most 3 % longer (make bench).
 *
 * SEALED_DATA is written at load time only and is read-only from keep_seal() on (preload/sealed.ld): the program's stray writes
 * cannot change what the crash path relies on. SEALED_LATE is the same for large objects, which follow, so that start-up touches
 * few pages.
 */
#ifndef CRASHPRE_PRELOAD_STARTUP_H
#define CRASHPRE_PRELOAD_STARTUP_H

#define STARTUP_DATA __attribute__((section(".data.startup")))
#define SEALED_DATA __attribute__((section("sealed")))
#define SEALED_LATE __attribute__((section("sealed.late")))

#endif
