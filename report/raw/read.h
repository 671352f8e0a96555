/* SPDX-License-Identifier: MIT */
/* report/raw/read.h: the raw text report (unwind/core/terms/raw_format.h) read back.
 *
 * It may be cut anywhere, edited or hostile: every line stands alone, what cannot be understood is counted and
 * passed over. Strings are decoded (\xHH) and, like all else, from the pool of the report that is filled.
 */
#ifndef CRASHPRE_REPORT_RAW_READ_H
#define CRASHPRE_REPORT_RAW_READ_H

#include "report/model/model.h"
#include "unwind/core/terms/wire.h"

/* Where the raw report says a frame is. */
struct raw_place {
        const char *module; /* path, NULL outside modules */
        uint64_t offset;
};

struct raw_module {
        uint64_t base, end;
        const char *build_id; /* hex, NULL unknown */
        const char *path;
};

/* What a raw report holds besides what the report model has a place for. */
struct raw_report {
        /* As the handler would have sent it, but for id, dir and notes. Frames beyond WIRE_MAX_FRAMES, exceptions beyond
         * EXCEPTION_CHAIN_MAX and throw sites beyond WIRE_THROW_FRAMES count as bad lines: no writer makes them. */
        struct wire_crash crash;
        struct raw_place places[WIRE_MAX_FRAMES]; /* of crash.frames */
        const char *thread_name;
        struct known_int start_ticks; /* clock ticks from boot to the start of the process */
        const char *class;
        struct report_context *context;
        size_t context_count;
        struct raw_module *modules;
        size_t module_count;
        char *maps; /* the lines of [maps], decoded; NULL: none */
        size_t maps_len;
        const char **helper; /* what was appended after "helper: " */
        size_t helper_count;
        bool complete; /* "end of report" was there */
        size_t bad_lines;
};

/* Fills `report` (identity, process, system, breadcrumbs, metadata, reason) and `out`. 0, or -EBADMSG where the
 * first line is not that of a raw report. */
int raw_read(const char *text, size_t len, struct report *report, struct raw_report *out);

/* A new target (target_free()) made of nothing but `raw`: modules and mappings; no threads (target_add_crashed()), no memory. */
struct target *raw_target(const struct raw_report *raw);

/* Paths that begin with ~ (CRASHPRE_REDACT=paths) lead to files below `home` again, which may be NULL: then they stay.
 * The new ones are from `pool`. */
void raw_expand_home(struct raw_report *raw, struct pool *pool, const char *home);

/* Gives modules of `t` whose headers could not be read the bias that the frames of `raw` imply. */
void raw_fill_bias(const struct raw_report *raw, struct target *t);

#endif
