/* SPDX-License-Identifier: MIT */
/* report/gather/privacy.h: which bytes of a process's memory may leave it.
 *
 * Every byte of the program's memory that is written to a file passes privacy_mark(), whatever the format. Withheld are memory that
 * the program keeps out of core dumps, secret values and other parts of the environment, and what CRASHPRE_REDACT names. Not
 * async-signal-safe.
 */
#ifndef CRASHPRE_REPORT_PRIVACY_H
#define CRASHPRE_REPORT_PRIVACY_H

#include "report/gather/procfs.h"
#include "report/model/model.h"
#include "unwind/core/terms/redact.h"
#include "unwind/core/terms/secret.h"
#include "unwind/target/target.h"

enum privacy_reason {
        PRIVACY_NONE,          /* may leave */
        PRIVACY_DONT_DUMP,     /* madvise(2): MADV_DONTDUMP */
        PRIVACY_DEVICE,        /* memory of a device: VmFlags io, pf (proc(5)) */
        PRIVACY_SECRET_MEMORY, /* memfd_secret(2) */
        PRIVACY_UNKNOWN,       /* whether it is one of these could not be determined */
        PRIVACY_SECRET,        /* the value of a variable whose name looks like a secret */
        PRIVACY_ENVIRONMENT,   /* a variable that CRASHPRE_ENV does not permit; with CRASHPRE_REDACT=env, any */
        PRIVACY_ARGUMENTS,     /* CRASHPRE_REDACT=cmdline */
        PRIVACY_PATH,          /* CRASHPRE_REDACT=paths: a home directory */
        PRIVACY_REASONS
};

/* As in the JSON report. */
const char *privacy_reason_name(enum privacy_reason reason);

struct privacy_settings {
        unsigned redact;         /* bits of enum redact */
        const char *environment; /* CRASHPRE_ENV: comma list of globs */
        struct redact_homes homes;
};

struct privacy; /* opaque; from the report's pool */

/* Reads what is to be withheld: flags of the mappings up to the one that contains `highest`, environment and arguments. Where that is
 * not possible, a diagnostic is added to the report, and memory whose flags are not known is withheld. `t`: NULL if the memory of the
 * process cannot be read. */
struct privacy *privacy_new(struct report *report, struct target *t, const struct procfs_process *of, uint64_t highest,
                            const struct privacy_settings *settings);

/* Sets reasons[0] to reasons[n - 1], of enum privacy_reason, for the bytes at `addr`. What begins before or ends behind them is
 * recognized, too. */
void privacy_mark(const struct privacy *p, uint64_t addr, size_t n, uint8_t *reasons);

/* The values that must not occur in the report's texts either; borrowed. */
const struct secrets *privacy_secrets(const struct privacy *p);

/* The values that CRASHPRE_REDACT=env and =cmdline withhold in memory and registers; borrowed. */
const struct secrets *privacy_hidden(const struct privacy *p);

/* The home directories, as in the settings; borrowed. */
const struct redact_homes *privacy_homes(const struct privacy *p);

/* $HOME of this process, and its canonical path. */
void privacy_find_homes(struct report *report, struct redact_homes *out);

#endif
