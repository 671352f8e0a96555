/* SPDX-License-Identifier: MIT */
/* unwind/target/process.h: a live process as a target: every thread stopped by ptrace, memory, modules, registers.
 *
 * Call order: process_attach() -> process_load() -> unwind_threads() (unwind.h) -> process_release_thread() or
 * process_release_all() -> ... -> target_free(), which detaches all threads still held. Not async-signal-safe.
 */
#ifndef CRASHPRE_UNWIND_PROCESS_H
#define CRASHPRE_UNWIND_PROCESS_H

#include "unwind/target/target.h"

/* Stops every thread of `pid` by PTRACE_SEIZE and PTRACE_INTERRUPT (ptrace(2)): lists the tasks repeatedly until none
 * is new, drops those that vanish, waits until `deadline_ns` (CLOCK_MONOTONIC) at most; a thread that has not stopped
 * by then, or 250 ms after all others (uninterruptible sleep), is kept without registers. Threads that the kernel added for its own
 * work (io_uring) are no threads of the target. Returns 0 and a new target
 * in *out; else -errno and a message in `why`: the competing tracer's pid and name, or the remedy (ptrace_scope,
 * CAP_SYS_PTRACE, seccomp). */
int process_attach(pid_t pid, uint64_t deadline_ns, struct target **out, char *why, size_t why_size);

/* Reads mappings, modules and thread names of the stopped process. May be repeated. Returns 0 or -errno. */
int process_load(struct target *t);

/* Without ptrace: opens maps, modules and (if permitted) memory of a running process; includes process_load(). The
 * target has no threads. Returns and `why` as for process_attach(). */
int process_open(pid_t pid, struct target **out, char *why, size_t why_size);

/* Moves thread `tid` to the front of t->threads and sets its registers to those at the crash (the stopped thread
 * itself is in the signal handler): known registers replace those read by ptrace. Returns 0 or -ESRCH. */
int process_set_crash(struct target *t, pid_t tid, const struct arch_registers *regs);

/* Detaches one thread; the others remain stopped. Returns 0 or -errno. */
int process_release_thread(struct target *t, pid_t tid);

/* Detaches all threads; a signal that was about to be delivered to a thread is delivered by the detach. Memory copied
 * so far remains readable. */
void process_release_all(struct target *t);

/* Whether threads other than `tid` are held. */
bool process_holds_others(struct target *t, pid_t tid);

/* Lets all held threads but `tid` wait for the end of the process at `pc`, code of the process that waits without a stack, with
 * all signals blocked, and detaches them: nothing need hold them any more. To be called where no core is written, which would show
 * the threads there. Returns 0 or -errno; after an error the threads are held as before, or some of them are parked. */
int process_park_others(struct target *t, pid_t tid, uint64_t pc);

/* Called after the crashing thread was released: collects the threads still held until the process has ended or
 * `deadline_ns` has passed; then detaches the rest. */
void process_hold_until_death(struct target *t, uint64_t deadline_ns);

/* Returns how many memory fetches were made and how many pages they read: for benchmarks and diagnostics. */
struct process_counts {
        uint64_t reads, pages;
};
struct process_counts process_counts(const struct target *t);

#endif
