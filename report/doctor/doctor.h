/* SPDX-License-Identifier: MIT */
/* report/doctor/doctor.h: checks whether crashpre works on this system, and with a program.
 *
 * Checks try the operation where possible: a child is traced, a trial program crashes. No check leaves a change behind.
 */
#ifndef CRASHPRE_REPORT_DOCTOR_H
#define CRASHPRE_REPORT_DOCTOR_H

#include "report/model/pool.h"

#include <stdbool.h>

enum doctor_result {
        DOCTOR_OK,
        DOCTOR_WARN, /* works, but reports will have less information */
        DOCTOR_FAIL, /* something will not work */
};

struct doctor_check {
        const char *name; /* a word */
        enum doctor_result result;
        const char *message;
        const char *remedy; /* a command, or an instruction; NULL: none */
};

struct doctor {
        struct pool pool;
        struct doctor_check *checks; /* in display order; all from the pool */
        size_t count;
};

/* Adds a check; `remedy` is copied. */
void doctor_add(struct doctor *d, const char *name, enum doctor_result result, const char *remedy, const char *format,
                ...) __attribute__((format(printf, 5, 6)));

/* Checks this system: parts of crashpre, kernel settings, CRASHPRE_ variables, directory. */
void doctor_system(struct doctor *d);

/* Parts of doctor_system() that try an operation. */
void doctor_tracing(struct doctor *d); /* a process traced by its grandchild, as a helper does it */
void doctor_trial(struct doctor *d);   /* a program that crashes under the library */

/* Checks one program; found in PATH if `name` has no slash. */
void doctor_program(struct doctor *d, const char *name);

/* Returns a number from /proc/self/status, -1 if there is none; `base` as for strtol(3). */
long long doctor_own_status(const char *name, int base);

#endif
