/* SPDX-License-Identifier: MIT */
/* preload/program/terminate.h: the std::terminate hook: records the uncaught exception before std::terminate aborts. */
#ifndef CRASHPRE_PRELOAD_TERMINATE_H
#define CRASHPRE_PRELOAD_TERMINATE_H

/* Installs a terminate handler if the program has loaded libstdc++ or libc++; does nothing otherwise. Not
 * async-signal-safe. */
void terminate_hook(void);

#endif
