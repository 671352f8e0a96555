/* SPDX-License-Identifier: MIT */
/* report/helper/helper.h: one run of crashpre-helper, handed from step to step. Its steps: receive -> look -> name -> results
 * (main.c).
 *
 * There is one struct helper, static and zeroed at the start. None of this is async-signal-safe; what ends the helper
 * early (deadline, crash, no memory) is guard.h's.
 */
#ifndef CRASHPRE_REPORT_HELPER_H
#define CRASHPRE_REPORT_HELPER_H

#include "report/fault/examine.h"
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
        const struct examination *seen; /* NULL: the code at the crash was not looked at */
        uint64_t attach_began;
        bool attached;
        bool crash_missed;           /* attached, but not to the thread that crashed */
        bool is_spare;               /* guard_spare(): the process that attached is another one */
        bool has_raw, has_directory; /* WIRE_FD_RAW, WIRE_FD_DIR came to us open */
        const char *name;            /* of the report that is in place: "....json", "....txt" or NULL */
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

/* One byte to the crashing process: a step is done. false: it cannot be told. */
bool helper_say(enum wire_status status);

/* Is this run a handler's doing at all? */
bool helper_is_called(void);

/* Descriptors 0 to 6 are open afterwards, and all others closed: /dev/null where nothing came, or else a directory. Ends
 * the helper where neither can be had. */
void helper_settle_descriptors(struct helper *h);

/* h->wire from WIRE_FD_CRASH, checked: its strings end, its counts are in range, its id is the name of a report. Ends
 * the helper (guard_fail) where nothing of that kind comes within h->settings.timeout. */
void helper_receive(struct helper *h);

/* ---- look.c ---- */

/* Stops the process, unwinds its threads, reads its raw report and /proc; where nobody may attach, takes the
 * crashing thread as its own handler saw it. h->target is there afterwards whatever happened, and what could not be had
 * is in the diagnostics. A request's threads run on again. */
void helper_look(struct helper *h);

/* Makes h->report's threads, modules and source lines of h->target, with names as far as the time reaches. May come
 * back in another process, h->is_spare, where the search for names went wrong. */
void helper_name(struct helper *h);

#endif
