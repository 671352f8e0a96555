/* SPDX-License-Identifier: MIT */
/* preload/raw/exception.h: finds the C++ exception, if any, that ends the process.
 *
 * Signal context: async-signal-safe. Requires probe_begin(), memmap_read() and the frames.
 */
#ifndef CRASHPRE_PRELOAD_EXCEPTION_H
#define CRASHPRE_PRELOAD_EXCEPTION_H

#include "preload/raw/crash.h"

/* Fills c->terminate, c->uncaught, c->exception: from the record of the std::terminate hook or, if no run-time could be
 * hooked (linked statically, or loaded privately by a plugin), from the stack of the thread that aborts. */
void exception_find(struct crash *c);

/* The index of the frame, among the innermost ones, whose function is the dynamic symbol `name` of the frame's module;
 * -1 if none. */
int exception_frame_of(const struct crash *c, const char *name);

#endif
