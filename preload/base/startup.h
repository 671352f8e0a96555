/* SPDX-License-Identifier: MIT */
/* preload/base/startup.h: groups the data that is touched at each program start: a page fault for each variable would
 * cost as much as several system calls, and the start-up of a preloaded /bin/true may take at most 3 % longer (make
 * bench).
 */
#ifndef CRASHPRE_PRELOAD_STARTUP_H
#define CRASHPRE_PRELOAD_STARTUP_H

#define STARTUP_DATA __attribute__((section(".data.startup")))

#endif
