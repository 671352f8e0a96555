/* SPDX-License-Identifier: MIT */
/* preload/signal/mask.h: what the application believes to have blocked.
 *
 * The kernel asks no handler about a fault whose signal the thread has blocked: it takes the default action and kills
 * (kernel/signal.c: force_sig_info_to_task()). Programs block all signals in their worker threads, and a handler runs
 * with its own signal blocked. So the watched hardware signals stay unblocked in the kernel where the application has
 * blocked them, as long as what it believes can be told from the kernel's mask alone, since that is what siglongjmp(),
 * setcontext(), fork(), new threads and the return from a handler carry along:
 *
 * - Everything blocked. A mask made by sigfillset(3) is known by the real-time signals in its middle. Of such a mask
 *   SIGSTKFLT, which Linux never sends, is the sign: in the kernel's mask it says that all hardware signals are believed
 *   to be blocked; without it they are what the kernel says, and SIGSTKFLT itself is believed to be blocked.
 * - In a handler that we call for the application (dispatch.h) SIGSTKFLT says that the handler's record knows which
 *   hardware signals are believed to be blocked. A handler left by siglongjmp() takes the sign away with it.
 *
 * Every other mask is the kernel's, bit for bit. A hardware signal that somebody sends while it is believed to be
 * blocked is put back and really blocked (handler.c), and so stays pending for sigwait(3) and signalfd(2).
 *
 * Masks are the kernel's: bit n-1 for signal n. Signal context: async-signal-safe, no thread-local storage.
 */
#ifndef CRASHPRE_PRELOAD_MASK_H
#define CRASHPRE_PRELOAD_MASK_H

#include "preload/signal/actions.h"

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/* `hardware`: the watched ones of HARDWARE_SIGNALS. At load; the mask inherited from outside is taken as believed. */
void mask_init(uint64_t hardware);

/* From here on masks are what the kernel says. */
void mask_leave(void);

/* The kernel's mask for one that the application asks for, outside of its handlers; and what it believes of such a
 * mask. They are the inverse of each other, but for one case: a mask that sigfillset(3) made and sigdelset(3) took
 * SIGSTKFLT from reads back with it. */
uint64_t mask_to_kernel(uint64_t believed);
uint64_t mask_from_kernel(uint64_t kernel);

/* What this thread believes when `kernel` is its mask. */
uint64_t mask_believed(uint64_t kernel);

/* Everything blocked but what the processor raises: a fault of the crash path must come back to it (guard.h). *before:
 * the kernel's mask until now; may be NULL. */
void mask_for_crash_path(uint64_t *before);

/* The kernel's mask of an interrupted context, and its change (libc's sigset is longer than the kernel's). */
uint64_t mask_of_context(const ucontext_t *uc);
void mask_put_in_context(ucontext_t *uc, uint64_t mask);

/* Does the sign say that `kernel` may be the mask of a handler that we call? */
bool mask_in_handler(uint64_t kernel);

/* sigprocmask(2) on the masks that the application believes. 0 or -errno. */
int mask_change(int how, const uint64_t *set, uint64_t *old);

/* The mask of a stand-in for a handler of the application: `act` with mask and flags as the kernel shall have them. */
void mask_for_stand_in(int sig, struct action *act);

/* One call of a handler of the application: what it and the interrupted code are to believe, and what the kernel has. */
struct mask_visit {
        uint64_t outer_kernel, outer_believed, inner_believed;
};

/* Before the handler's record is made (dispatch_begin()), whose `held` is the return value. `outer` is the mask of the
 * interrupted code. */
uint64_t mask_visit(struct mask_visit *v, int sig, const struct action *act, uint64_t outer);

/* Then: puts the handler's mask in force. `recorded`: there is a record. */
void mask_enter(const struct mask_visit *v, int sig, const struct action *act, bool recorded);

/* For something that passes on this thread's mask without us, such as exec(3): makes the kernel's mask what is
 * believed; or for a new thread, which has no part in the records of our handlers. true: it was something else, which
 * mask_disguise() brings back. */
bool mask_undisguise(uint64_t *was);
bool mask_undisguise_for_thread(uint64_t *was);
void mask_disguise(const uint64_t *was);

/* For a thread whose mask libc set past us: the kernel's is what is believed until now. */
void mask_adopt(void);

#endif
