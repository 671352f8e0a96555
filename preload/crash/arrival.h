/* SPDX-License-Identifier: MIT */
/* preload/crash/arrival.h: what a watched signal means: a pure decision, from facts that handler.c gathers to the action it takes.
 *
 * Async-signal-safe: reads nothing but its argument.
 */
#ifndef CRASHPRE_PRELOAD_ARRIVAL_H
#define CRASHPRE_PRELOAD_ARRIVAL_H

#include <stdbool.h>

/* The action of the application for the signal. */
enum arrival_action { ARRIVAL_DEFAULT, ARRIVAL_IGNORE, ARRIVAL_HANDLER };

struct arrival_facts {
        bool in_crash_path;         /* an instruction of the crash path raised it */
        bool data_unreadable;       /* and the library's own data cannot be read: no other fact is known */
        bool on_intermediate_stack; /* in the process that starts the helper (intermediate.h) */
        bool own_call_refused;      /* likewise, of the library, in a trial (trial.h) */
        bool call_refused;          /* SIGSYS of a seccomp filter, in answer to a system call */
        bool in_trial;              /* a fault within trial_run() (trial.h) */
        bool claim_is_mine;         /* this thread is making a report */
        bool sent_by_process;       /* kill(2), tgkill(2), sigqueue(3), a timer: si_code <= 0 */
        bool own_abort;             /* abort() of the calling process */
        bool was_sent;              /* no instruction raised it: sent_by_process, and notices of the kernel */
        bool is_blocked;            /* in the mask that the application reads back, not in the kernel's (mask.h) */
        bool stack_is_full;         /* the fault of a handler that has used up its alternate stack */
        bool is_void;   /* sent to process 1 of a namespace, default action: the kernel would have dropped it */
        bool is_silent; /* watched for the masks only (mask.h): its default action kills without a report */
        enum arrival_action action;
};

enum arrival {
        ARRIVAL_DIE_NOW,          /* nothing more can be found out: die of it at once */
        ARRIVAL_RETURN,           /* has no effect */
        ARRIVAL_FAIL_CALL,        /* the refused system call returns an error */
        ARRIVAL_END_INTERMEDIATE, /* the process that starts the helper ends, and its parent learns why */
        ARRIVAL_ABANDON_TRIAL,    /* the function that was tried is given up */
        ARRIVAL_GUARDED_FAULT,    /* a step of the report faulted: the guard continues with the next one (guard.h) */
        ARRIVAL_REQUEUE,          /* stays pending until the application unblocks it */
        ARRIVAL_IGNORED,          /* ignored by the application, which abort() overrides */
        ARRIVAL_SILENT_DEATH,     /* the process dies of it, without a report */
        ARRIVAL_FATAL,            /* the process dies of it */
        ARRIVAL_DELIVER,          /* the application's handler runs */
};

/* True if the facts of the library alone decide: is_blocked, stack_is_full and action do not matter. */
bool arrival_is_own(const struct arrival_facts *f);

enum arrival arrival_decide(const struct arrival_facts *f);

#endif
