/* SPDX-License-Identifier: MIT */
/* preload/signal/mask.h: the signal mask as the application set it.
 *
 * For a fault whose signal the thread has blocked, the kernel calls no handler: it takes the default action and kills
 * the process (kernel/signal.c: force_sig_info_to_task()). Programs block all signals in their worker threads, and a
 * handler runs with its own signal blocked. So the watched hardware signals stay unblocked in the kernel where the
 * application has blocked them, provided that the application's mask can be decoded from the kernel's mask,
 * because siglongjmp(), setcontext(), fork(), new threads and the return from a handler preserve only the latter:
 *
 * - All signals blocked. A mask made by sigfillset(3) is recognized by the middle real-time signals. If the kernel's mask
 *   contains these, but no hardware signal and not SIGSTKFLT, the application has blocked all of them. SIGSTKFLT, which
 *   Linux never sends, is a watched signal, too: if a process sends it, it is blocked in the kernel (handler.c).
 * - In a handler of the application that blocks some hardware signals, in most cases its own, SIGSTKFLT is blocked in their
 *   place, and the record of the handler (dispatch.h) holds them. siglongjmp() out of a handler restores a mask without it.
 *
 * Any other mask is passed to the kernel unchanged, except that SIGSTKFLT is added to one made by sigfillset(3) from which
 * all hardware signals and SIGSTKFLT were deleted. A hardware signal that a process sends while the application has
 * blocked it is queued again and blocked in the kernel (handler.c), and so stays pending for sigwait(3) and
 * signalfd(2). "Believed" in names below means: as the application set it.
 *
 * Masks have the kernel's format: bit n-1 for signal n. Signal context: async-signal-safe, no thread-local storage.
 */
#ifndef CRASHPRE_PRELOAD_MASK_H
#define CRASHPRE_PRELOAD_MASK_H

#include "preload/signal/actions.h"
#include "preload/signal/dispatch.h"

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/* `hardware`: the watched ones of HARDWARE_SIGNALS. Called at load time; the inherited mask becomes the application's
 * mask. */
void mask_init(uint64_t hardware);

/* Disables the translation: from now on the application's masks are the kernel's. */
void mask_leave(void);

/* Translate a mask of the application, outside of its handlers, to the kernel's mask and back. They are the inverse of
 * each other, except that a mask made by sigfillset(3) from which all hardware signals and SIGSTKFLT were deleted reads
 * back with SIGSTKFLT. */
uint64_t mask_to_kernel(uint64_t believed);
uint64_t mask_from_kernel(uint64_t kernel);

/* The mask as this thread's application code set it, if the kernel's mask is `kernel` and the stack pointer is `sp`;
 * considers the records of handlers. */
uint64_t mask_believed(uint64_t kernel, uint64_t sp);

/* Blocks all signals but those that the processor raises: a fault in the crash path must enter the handler again
 * (guard.h). *before: the previous kernel mask; may be NULL. */
void mask_for_crash_path(uint64_t *before);

/* Get and set the kernel's mask in an interrupted context (libc's sigset is longer than the kernel's). */
uint64_t mask_of_context(const ucontext_t *uc);
void mask_put_in_context(ucontext_t *uc, uint64_t mask);

/* Whether `kernel` may be the mask of a handler of the application whose record must be looked up: it contains SIGSTKFLT.
 * mask_is_ambiguous(): whether the application may have blocked that signal itself, so that a record which seems to stand is no
 * proof. */
bool mask_in_handler(uint64_t kernel);
bool mask_is_ambiguous(uint64_t kernel, uint64_t sp);

/* sigprocmask(2) on the application's mask. One system call, two where the mask cannot be passed on as it is. Returns 0 or
 * -errno. */
int mask_change(int how, const uint64_t *set, uint64_t *old);

/* Changes mask and flags of `act`, an action of the application, to those with which the kernel calls this library's
 * handler. */
void mask_for_stand_in(int sig, struct action *act);

/* For the record of the application's handler `act` of `sig`, which interrupts code at stack pointer `sp` with the kernel's
 * mask `outer`. */
struct dispatch_mask mask_in_new_handler(int sig, const struct action *act, uint64_t outer, uint64_t sp);

/* For a call that passes on this thread's mask without this library, such as exec(3): sets the kernel's mask to the
 * application's. mask_undisguise_for_thread() is for the creation of a thread, to which the handlers' records do not
 * apply. Return true if the kernel's mask, stored in *was, was different and must be restored with mask_disguise(). Make no
 * system call where no mask of this process can be different. */
bool mask_undisguise(uint64_t *was);
bool mask_undisguise_for_thread(uint64_t *was);
void mask_disguise(const uint64_t *was);

/* For a thread whose mask libc set without this library: takes the kernel's mask as the application's and translates
 * it. */
void mask_adopt(void);

#endif
