/* SPDX-License-Identifier: MIT */
/* report/raw/sections.h: the lines of a raw report, section by section; for read.c alone.
 *
 * Each function takes a line of its section, which it may take apart and keep (it is from the report's pool), puts what it
 * says into report and raw, and gives whether it understood it. What a later version of the library may write there is
 * understood: it is passed over.
 */
#ifndef CRASHPRE_REPORT_RAW_SECTIONS_H
#define CRASHPRE_REPORT_RAW_SECTIONS_H

#include "report/raw/read.h"

struct raw_reader {
        struct report *report;  /* borrowed, like the others */
        struct raw_report *raw; /* maps: room for the whole section before its first line */
        struct pool *pool;      /* of the report */
};

typedef bool raw_section_line(struct raw_reader *r, char *line);

/* What happened, and to whom: cause.c. The header is what stands before the first section. */
raw_section_line raw_header_line, raw_cause_line, raw_process_line;

/* What the program had to tell: notes.c. */
raw_section_line raw_context_line, raw_breadcrumb_line, raw_metadata_line, raw_python_line;

/* The state it was in: state.c. */
raw_section_line raw_register_line, raw_frame_line, raw_module_line, raw_maps_line;

#endif
