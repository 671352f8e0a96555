/* SPDX-License-Identifier: MIT */
/* report/doctor/doctor.h: will crashpre work here, and with this program?
 *
 * Nothing is guessed that can be tried: a child is traced, a trial program crashes. No check changes anything that
 * outlives it.
 */
#ifndef CRASHPRE_REPORT_DOCTOR_H
#define CRASHPRE_REPORT_DOCTOR_H

#include "report/model/pool.h"

#include <stdbool.h>

enum doctor_result {
        DOCTOR_OK,
        DOCTOR_WARN, /* works, but reports will tell less */
        DOCTOR_FAIL, /* something will not work */
};

struct doctor_check {
        const char *name; /* a word */
        enum doctor_result result;
        const char *message;
        const char *remedy; /* a command, or what to do; NULL: nothing */
};

struct doctor {
        struct pool pool;
        struct doctor_check *checks; /* in the order to show them; all from the pool */
        size_t count;
};

/* Adds a check; `remedy` is copied. */
void doctor_say(struct doctor *d, const char *name, enum doctor_result result, const char *remedy, const char *format,
                ...) __attribute__((format(printf, 5, 6)));

/* This machine: parts of crashpre, what the kernel allows, settings, directory. */
void doctor_system(struct doctor *d);

/* Parts of doctor_system() that try things. */
void doctor_tracing(struct doctor *d); /* a process traced by its grandchild, as a helper does it */
void doctor_trial(struct doctor *d);   /* a program that crashes under the library */

/* One program; found in PATH if `name` has no slash. */
void doctor_program(struct doctor *d, const char *name);

/* A number of /proc/self/status, -1 if there is none; `base` as of strtol(3). */
long long doctor_own_status(const char *name, int base);

#endif
