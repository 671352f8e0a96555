/* SPDX-License-Identifier: MIT */
#include "report/raw/sections.h"
#include "report/raw/words.h"

#include <stdlib.h>
#include <string.h>

/* Parses "module class phase"; the phase may contain blanks. */
bool raw_context_line(struct raw_reader *r, char *line)
{
        char *module = raw_next_word(&line), *class = module ? raw_next_word(&line) : NULL;
        struct report_context *c;

        if (!class)
                return false;
        c = POOL_APPEND(r->pool, r->raw->context, r->raw->context_count);
        c->module = raw_decode(module);
        c->class = raw_decode(class);
        c->phase = raw_decode(line);
        return true;
}

/* Parses "time tid category: message". */
bool raw_breadcrumb_line(struct raw_reader *r, char *line)
{
        char *time = raw_next_word(&line), *tid = time ? raw_next_word(&line) : NULL;
        char *message = tid ? raw_split_key(line) : NULL;
        struct report_breadcrumb *b;
        int64_t n;

        if (!message || !raw_parse_integer(tid, &n))
                return false;
        b = POOL_APPEND(r->pool, r->report->breadcrumbs, r->report->breadcrumb_count);
        b->time = raw_decode(time);
        b->tid = KNOWN_INT(n);
        b->category = raw_decode(line);
        b->message = raw_decode(message);
        return true;
}

/* Removes " (type)" from a name and returns the type. */
static enum report_value_kind metadata_kind(char *name)
{
        static const struct {
                const char *suffix;
                enum report_value_kind kind;
        } kinds[] = { { " (int)", REPORT_INTEGER }, { " (double)", REPORT_REAL }, { " (bool)", REPORT_BOOLEAN } };
        size_t len = strlen(name), i;

        for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                size_t suffix = strlen(kinds[i].suffix);

                if (len > suffix && !strcmp(name + len - suffix, kinds[i].suffix)) {
                        name[len - suffix] = 0;
                        return kinds[i].kind;
                }
        }
        return REPORT_STRING;
}

bool raw_metadata_line(struct raw_reader *r, char *line)
{
        char *value = raw_split_key(line), *end;
        struct report_metadata m = { 0 };

        if (!value)
                return false;
        m.kind = metadata_kind(line);
        m.name = raw_decode(line);
        m.string = raw_decode(value);
        m.boolean = !strcmp(value, "true");
        m.real = m.kind == REPORT_REAL ? strtod(value, &end) : 0;
        if (m.kind == REPORT_INTEGER && !raw_parse_integer(value, &m.integer))
                return false;
        if (m.kind == REPORT_REAL && (end == value || *end))
                return false;
        *POOL_APPEND(r->pool, r->report->metadata, r->report->metadata_count) = m;
        return true;
}

/* Parses: File "/app/main.py", line 3 in work */
bool raw_python_line(struct raw_reader *r, char *line)
{
        static const char begin[] = "File ", middle[] = ", line ", end[] = " in ";
        struct report_interpreter *python = &r->report->interpreter;
        struct report_script_frame frame = { 0 };
        char *file, *number = NULL, *function, *next;

        if (strncmp(line, begin, sizeof(begin) - 1) != 0)
                return !strcmp(line, "...");
        file = raw_decode_python(raw_decode(line + sizeof(begin) - 1));
        for (next = file; (next = strstr(next, middle)); next += sizeof(middle) - 1)
                number = next;
        function = number ? strstr(number + sizeof(middle) - 1, end) : NULL;
        if (!function)
                return false;
        *number = *function = 0;
        frame.line.known = raw_parse_integer(number + sizeof(middle) - 1, &frame.line.v);
        frame.function = function + sizeof(end) - 1;
        if (file[0] == '"' && number > file + 1 && number[-1] == '"') {
                number[-1] = 0;
                frame.file = file + 1;
        }
        python->language = "python";
        *POOL_APPEND(r->pool, python->frames, python->frame_count) = frame;
        return true;
}
