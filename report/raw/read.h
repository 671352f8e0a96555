/* SPDX-License-Identifier: MIT */
/* report/raw/read.h: the raw text report (unwind/core/terms/raw_format.h) read back.
 *
 * It may be cut anywhere, edited or hostile: every line stands alone, what cannot be understood is counted and
 * passed over. Strings are decoded (\xHH) and, like all else, from the pool of the report that is filled.
 */
#ifndef CRASHPRE_REPORT_RAW_READ_H
#define CRASHPRE_REPORT_RAW_READ_H

#include "report/fault/fault.h"

struct raw_frame {
        const char *trust;
        uint64_t pc;
        const char *module; /* path, NULL outside modules */
        uint64_t module_offset;
        bool signal_frame;
};

struct raw_exception {
        const char *type;  /* mangled */
        const char *what;  /* NULL unknown */
        bool what_unknown; /* the program's own what(), which was not called */
};

struct raw_module {
        uint64_t base, end;
        const char *build_id; /* hex, NULL unknown */
        const char *path;
};

/* What a raw report holds besides what stands in the report model already. */
struct raw_report {
        struct crash_facts facts; /* facts.regs: [registers] */
        struct known_int tid;     /* of the crashing thread */
        const char *thread_name;
        struct known_int start_ticks; /* clock ticks from boot to the start of the process */
        const char *class;
        struct raw_exception *exceptions; /* thrown first, then what it was thrown over */
        size_t exception_count;
        uint64_t *throw_pc; /* return addresses of its throw, innermost first */
        size_t throw_count;
        struct report_context *context;
        size_t context_count;
        struct raw_frame *frames;
        size_t frame_count;
        const char *frames_end;
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

/* A new target (target_free()) made of nothing but `raw`: registers and frames of the crashing thread, modules,
 * mappings; no memory. */
struct target *raw_target(const struct raw_report *raw);

/* Paths that begin with ~ (CRASHPRE_REDACT=paths) lead to files below `home` again, which may be NULL: then they stay.
 * The new ones are from `pool`. */
void raw_expand_home(struct raw_report *raw, struct pool *pool, const char *home);

/* Gives modules of `t` whose headers could not be read the bias that the frames of `raw` imply. */
void raw_fill_bias(const struct raw_report *raw, struct target *t);

#endif
