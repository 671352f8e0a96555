/* SPDX-License-Identifier: MIT */
/* preload/crash/deliver.h: delivers a watched signal to the application's handler, as the kernel would have.
 *
 * Signal context: async-signal-safe, no thread-local storage. Makes no system call, except for SA_RESETHAND and for
 * SIGABRT.
 */
#ifndef CRASHPRE_PRELOAD_DELIVER_H
#define CRASHPRE_PRELOAD_DELIVER_H

#include "preload/signal/actions.h"
#include "preload/signal/dispatch.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <ucontext.h>

/* Called at load time with the size of this library's alternate stacks, by which they are recognized (altstack.h). */
void deliver_init(size_t size);

/* Prepares the call of the handler of `a`. Returns its address, to be entered on the signal frame of `uc`. If the handler is to
 * run on another stack than the kernel chose, enters it there and does not return. Returns NULL if that is not possible:
 * without this library the kernel would have killed the process. */
void *deliver(const struct action *a, int sig, siginfo_t *info, ucontext_t *uc);

/* A handler of SIGABRT may return to abort(), which then kills the process by a direct system call. So this library sends
 * itself a signal that stays pending until the handler has returned: SIGSTKFLT, with this value. Returns true if `info` is that
 * of such a signal, and sets *abort to the record of the SIGABRT if the handler has returned indeed, to abort->sig 0 if it was
 * left by siglongjmp(). */
bool deliver_is_end_of_abort(int sig, const siginfo_t *info, const ucontext_t *uc, struct dispatch *abort);

/* Takes back such a signal, which execve(2) would leave pending for the new program. No system call if there is none. */
void deliver_forget_abort(void);

#endif
