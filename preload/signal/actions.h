/* SPDX-License-Identifier: MIT */
/* preload/signal/actions.h: what the application believes its signal actions to be.
 *
 * For each watched signal the kernel holds our handler while the application reads back what it set. It does so for
 * hardware signals that the application ignores, too: the kernel kills for a fault whose signal is ignored, without
 * asking anybody (kernel/signal.c: force_sig_info_to_task()); and for SIGABRT, which abort(3) sends in any case.
 * Programs started by exec(3) inherit what is ignored, so before that the kernel is told
 * (actions_ignore_in_earnest()). Everything else goes to the kernel as it is.
 *
 * Signal context: async-signal-safe, as sigaction(2) has to be; readable while a crash is under way.
 */
#ifndef CRASHPRE_PRELOAD_ACTIONS_H
#define CRASHPRE_PRELOAD_ACTIONS_H

#include "preload/base/syscalls.h"
#include "unwind/core/terms/signames.h"

#include <stdbool.h>

/* Signals the processor raises: left open in our handler, so that a fault in the crash path itself comes back to it. */
#define HARDWARE_SIGNALS                                                                                            \
        (SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) | \
         SIGNAL_BIT(SIGSYS))

/* Those that end a process although it ignores them. */
#define DEADLY_THOUGH_IGNORED (HARDWARE_SIGNALS | SIGNAL_BIT(SIGABRT))

/* What an application's sigaction() set; `handler` may be SIG_DFL or SIG_IGN. Flags and mask as it gave them. */
struct action {
        void *handler;
        unsigned long flags;
        uint64_t mask;
};

/* Takes over the watched signals: each whose present action is the default one gets our handler. Called once, at
 * load. Returns those that could be had. */
uint64_t actions_install(uint64_t watched, void (*entry)(int, siginfo_t *, ucontext_t *));

/* Gives back what the application believes to have: after this the library watches nothing. */
void actions_uninstall(void);

bool actions_watched(int sig);

/* sigaction(2) with kernel semantics on action structs: either pointer may be NULL. 0 or -errno. */
int actions_set(int sig, const struct action *act, struct action *old);

/* The present action of a watched signal, for the handler. */
struct action actions_get(int sig);

/* SA_RESETHAND: the action returns to default as the handler is entered. */
void actions_reset(int sig);

/* Makes the kernel ignore those of DEADLY_THOUGH_IGNORED that the application ignores, from now on: something is about
 * to be started that inherits them. */
void actions_ignore_in_earnest(void);

/* Makes the kernel's own action the default, past the table: the process is about to die of `sig`. 0 or -errno. */
int actions_kernel_default(int sig);

/* Makes the process deaf to signals that would kill it by default, but for those by which a person or a supervisor
 * ends a program (INT, TERM, HUP, QUIT): it is dying of another one, and its other threads, not yet stopped, would
 * let them through. Not undone. */
void actions_ignore_killers(void);

/* The process whose beliefs the table holds: called at load and by fork(3) in the child. A process that finds
 * another's pid here shares its parent's memory (vfork, posix_spawn, clone with CLONE_VM) or came from a bare system
 * call: what it sets is its own affair and goes to the kernel alone, past the table. */
void actions_set_owner(int pid);

#endif
