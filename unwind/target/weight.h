/* SPDX-License-Identifier: MIT */
/* unwind/target/weight.h: makes this process, not the crashed one, the kernel's choice if memory is short. Not async-signal-safe. */
#ifndef CRASHPRE_UNWIND_WEIGHT_H
#define CRASHPRE_UNWIND_WEIGHT_H

/* Called before this or the crashed process takes more memory. Errors are ignored: the process then weighs less. */
void weight_take(void);

/* Called in a child of such a process; elsewhere it does nothing. A child that takes more memory than its parent then is the first
 * choice, and the parent can go on without it. */
void weight_renew(void);

#endif
