/* SPDX-License-Identifier: MIT */
/* preload/raw/message.h: what the program said as it gave up: an assertion's text, glibc's verdict on the heap or stack, the C++
 * run-time's on a call.
 *
 * Signal context: async-signal-safe. Needs probe_begin(), memmap_read(), the frames and exception_find().
 */
#ifndef CRASHPRE_PRELOAD_MESSAGE_H
#define CRASHPRE_PRELOAD_MESSAGE_H

#include "preload/raw/crash.h"

/* Fills c->message, cut at its size and without newlines at its end; "" where nothing was said. Only a process that
 * aborts itself says anything. */
void message_find(struct crash *c);

#endif
