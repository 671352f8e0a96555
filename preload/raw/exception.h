/* SPDX-License-Identifier: MIT */
/* preload/raw/exception.h: which C++ exception, if any, the process is dying of.
 *
 * Signal context: async-signal-safe. Needs probe_begin(), memmap_read() and the frames.
 */
#ifndef CRASHPRE_PRELOAD_EXCEPTION_H
#define CRASHPRE_PRELOAD_EXCEPTION_H

#include "preload/raw/crash.h"

/* Fills c->terminate, c->uncaught, c->exception: from what the std::terminate hook noted, or, where there was no
 * run-time to hook (linked statically, or loaded by a plugin for itself), from the stack of the thread that aborts. */
void exception_find(struct crash *c);

/* The frame whose function is the dynamic symbol `name` of the frame's own module, among the innermost ones; -1
 * none. */
int exception_frame_of(const struct crash *c, const char *name);

#endif
