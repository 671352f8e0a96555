/* SPDX-License-Identifier: MIT */
/* unwind/target/self.h: the calling process as a target: no thread is stopped; memory is read by process_vm_readv(2)
 * on the process itself, so that bad addresses cause errors and no signals. For tests, and for a helper that reports
 * on itself. Not async-signal-safe. */
#ifndef CRASHPRE_UNWIND_SELF_H
#define CRASHPRE_UNWIND_SELF_H

#include "unwind/target/target.h"

#include <ucontext.h>

/* Creates a target with one thread, the calling one, whose registers are those of `uc` (getcontext(3) in a function
 * that is still active, or a signal handler's). Memory is cached from the first read on, like that of a stopped
 * process: make a new target to see changes. Returns 0 and a new target in *out, or -errno. */
int self_open(const ucontext_t *uc, struct target **out);

#endif
