/* SPDX-License-Identifier: MIT */
/* preload/signal/dispatch.h: records of the signals for which handlers of the application were called: of the watched ones.
 *
 * A handler is entered by a jump and returns to the kernel, so nothing tells when it ends, and no record is ever released: it
 * is used again by a later call in the same thread whose signal frame lies over that of the first, or the oldest is
 * overwritten. Whether a handler still runs is seen from the stack: its signal frame lies above the stack pointer ("stands"),
 * or, for certain, the stack trace passes through it.
 *
 * Signal context: async-signal-safe, no thread-local storage, no system call unless a function says so. Records are read and
 * written by the thread that they belong to; a record that another thread overwrites at that moment is as good as lost.
 */
#ifndef CRASHPRE_PRELOAD_DISPATCH_H
#define CRASHPRE_PRELOAD_DISPATCH_H

#include "unwind/core/terms/wire.h"

#include <signal.h>
#include <stdbool.h>
#include <ucontext.h>

/* A signal that a handler was called for. */
struct dispatch {
        int sig;
        siginfo_t info;
        uint64_t uc;          /* address of the context in its signal frame */
        uint64_t pc, sp;      /* where the signal interrupted the thread */
        uint64_t trap, error; /* arch_context_trap(), arch_context_fault_error() */
};

/* Called at load time. Makes a system call. */
void dispatch_init(void);

/* Hardware signals and SIGSTKFLT that the application has blocked (mask.h): in a handler, and in the code that it interrupts;
 * whether the kernel has SIGSTKFLT blocked in the latter. */
struct dispatch_mask {
        uint64_t held, outer;
        bool nested;
};

/* Records that the application's handler is about to run on the signal frame of `uc`. */
void dispatch_begin(int sig, const siginfo_t *info, const ucontext_t *uc, const struct dispatch_mask *mask);

/* Called by a new thread: records with its key are those of one that has ended. */
void dispatch_thread_begins(void);

/* Whether there is any record of this process or of one that it was forked from. */
bool dispatch_any(void);

/* Whether a signal frame of this thread stands, if its stack pointer is `sp`. A frame that a handler left by siglongjmp(), or
 * by returning, may seem to. */
bool dispatch_stands(uint64_t sp);

/* Whether there is any record of this thread. */
bool dispatch_known(void);

/* Whether the last handler of this thread was called on that alternate stack and has `sig` blocked. */
bool dispatch_last_blocks(const void *stack, int sig);

/* Get and set the hardware signals, and SIGSTKFLT, that the application has blocked where the kernel's mask contains SIGSTKFLT
 * (mask.h): in this thread's innermost handler that stands, in one that was left by longjmp(), which leaves its mask behind, or
 * in the code that was interrupted. Return false if no record of the thread exists, or if the application had SIGSTKFLT blocked
 * itself when it was made, so that it may have returned, although it seems to stand. In a vfork child dispatch_held() returns
 * the parent's set, and dispatch_hold(), which makes a system call, false. */
bool dispatch_held(uint64_t sp, uint64_t *held);
bool dispatch_hold(uint64_t sp, uint64_t held);

/* The application has blocked SIGSTKFLT itself, which was not blocked in the kernel. */
void dispatch_hold_anew(uint64_t sp, uint64_t held);

/* As the first two, but nothing where no handler stands. */
bool dispatch_held_by_standing(uint64_t sp, uint64_t *held);
void dispatch_hold_by_standing(uint64_t sp, uint64_t held);

/* Called in a forked child, whose records were its parent's. */
void dispatch_forked(void);

/* Copies to *out the signal of the innermost handler of the application in the stack trace of this thread. Returns false if
 * there is none, or if it was delivered to another process, which forked this one. Requires probe_begin() and
 * memmap_read(). Makes system calls. */
bool dispatch_on_stack(const struct wire_frame *frame, uint32_t count, struct dispatch *out);

/* The same for a handler that has returned to where it was called: the last one of this thread for a signal `sig` at this pc
 * and sp. */
bool dispatch_returned(int sig, uint64_t pc, uint64_t sp, struct dispatch *out);

#endif
