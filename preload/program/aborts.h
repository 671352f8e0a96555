/* SPDX-License-Identifier: MIT */
/* preload/program/aborts.h: abort() of the application. */
#ifndef CRASHPRE_PRELOAD_ABORTS_H
#define CRASHPRE_PRELOAD_ABORTS_H

/* Looks up libc's abort(). Called once, at load time, before the application can call this library's. */
void aborts_init(void);

#endif
