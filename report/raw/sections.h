/* SPDX-License-Identifier: MIT */
/* report/raw/sections.h: parsers for the lines of a raw report, by section; for read.c only. Not async-signal-safe.
 *
 * Each function parses a line of its section, stores its contents in report and raw, and returns false if the line is
 * malformed. It may modify and keep the line (which is from the report's pool). Lines of a later version of the
 * library are ignored and count as well-formed.
 */
#ifndef CRASHPRE_REPORT_RAW_SECTIONS_H
#define CRASHPRE_REPORT_RAW_SECTIONS_H

#include "report/raw/read.h"

struct raw_reader {
        struct report *report;   /* borrowed, like the others */
        struct raw_report *raw;  /* maps: allocated for the whole section before its first line */
        struct pool *pool;       /* of the report */
        struct raw_block *block; /* whose lines are being read, or NULL */
};

typedef bool raw_section_line(struct raw_reader *r, char *line);

/* The cause of the crash and the process: cause.c. The header is the part before the first section. */
raw_section_line raw_header_line, raw_cause_line, raw_process_line;

/* Data recorded by the program: notes.c. */
raw_section_line raw_context_line, raw_breadcrumb_line, raw_metadata_line, raw_python_line;

/* State at the crash: state.c. */
raw_section_line raw_register_line, raw_frame_line, raw_module_line, raw_maps_line;

#endif
