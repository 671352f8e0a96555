/* SPDX-License-Identifier: MIT */
/* unwind/core/terms/signames.h: names of signals and of their codes, as spelled in <signal.h> and
 * asm-generic/siginfo.h.
 *
 * Async-signal-safe. The returned names are static.
 */
#ifndef CRASHPRE_UNWIND_CORE_SIGNAMES_H
#define CRASHPRE_UNWIND_CORE_SIGNAMES_H

#include <stdbool.h>
#include <stdint.h>

/* A signal in a set of 64 bits, as the kernel counts them: bit n - 1 is signal n. */
#define SIGNAL_BIT(sig) (UINT64_C(1) << ((sig)-1))

/* Returns the name, as "SIGSEGV"; NULL for real-time and unknown signals. */
const char *signames_signal(int sig);

/* si_code of a SIGSYS sent by a seccomp filter: asm-generic/siginfo.h; glibc 2.36 does not define it. */
#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

/* Returns the name of an si_code, as "SEGV_MAPERR" or "SI_USER"; NULL if unknown. */
const char *signames_code(int sig, int code);

/* True if the signal was sent by kill(), sigqueue() or raise(), so that si_pid and si_uid identify the sender
 * (sigaction(2)). */
bool signames_has_sender(int code);

/* True if si_addr is the address of a fault. False for SI_KERNEL (x86: general protection), for which the processor
 * does not report an address. */
bool signames_has_address(int sig, int code);

#endif
