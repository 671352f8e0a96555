/* SPDX-License-Identifier: MIT */
/* unwind/core/terms/signames.h: names of signals and of their codes, as <signal.h> and asm-generic/siginfo.h spell them.
 *
 * Async-signal-safe. The names are static.
 */
#ifndef CRASHPRE_UNWIND_CORE_SIGNAMES_H
#define CRASHPRE_UNWIND_CORE_SIGNAMES_H

#include <stdbool.h>
#include <stdint.h>

/* A signal in a set of 64 bits, as the kernel counts them: bit n - 1 is signal n. */
#define SIGNAL_BIT(sig) (UINT64_C(1) << ((sig)-1))

/* "SIGSEGV"; NULL for real-time and unknown signals. */
const char *signames_signal(int sig);

/* si_code of a SIGSYS that a seccomp filter sent: asm-generic/siginfo.h; glibc 2.36 has no name for it. */
#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

/* "SEGV_MAPERR", "SI_USER"; NULL unknown. */
const char *signames_code(int sig, int code);

/* Was it sent by kill(), sigqueue() or raise(), so that si_pid and si_uid name the sender (sigaction(2))? */
bool signames_has_sender(int code);

/* Is si_addr the address of a fault? Not for SI_KERNEL (x86: general protection), where the processor does not tell. */
bool signames_has_address(int sig, int code);

#endif
