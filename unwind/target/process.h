/* SPDX-License-Identifier: MIT */
/* unwind/target/process.h: a live process as a target: every thread stopped by ptrace, memory, modules, registers.
 *
 * The order of calls: process_attach() -> process_load() -> unwind_threads() (unwind.h) -> process_release_thread()
 * or process_release_all() -> ... -> target_free(), which lets go of whatever is still held. Not async-signal-safe.
 */
#ifndef CRASHPRE_UNWIND_PROCESS_H
#define CRASHPRE_UNWIND_PROCESS_H

#include "unwind/target/target.h"

/* Stops every thread of `pid` by PTRACE_SEIZE and PTRACE_INTERRUPT (ptrace(2)): lists the tasks again until none is
 * new, drops those that vanish, waits until `deadline_ns` (CLOCK_MONOTONIC) at most; a thread that has not stopped by
 * then, or for 250 ms after all others (uninterruptible sleep), is kept without registers. 0 and a new target in *out;
 * else -errno and a sentence for people in `why`: the competing tracer's pid and name, or the remedy (ptrace_scope,
 * CAP_SYS_PTRACE, seccomp). */
int process_attach(pid_t pid, uint64_t deadline_ns, struct target **out, char *why, size_t why_size);

/* Reads what the stopped process is made of: mappings, modules, names of the threads. Harmless to repeat. 0 or
 * -errno. */
int process_load(struct target *t);

/* Without ptrace: maps, modules and (where allowed) memory of a process that runs on. Same results, no threads;
 * process_load() is part of it. */
int process_open(pid_t pid, struct target **out, char *why, size_t why_size);

/* Puts thread `tid` first in t->threads and gives it the registers of the crash (the stopped thread itself stands in
 * the handler): known registers replace those read by ptrace. 0 or -ESRCH. */
int process_set_crash(struct target *t, pid_t tid, const struct arch_registers *regs);

/* Detaches one thread; the others stay stopped. 0 or -errno. */
int process_release_thread(struct target *t, pid_t tid);

/* Detaches all threads; a signal that was about to be delivered to one is put back. Memory copied so far stays
 * readable. */
void process_release_all(struct target *t);

/* After the crashing thread was released: collects the threads still held until the process has ended or
 * `deadline_ns` passed; then lets go. */
void process_hold_until_death(struct target *t, uint64_t deadline_ns);

/* How many fetches of memory and how many pages were needed: for benchmarks and diagnostics. */
struct process_counts {
        uint64_t reads, pages;
};
struct process_counts process_counts(const struct target *t);

#endif
