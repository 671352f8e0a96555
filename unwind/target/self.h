/* SPDX-License-Identifier: MIT */
/* unwind/target/self.h: our own process as a target: nothing is stopped, memory is read by process_vm_readv(2) on ourselves,
 * so that bad addresses give errors and no signals. For tests, and for a helper that reports on itself. */
#ifndef CRASHPRE_UNWIND_SELF_H
#define CRASHPRE_UNWIND_SELF_H

#include "unwind/target/target.h"

#include <ucontext.h>

/* A target with one thread, the calling one, whose registers are those of `uc` (getcontext(3) in a function that is
 * still active, or a signal handler's). Memory is remembered from the first read on, like that of a stopped process:
 * make a new target to see changes. 0 or -errno. */
int self_open(const ucontext_t *uc, struct target **out);

#endif
