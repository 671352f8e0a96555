/* SPDX-License-Identifier: MIT */
/* report/fault/fault.h: from what the kernel said about a crash to the words of the report. */
#ifndef CRASHPRE_REPORT_FAULT_H
#define CRASHPRE_REPORT_FAULT_H

#include "report/model/model.h"
#include "unwind/core/image/fault_look.h"
#include "unwind/core/terms/wire.h"
#include "unwind/target/target.h"

/* A crash as the dying process described it, in the wire message or in its raw report. */
struct crash_facts {
        int signal;               /* 0: a report on request */
        int code;                 /* si_code */
        struct known_u64 address; /* si_addr, where the signal has one */
        struct known_int sender_pid, sender_uid;
        struct known_int syscall;
        bool syscall_foreign; /* by the numbers of another processor or mode: int $0x80, x32 */
        uint64_t trap, error; /* trap number and page-fault error code, 0 unknown */
        pid_t pid;
        bool uncaught_exception, terminate;
        struct arch_registers regs; /* of the crashing thread, at the fault */
};

/* Reads siginfo and the rest; nothing in `wire` is believed beyond its size. */
void fault_facts_from_wire(const struct wire_crash *wire, struct crash_facts *out);

/* The facts as the first look takes them (unwind/core/image/fault_look.h); `t` (may be NULL) gives mappings and frames. What
 * `out` points to lives as long as `facts`. */
void fault_fill_look(const struct crash_facts *facts, const struct target *t, struct fault_look *out);

struct examination;

/* Fills report->signal, report->fault and report->cause.kind. `t` (may be NULL) gives the mappings and, in
 * threads[0], the frames of the crashing thread; `seen` (may be NULL) what the code at the crash was about
 * (examine.h). Goes by report->cause.message and the names of report->threads[0]'s frames too, so that it comes
 * after them. A class that is there already, the raw report's, stays where none is found. */
void fault_classify(struct report *report, const struct crash_facts *facts, const struct target *t,
                    const struct examination *seen);

/* Among the crashing thread's `n` innermost frames the first of that function, parameters or not; NULL: none, or an
 * interrupted one. Aliases of libc ("__GI_abort") count as what they stand for. */
const struct report_frame *fault_frame_of(const struct report *report, const char *function, size_t n);

/* "SIGSEGV", "SIGRTMIN+3", from the report's pool; NULL unknown. */
const char *fault_signal_name(struct report *report, int signal);

#endif
