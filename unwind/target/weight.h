/* SPDX-License-Identifier: MIT */
/* unwind/target/weight.h: makes this process, not the crashed one, the kernel's choice if memory is short. Not async-signal-safe. */
#ifndef CRASHPRE_UNWIND_WEIGHT_H
#define CRASHPRE_UNWIND_WEIGHT_H

/* Called before this or the crashed process takes more memory. Errors are ignored: the process then weighs less. */
void weight_take(void);

/* Called in a child of such a process, which then weighs as much. Where weight_take() was not called, it does nothing. */
void weight_renew(void);

/* Called before fork(2): takes some memory and returns it. If there is none, this process is killed now, and not when it has a child
 * that does not weigh anything yet. */
void weight_try(void);

/* Called by a process while its child, which takes more memory, is at work: the child is to be the first choice, since the parent can
 * go on without it. Until weight_renew(). */
void weight_drop(void);

#endif
