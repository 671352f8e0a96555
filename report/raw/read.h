/* SPDX-License-Identifier: MIT */
/* report/raw/read.h: reads the raw text report (unwind/core/terms/raw_format.h). Not async-signal-safe.
 *
 * The input may be truncated, edited or hostile: every line is parsed independently, lines that cannot be parsed are
 * counted and skipped. Strings are decoded (\xHH) and, like all other data, allocated from the pool of the report.
 */
#ifndef CRASHPRE_REPORT_RAW_READ_H
#define CRASHPRE_REPORT_RAW_READ_H

#include "report/model/model.h"
#include "report/raw/block.h"
#include "unwind/core/terms/wire.h"

/* Location of a frame according to the raw report. */
struct raw_place {
        const char *module; /* path, NULL outside modules */
        uint64_t offset;
};

struct raw_module {
        uint64_t base, end;
        const char *build_id; /* hex, NULL unknown */
        const char *path;
};

/* Contents of a raw report that have no member in the report model. */
struct raw_report {
        /* As the handler would have sent it, except id, dir and notes. Frames beyond WIRE_MAX_FRAMES, exceptions
         * beyond EXCEPTION_CHAIN_MAX and throw sites beyond WIRE_THROW_FRAMES count as bad lines: no writer produces
         * them. */
        struct wire_crash crash;
        struct raw_place places[WIRE_MAX_FRAMES]; /* of crash.frames */
        struct raw_block
                xstate; /* vector and floating-point registers, as the kernel saved them for the signal; n == 0: none */
        const char *thread_name;
        struct known_int start_ticks; /* start of the process, in clock ticks since boot */
        const char *class;
        struct report_context *context;
        size_t context_count;
        struct raw_module *modules;
        size_t module_count;
        char *maps; /* the lines of [maps], decoded; NULL: none */
        size_t maps_len;
        const char **helper; /* lines appended after "helper: " */
        size_t helper_count;
        bool complete; /* "end of report" was read */
        size_t bad_lines;
};

/* Fills `report` (identity, process, system, breadcrumbs, metadata, reason) and `out`. Returns 0, or -EBADMSG if the
 * first line is not that of a raw report. */
int raw_read(const char *text, size_t len, struct report *report, struct raw_report *out);

/* Returns a new target (target_free()) with the modules and mappings of `raw`; without threads (target_add_crashed())
 * and memory. */
struct target *raw_target(const struct raw_report *raw);

/* Replaces ~ at the start of paths (CRASHPRE_REDACT=paths) by `home`, so that the files can be opened; does nothing
 * if `home` is NULL. New paths are allocated from `pool`. */
void raw_expand_home(struct raw_report *raw, struct pool *pool, const char *home);

/* Sets the load bias of modules of `t` whose headers could not be read, from the frames of `raw`. */
void raw_fill_bias(const struct raw_report *raw, struct target *t);

#endif
