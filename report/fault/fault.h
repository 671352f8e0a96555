/* SPDX-License-Identifier: MIT */
/* report/fault/fault.h: classifies a crash from the data reported by the kernel. */
#ifndef CRASHPRE_REPORT_FAULT_H
#define CRASHPRE_REPORT_FAULT_H

#include "report/model/model.h"
#include "unwind/core/image/fault_look.h"
#include "unwind/core/terms/wire.h"
#include "unwind/target/target.h"

/* A crash as described by the crashing process, in the wire message or in its raw report. */
struct crash_facts {
        int signal;               /* 0: a report on request */
        int code;                 /* si_code */
        struct known_u64 address; /* si_addr, if the signal has one */
        struct known_int sender_pid, sender_uid;
        struct known_int syscall;
        bool syscall_foreign; /* numbered as for another processor or mode: int $0x80, x32 */
        uint64_t trap, error; /* trap number and page-fault error code, 0 unknown */
        pid_t pid;
        bool uncaught_exception, terminate;
        bool handled;               /* a handler of the program was called for it, and ended the process */
        struct arch_registers regs; /* of the crashing thread, at the fault */
};

/* Reads siginfo and the other members; `wire` may contain arbitrary values. */
void fault_facts_from_wire(const struct wire_crash *wire, struct crash_facts *out);

/* Converts the facts to the input of the first classification (unwind/core/image/fault_look.h); `t` (may be NULL)
 * provides mappings and frames. Pointers in `out` are valid as long as `facts`. */
void fault_fill_look(const struct crash_facts *facts, const struct target *t, struct fault_look *out);

struct examination;

/* Fills report->signal, report->fault and report->cause.kind. `t` (may be NULL) provides the mappings and, in
 * threads[0], the frames of the crashing thread; `seen` (may be NULL) the examination of the code at the crash
 * (examine.h). Also uses report->cause.message and the names of report->threads[0]'s frames, which must be set before.
 * A class that is already set, from the raw report, is kept if none is found. */
void fault_classify(struct report *report, const struct crash_facts *facts, const struct target *t,
                    const struct examination *seen);

/* Returns the first frame of that function, with or without parameters, among `n` frames of the crashing thread, from that of the
 * fault on (own_fault()); NULL if there is none before an interrupted frame. Aliases in libc ("__GI_abort") match the function's
 * name. */
const struct report_frame *fault_frame_of(const struct report *report, const char *function, size_t n);

#endif
