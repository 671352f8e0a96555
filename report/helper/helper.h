/* SPDX-License-Identifier: MIT */
/* report/helper/helper.h: the state of one run of crashpre-helper. Its steps: receive -> look -> name -> results
 * (main.c).
 *
 * There is one struct helper, static and zeroed at the start. No function is async-signal-safe; guard.h handles the
 * early end of the helper (deadline, crash, no memory).
 */
#ifndef CRASHPRE_REPORT_HELPER_H
#define CRASHPRE_REPORT_HELPER_H

#include "report/fault/examine.h"
#include "report/gather/privacy.h"
#include "report/gather/python.h"
#include "report/helper/guard.h"
#include "report/model/model.h"
#include "report/place/settings.h"
#include "report/raw/read.h"
#include "unwind/core/terms/wire.h"
#include "unwind/symbols/symbols.h"

#include <stdbool.h>
#include <stdint.h>

struct helper {
        struct wire_crash wire;
        struct settings settings;
        struct report *report;
        struct raw_report raw;
        struct target *target;
        struct symbols *symbols;
        struct python_stacks python;
        struct procfs_process procfs;
        const struct privacy *privacy;  /* NULL: nothing of the process was read */
        const struct examination *seen; /* NULL: the code at the crash was not examined */
        uint64_t attach_began;
        bool attached;
        bool crash_missed;           /* attached, but not to the thread that crashed */
        bool is_spare;               /* this process is the spare (guard_spare()); another process attached */
        bool has_raw, has_directory; /* WIRE_FD_RAW, WIRE_FD_DIR were open at the start */
        const char *name;            /* file name of the report that was written: "....json", "....txt" or NULL */
};

static inline bool helper_is_fatal(const struct helper *h)
{
        return h->wire.kind == WIRE_KIND_FATAL;
}

static inline int64_t helper_microseconds(uint64_t from, uint64_t to)
{
        return to > from ? (int64_t)((to - from) / 1000) : 0;
}

/* ---- wire.c ---- */

/* Sends one byte to the crashing process after a step. Returns false on error. */
bool helper_send_status(enum wire_status status);

/* Whether the helper was started by a crash handler. */
bool helper_has_wire(void);

/* Opens those of descriptors 0 to 6 that are closed, as /dev/null or else as a directory, and closes all others. Ends
 * the helper if neither can be opened. */
void helper_open_descriptors(struct helper *h);

/* Reads h->wire from WIRE_FD_CRASH and validates it: strings are terminated, counts in range, and the id is the name of
 * a report. Ends the helper (guard_fail) if no valid message arrives within h->settings.timeout. */
void helper_receive(struct helper *h);

/* ---- look.c ---- */

/* Stops the process, unwinds its threads, reads its raw report and /proc; if attaching is not permitted, uses the
 * crashing thread's frames from the message. h->target is set in any case, and failures are in the diagnostics. For a
 * request the threads are released again. */
void helper_look(struct helper *h);

/* Fills h->report's threads, modules and source lines from h->target, with names as far as time permits. May return in
 * another process, with h->is_spare set, if the search for names failed. */
void helper_name(struct helper *h);

#endif
