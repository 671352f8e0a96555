/* SPDX-License-Identifier: MIT */
#include "report/raw/read.h"

#include "report/raw/sections.h"
#include "report/raw/words.h"
#include "unwind/core/terms/fault_class.h"
#include "unwind/core/terms/raw_format.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Lines that are parsed: a large report has a hundred thousand, of arguments or mappings. Each takes memory of its own. */
#define MAX_LINES ((size_t)1 << 18)

static bool helper_line(struct raw_reader *r, char *line)
{
        if (strncmp(line, RAW_HELPER_PREFIX, sizeof(RAW_HELPER_PREFIX) - 1))
                return false;
        *POOL_APPEND(r->pool, r->raw->helper, r->raw->helper_count) = raw_decode(line + sizeof(RAW_HELPER_PREFIX) - 1);
        return true;
}

static bool ignored_line(struct raw_reader *r, char *line)
{
        (void)r;
        (void)line;
        return true;
}

static raw_section_line *section_function(const char *name)
{
        static const struct {
                const char *name;
                raw_section_line *line;
        } sections[] = {
                { RAW_SECTION_CAUSE, raw_cause_line },       { RAW_SECTION_PROCESS, raw_process_line },
                { RAW_SECTION_CONTEXT, raw_context_line },   { RAW_SECTION_BREADCRUMBS, raw_breadcrumb_line },
                { RAW_SECTION_METADATA, raw_metadata_line }, { RAW_SECTION_REGISTERS, raw_register_line },
                { RAW_SECTION_FRAMES, raw_frame_line },      { RAW_SECTION_MODULES, raw_module_line },
                { RAW_SECTION_MAPS, raw_maps_line },         { RAW_SECTION_PYTHON, raw_python_line },
        };
        size_t i;

        for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
                if (!strcmp(sections[i].name, name))
                        return sections[i].line;
        return ignored_line; /* written by a later version */
}

/* ---- whole reports ---- */

/* True for a line that begins a section: "[name]" and nothing else. */
static bool is_section(const char *line, size_t len)
{
        size_t i;

        if (len < 3 || line[0] != '[' || line[len - 1] != ']')
                return false;
        for (i = 1; i < len - 1; i++)
                if (!islower((unsigned char)line[i]) && line[i] != '-' && line[i] != '_')
                        return false;
        return true;
}

/* Sets time_unix from "2026-11-21T14:35:12.123456Z". */
static void read_time(struct report *report)
{
        struct tm tm = { 0 };
        const char *rest = report->time ? strptime(report->time, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

        if (rest && rest[0] == '.')
                report->time_unix = KNOWN_REAL((double)timegm(&tm) + strtod(rest, NULL));
}

static void read_lines(struct raw_reader *r, const char *text, size_t len)
{
        const char *end = text + len;
        raw_section_line *line_function = raw_header_line;
        size_t lines = 0;

        while (text < end) {
                const char *newline = memchr(text, '\n', (size_t)(end - text));
                size_t n = (size_t)((newline ? newline : end) - text), shown = n;
                char *line;

                if (newline && line_function == ignored_line && text[0] != '[' && text[0] != RAW_END_LINE[0]) {
                        text += n + 1;
                        continue;
                }
                if (lines++ == MAX_LINES) {
                        r->raw->bad_lines++;
                        break;
                }
                if (shown && text[shown - 1] == '\r')
                        shown--;
                line = pool_strndup(r->pool, text, shown);
                text += n + 1;
                if (!newline)
                        break; /* truncated: incomplete lines are ignored */
                if (is_section(line, shown)) {
                        line_function = section_function(line);
                        if (line_function == raw_maps_line && !r->raw->maps)
                                r->raw->maps = pool_alloc(r->pool, (size_t)(end - text) + 1);
                } else if (!strcmp(line, RAW_END_LINE)) {
                        r->raw->complete = true;
                        line_function = helper_line;
                } else if (!line_function(r, line)) {
                        r->raw->bad_lines++;
                }
        }
}

/* Sets members that depend on several lines. */
static void complete_crash(const struct report *report, struct raw_report *raw)
{
        struct wire_crash *crash = &raw->crash;

        crash->kind = crash->siginfo.si_signo ? WIRE_KIND_FATAL : WIRE_KIND_REQUEST;
        crash->pid = report->process.pid.known ? (int32_t)report->process.pid.v : 0;
        crash->uncaught_exception = report->cause.kind && !strcmp(report->cause.kind, "exception");
        crash->terminate = crash->uncaught_exception || fault_class_is(raw->class, FAULT_TERMINATE);
        crash->exception_certain = crash->exception.count > 0;
}

int raw_read(const char *text, size_t len, struct report *report, struct raw_report *out)
{
        struct raw_reader r = { report, out, &report->pool, NULL };
        const size_t schema = sizeof(RAW_SCHEMA_LINE) - 1;

        memset(out, 0, sizeof(*out));
        if (len <= schema || memcmp(text, RAW_SCHEMA_LINE, schema) || (text[schema] != '\n' && text[schema] != '\r'))
                return -EBADMSG;
        text += schema;
        len -= schema;
        while (len && *text != '\n') {
                text++;
                len--;
        }
        if (len)
                read_lines(&r, text + 1, len - 1);
        complete_crash(report, out);
        report->fault.class = out->class;
        read_time(report);
        return 0;
}
