/* SPDX-License-Identifier: MIT */
/* preload/signal/actions.h: the signal actions as the application set them.
 *
 * For each watched signal the kernel's action is this library's handler, while the application reads back the action it
 * set. This includes hardware signals that the application ignores, since the kernel kills the process for a fault
 * whose signal is ignored without calling a handler (kernel/signal.c: force_sig_info_to_task()), and SIGABRT, which
 * abort(3) sends in any case. Programs started by exec(3) inherit ignored signals, so the kernel's actions are set to
 * SIG_IGN before that (actions_ignore_in_kernel()). All other actions are passed to the kernel unchanged.
 *
 * Signal context: async-signal-safe, as sigaction(2) has to be; usable during a crash.
 */
#ifndef CRASHPRE_PRELOAD_ACTIONS_H
#define CRASHPRE_PRELOAD_ACTIONS_H

#include "preload/base/syscalls.h"
#include "unwind/core/terms/signames.h"

#include <stdbool.h>

/* Signals raised by the processor: left unblocked in this library's handler, so that a fault in the crash path enters
 * the handler again. */
#define HARDWARE_SIGNALS                                                                                            \
        (SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) | \
         SIGNAL_BIT(SIGSYS))

/* Signals that kill a process although it ignores them. */
#define DEADLY_THOUGH_IGNORED (HARDWARE_SIGNALS | SIGNAL_BIT(SIGABRT))

/* What an application's sigaction() set; `handler` may be SIG_DFL or SIG_IGN. Flags and mask as the application passed
 * them. */
struct action {
        void *handler;
        unsigned long flags;
        uint64_t mask;
};

/* Installs the handler for each watched signal whose current action is the default one. Called once, at load time.
 * Returns the signals for which this succeeded. */
uint64_t actions_install(uint64_t watched, void (*entry)(int, siginfo_t *, ucontext_t *));

/* Restores the actions the application set; the library handles no signal afterwards. */
void actions_uninstall(void);

bool actions_watched(int sig);

/* sigaction(2) with kernel semantics on struct action; either pointer may be NULL. Returns 0 or -errno. */
int actions_set(int sig, const struct action *act, struct action *old);

/* The application's current action of a watched signal, for the handler. */
struct action actions_get(int sig);

/* For SA_RESETHAND: resets the action to the default as the handler is entered. */
void actions_reset(int sig);

/* Sets the kernel's action to SIG_IGN for those of DEADLY_THOUGH_IGNORED that the application ignores. Called before
 * exec(3), because the new program inherits ignored signals. */
void actions_ignore_in_kernel(void);

/* Sets the kernel's action to the default without changing the table: the process is about to die of `sig`. Returns 0
 * or -errno. */
int actions_kernel_default(int sig);

/* Ignores all signals that would kill the process by default, except those by which a user or a supervisor ends a
 * program (INT, TERM, HUP, QUIT): the process is dying of another signal, and its other threads, which are not yet
 * stopped, do not block them. Not undone. */
void actions_ignore_killers(void);

/* Sets the process whose actions the table holds: called at load time and, after fork(3), in the child. A process that
 * finds another pid here shares its parent's memory (vfork, posix_spawn, clone with CLONE_VM) or was created by a bare
 * system call: the actions it sets are passed to the kernel and not stored in the table. */
void actions_set_owner(int pid);

#endif
