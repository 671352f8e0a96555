/* SPDX-License-Identifier: MIT */
/* preload/raw/message.h: finds the message with which the program aborted: the text of an assertion, of glibc's heap
 * and stack checks, of the C++ run-time.
 *
 * Signal context: async-signal-safe. Requires probe_begin(), memmap_read(), the frames and exception_find().
 */
#ifndef CRASHPRE_PRELOAD_MESSAGE_H
#define CRASHPRE_PRELOAD_MESSAGE_H

#include "preload/raw/crash.h"

/* Fills c->message, truncated to its size and without trailing newlines; "" if there is no message. Only a process that
 * aborts itself has one. */
void message_find(struct crash *c);

#endif
