/* SPDX-License-Identifier: MIT */
/* preload/program/aborts.h: abort() of the application. */
#ifndef CRASHPRE_PRELOAD_ABORTS_H
#define CRASHPRE_PRELOAD_ABORTS_H

/* Finds libc's abort(). Called once, at load, before the application can call ours. */
void aborts_init(void);

#endif
