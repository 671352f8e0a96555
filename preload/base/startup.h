/* SPDX-License-Identifier: MIT */
/* preload/base/startup.h: data that every start of every program touches, kept together: a page fault each costs as much
 * as several system calls, and the budget of a preloaded /bin/true is 3 % (make bench).
 */
#ifndef CRASHPRE_PRELOAD_STARTUP_H
#define CRASHPRE_PRELOAD_STARTUP_H

#define STARTUP_DATA __attribute__((section(".data.startup")))

#endif
