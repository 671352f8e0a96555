/* SPDX-License-Identifier: MIT */
/* preload/signal/actions.h: the signal actions as the application set them.
 *
 * For each watched signal the kernel's action is this library's handler, while the application reads back the action it
 * set. This includes hardware signals that the application ignores, since the kernel kills the process for a fault
 * whose signal is ignored without calling a handler (kernel/signal.c: force_sig_info_to_task()), and SIGABRT, which
 * abort(3) sends in any case. Programs started by exec(3) inherit ignored signals, so the kernel's actions are set to
 * SIG_IGN before that (actions_ignore_in_kernel()). All other actions are passed to the kernel unchanged.
 *
 * The application's action is stored in the kernel itself: its handler and what differs of flags and mask are encoded in
 * sa_restorer (struct action_word), which the kernel returns to sigaction(2) and hands to the handler. So there is no table,
 * no lock and no further system call, and what fork(), vfork() and clone() do to actions is what the kernel does.
 *
 * Which stack: this library's handler has SA_ONSTACK, for the sake of stack overflows, as long as every alternate stack is this
 * library's (altstack.h). Once the application has called sigaltstack(), its handlers have exactly its flags, because the
 * kernel must not write to memory that was not given for this signal. The default action, for which a kernel without this
 * library writes nothing, then has no SA_ONSTACK either; except that of SIGSEGV, for stack overflows: the process dies of it
 * in any case, and if that stack is gone, the death is by SIGSEGV all the same, without a report.
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

/* What an application's sigaction() set; `handler` may be SIG_DFL or SIG_IGN. Flags and mask as the kernel would return
 * them. */
struct action {
        void *handler;
        unsigned long flags;
        uint64_t mask;
};

/* Installs the handler `entry` (arch.h: ARCH_SIGNAL_ENTRY) for each watched signal whose current action is the default
 * or to be ignored, and, if a hardware signal or SIGABRT is among them, for SIGSTKFLT (mask.h, deliver.h). Called once, at load time. Returns the
 * signals for which this succeeded. */
uint64_t actions_install(uint64_t watched, void (*entry)(int, siginfo_t *, ucontext_t *));

/* Restores the actions the application set; the library handles no signal afterwards. */
void actions_uninstall(void);

bool actions_watched(int sig);

/* sigaction(2) on the application's actions; either pointer may be NULL. One system call. Returns 0 or -errno. */
int actions_set(int sig, const struct action *act, struct action *old);

/* The application's action at the time of delivery, for the handler, from the `restorer` that it was given. The mask is not
 * complete: the signals of mask_parts() only. */
struct action actions_delivered(int sig, uint64_t restorer);

/* For SA_RESETHAND: resets the action to the default as the handler is entered. */
void actions_reset(int sig);

/* Called when the application sets up an alternate stack. */
void actions_altstack_used(void);

/* Sets the kernel's action to SIG_IGN for those of DEADLY_THOUGH_IGNORED that the application ignores. Called before
 * exec(3), because the new program inherits ignored signals. Returns those signals, for actions_watch_again() where this process
 * goes on. */
uint64_t actions_ignore_in_kernel(void);
void actions_watch_again(uint64_t ignored);

/* Sets the kernel's action to the default: the process is about to die of `sig`. Returns 0 or -errno. */
int actions_kernel_default(int sig);

/* Ignores all signals that would kill the process by default, except those by which a user or a supervisor ends a
 * program (INT, TERM, HUP, QUIT): the process is dying of another signal, and its other threads, which are not yet
 * stopped, do not block them. Not undone. */
void actions_ignore_killers(void);

#endif
