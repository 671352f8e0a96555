/* SPDX-License-Identifier: MIT */
#include "report/raw_read.h"

#include "unwind/core/raw_format.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct reader {
        struct report *report;
        struct raw_report *raw;
        struct pool *pool;
};

/* ---- words and numbers ---- */

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Turns \xHH back into bytes, in place. A NUL could not stand in a C string: it stays escaped. */
static char *decode(char *s)
{
        char *from = s, *to = s;

        while (*from) {
                int high = from[0] == '\\' && from[1] == 'x' ? hex_digit(from[2]) : -1;
                int low = high >= 0 ? hex_digit(from[3]) : -1;

                if (low >= 0 && (high || low)) {
                        *to++ = (char)(high << 4 | low);
                        from += 4;
                } else {
                        *to++ = *from++;
                }
        }
        *to = 0;
        return s;
}

/* Cuts the next word off `*s`; NULL at the end. */
static char *next_word(char **s)
{
        char *word = *s + strspn(*s, " ");
        size_t len = strcspn(word, " ");

        if (!len)
                return NULL;
        *s = word + len;
        if (**s)
                *(*s)++ = 0;
        return word;
}

static bool parse_integer(const char *s, int64_t *out)
{
        char *end;

        if (!s || !*s || isspace((unsigned char)*s))
                return false;
        errno = 0;
        *out = strtoll(s, &end, 10);
        return !errno && !*end;
}

static bool parse_hex(const char *s, uint64_t *out)
{
        char *end;

        if (!s || s[0] != '0' || s[1] != 'x' || hex_digit(s[2]) < 0)
                return false;
        errno = 0;
        *out = strtoull(s + 2, &end, 16);
        return !errno && !*end;
}

/* Splits "key: value"; the value may be empty. NULL: no such line. */
static char *split_key(char *line)
{
        char *colon = strstr(line, ": ");

        if (!colon) {
                size_t len = strlen(line);

                if (!len || line[len - 1] != ':')
                        return NULL;
                line[len - 1] = 0;
                return line + len;
        }
        *colon = 0;
        return colon + 2;
}

/* ---- sections: each function takes a line and says whether it understood it ---- */

static bool header_line(struct reader *r, char *line)
{
        char *value = split_key(line);
        struct report *report = r->report;

        if (!value)
                return false;
        decode(value);
        if (!strcmp(line, "id"))
                report->id = value;
        else if (!strcmp(line, "time"))
                report->time = value;
        else if (!strcmp(line, "machine"))
                report->system.machine = value;
        return true;
}

static bool sender_value(struct crash_facts *facts, char *value)
{
        char *pid_word = next_word(&value), *pid = pid_word ? next_word(&value) : NULL;
        char *uid_word = pid ? next_word(&value) : NULL, *uid = uid_word ? next_word(&value) : NULL;
        int64_t n;

        if (!pid || strcmp(pid_word, "pid") || !parse_integer(pid, &n))
                return false;
        facts->sender_pid = KNOWN_INT(n);
        if (uid && !strcmp(uid_word, "uid") && parse_integer(uid, &n))
                facts->sender_uid = KNOWN_INT(n);
        return true;
}

/* "14 error 0x6" */
static bool trap_value(struct crash_facts *facts, char *value)
{
        char *number = next_word(&value), *word = number ? next_word(&value) : NULL;
        char *error = word ? next_word(&value) : NULL;
        int64_t n;

        if (!parse_integer(number, &n) || !parse_hex(error, &facts->error))
                return false;
        facts->trap = (uint64_t)n;
        return true;
}

/* "what" belongs to the exception last named. */
static bool exception_line(struct reader *r, const char *key, const char *value)
{
        struct raw_report *raw = r->raw;
        struct raw_exception *last = raw->exception_count ? &raw->exceptions[raw->exception_count - 1] : NULL;

        if (!strcmp(key, "exception") || !strcmp(key, "nested"))
                POOL_APPEND(r->pool, raw->exceptions, raw->exception_count)->type = value;
        else if (last && !strcmp(key, "what"))
                last->what = value;
        else if (last && !strcmp(key, "what unknown"))
                last->what_unknown = true;
        return true;
}

static bool cause_line(struct reader *r, char *line)
{
        char *value = split_key(line);
        struct crash_facts *facts = &r->raw->facts;
        int64_t n;

        if (!value)
                return false;
        if (!strcmp(line, "thrown at")) {
                uint64_t pc;

                if (!parse_hex(next_word(&value), &pc))
                        return false;
                *POOL_APPEND(r->pool, r->raw->throw_pc, r->raw->throw_count) = pc;
                return true;
        }
        if (!strcmp(line, "sender"))
                return sender_value(facts, value);
        if (!strcmp(line, "trap"))
                return trap_value(facts, value);
        if (!strcmp(line, "signal") || !strcmp(line, "code") || !strcmp(line, "syscall")) {
                if (!parse_integer(next_word(&value), &n))
                        return false;
                if (line[0] == 'c')
                        facts->code = (int)n;
                else if (line[1] == 'i')
                        facts->signal = (int)n;
                else {
                        facts->syscall = KNOWN_INT(n);
                        facts->syscall_foreign = next_word(&value) != NULL;
                }
                return true;
        }
        if (!strcmp(line, "address")) {
                facts->address.known = parse_hex(value, &facts->address.v);
                return facts->address.known;
        }
        decode(value);
        if (!strcmp(line, "kind"))
                r->report->cause.kind = value;
        else if (!strcmp(line, "reason") || !strcmp(line, "message"))
                r->report->cause.message = value;
        else if (!strcmp(line, "class"))
                r->raw->class = value;
        else
                return exception_line(r, line, value);
        return true;
}

static const struct process_key {
        const char *name;
        bool number;
        bool raw; /* the member is of struct raw_report */
        size_t offset;
} process_keys[] = {
        { "pid", true, false, offsetof(struct report, process.pid) },
        { "ppid", true, false, offsetof(struct report, process.ppid) },
        { "uid", true, false, offsetof(struct report, process.uid) },
        { "gid", true, false, offsetof(struct report, process.gid) },
        { "exe", false, false, offsetof(struct report, process.exe) },
        { "cwd", false, false, offsetof(struct report, process.cwd) },
        { "kernel", false, false, offsetof(struct report, system.kernel) },
        { "hostname", false, false, offsetof(struct report, system.hostname) },
        { "cpus", true, false, offsetof(struct report, system.cpus) },
        { "tid", true, true, offsetof(struct raw_report, tid) },
        { "thread", false, true, offsetof(struct raw_report, thread_name) },
        { "start_time", true, true, offsetof(struct raw_report, start_ticks) },
};

static bool process_line(struct reader *r, char *line)
{
        const char *value = split_key(line);
        size_t i;

        if (!value)
                return false;
        decode(line + strlen(line) + 1);
        if (!strcmp(line, "arg")) {
                *POOL_APPEND(r->pool, r->report->process.cmdline, r->report->process.cmdline_count) = value;
                return true;
        }
        for (i = 0; i < sizeof(process_keys) / sizeof(process_keys[0]); i++) {
                const struct process_key *key = &process_keys[i];
                char *member = (key->raw ? (char *)r->raw : (char *)r->report) + key->offset;
                struct known_int n = { 0, true };

                if (strcmp(line, key->name))
                        continue;
                if (!key->number)
                        memcpy(member, &value, sizeof(value));
                else if (parse_integer(value, &n.v))
                        memcpy(member, &n, sizeof(n));
                else
                        return false;
                return true;
        }
        return true; /* of a later version */
}

/* "module class phase"; the phase may have blanks */
static bool context_line(struct reader *r, char *line)
{
        char *module = next_word(&line), *class = module ? next_word(&line) : NULL;
        struct report_context *c;

        if (!class)
                return false;
        c = POOL_APPEND(r->pool, r->raw->context, r->raw->context_count);
        c->module = decode(module);
        c->class = decode(class);
        c->phase = decode(line);
        return true;
}

/* "time tid category: message" */
static bool breadcrumb_line(struct reader *r, char *line)
{
        char *time = next_word(&line), *tid = time ? next_word(&line) : NULL;
        char *message = tid ? split_key(line) : NULL;
        struct report_breadcrumb *b;
        int64_t n;

        if (!message || !parse_integer(tid, &n))
                return false;
        b = POOL_APPEND(r->pool, r->report->breadcrumbs, r->report->breadcrumb_count);
        b->time = decode(time);
        b->tid = KNOWN_INT(n);
        b->category = decode(line);
        b->message = decode(message);
        return true;
}

/* Cuts " (type)" off a name. */
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

static bool metadata_line(struct reader *r, char *line)
{
        char *value = split_key(line), *end;
        struct report_metadata m = { 0 };

        if (!value)
                return false;
        m.kind = metadata_kind(line);
        m.name = decode(line);
        m.string = decode(value);
        m.boolean = !strcmp(value, "true");
        m.real = m.kind == REPORT_REAL ? strtod(value, &end) : 0;
        if (m.kind == REPORT_INTEGER && !parse_integer(value, &m.integer))
                return false;
        if (m.kind == REPORT_REAL && (end == value || *end))
                return false;
        *POOL_APPEND(r->pool, r->report->metadata, r->report->metadata_count) = m;
        return true;
}

static char *put_utf8(char *to, unsigned c)
{
        if (c >= 0x10000)
                *to++ = (char)(0xf0 | c >> 18);
        if (c >= 0x800)
                *to++ = (char)(c >= 0x10000 ? 0x80 | (c >> 12 & 0x3f) : 0xe0 | c >> 12);
        if (c >= 0x80)
                *to++ = (char)(c >= 0x800 ? 0x80 | (c >> 6 & 0x3f) : 0xc0 | c >> 6);
        *to++ = (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c);
        return to;
}

/* CPython prints what is not ASCII as \xhh, \uhhhh or \Uhhhhhhhh, all of them code points; in place. */
static char *decode_python(char *s)
{
        static const char letters[] = "xuU";
        static const size_t digits[] = { 2, 4, 8 };
        char *from = s, *to = s;

        while (*from) {
                const char *letter = *from == '\\' && from[1] ? strchr(letters, from[1]) : NULL;
                size_t wanted = letter ? digits[letter - letters] : 0, n;
                unsigned c = 0;

                for (n = 0; n < wanted && hex_digit(from[2 + n]) >= 0; n++)
                        c = c << 4 | (unsigned)hex_digit(from[2 + n]);
                if (letter && n == wanted && c && c < 0x110000) {
                        to = put_utf8(to, c);
                        from += 2 + n;
                } else {
                        *to++ = *from++;
                }
        }
        *to = 0;
        return s;
}

/* File "/app/main.py", line 3 in work */
static bool python_line(struct reader *r, char *line)
{
        static const char begin[] = "File ", middle[] = ", line ", end[] = " in ";
        struct report_interpreter *python = &r->report->interpreter;
        struct report_script_frame frame = { 0 };
        char *file, *number = NULL, *function, *next;

        if (strncmp(line, begin, sizeof(begin) - 1) != 0)
                return !strcmp(line, "...");
        file = decode_python(decode(line + sizeof(begin) - 1));
        for (next = file; (next = strstr(next, middle)); next += sizeof(middle) - 1)
                number = next;
        function = number ? strstr(number + sizeof(middle) - 1, end) : NULL;
        if (!function)
                return false;
        *number = *function = 0;
        frame.line.known = parse_integer(number + sizeof(middle) - 1, &frame.line.v);
        frame.function = function + sizeof(end) - 1;
        if (file[0] == '"' && number > file + 1 && number[-1] == '"') {
                number[-1] = 0;
                frame.file = file + 1;
        }
        python->language = "python";
        *POOL_APPEND(r->pool, python->frames, python->frame_count) = frame;
        return true;
}

static bool register_line(struct reader *r, char *line)
{
        static const char *const names[] = ARCH_REG_NAMES;
        struct arch_registers *regs = &r->raw->facts.regs;
        const char *value;
        size_t i;

        if (line[0] == ' ')
                return true; /* inside a block */
        value = split_key(line);
        for (i = 0; value && i < ARCH_REGS; i++) {
                if (strcmp(names[i], line))
                        continue;
                if (!parse_hex(value, &regs->v[i]))
                        return false;
                regs->known |= 1u << i;
                return true;
        }
        return value != NULL;
}

/* "0 context 0x401136 /bin/app +0x1136 signal" */
static bool frame_line(struct reader *r, char *line)
{
        static const char signal_mark[] = " signal";
        struct raw_frame frame = { 0 };
        const char *index, *pc;
        size_t len;
        char *offset;

        if (!strncmp(line, "end: ", 5)) {
                r->raw->frames_end = decode(line + 5);
                return true;
        }
        index = next_word(&line);
        frame.trust = index ? next_word(&line) : NULL;
        pc = frame.trust ? next_word(&line) : NULL;
        if (!pc || !isdigit((unsigned char)index[0]) || !parse_hex(pc, &frame.pc))
                return false;
        len = strlen(line);
        if (len >= sizeof(signal_mark) - 1 && !strcmp(line + len - (sizeof(signal_mark) - 1), signal_mark)) {
                frame.signal_frame = true;
                line[len - (sizeof(signal_mark) - 1)] = 0;
        }
        offset = strrchr(line, '+');
        if (offset && offset > line + 1 && offset[-1] == ' ' && parse_hex(offset + 1, &frame.module_offset)) {
                offset[-1] = 0;
                frame.module = decode(line);
        }
        *POOL_APPEND(r->pool, r->raw->frames, r->raw->frame_count) = frame;
        return true;
}

/* "0x400000 0x405000 <build-id hex or -> /bin/app" */
static bool module_line(struct reader *r, char *line)
{
        struct raw_module m = { 0 };
        const char *base = next_word(&line), *end = base ? next_word(&line) : NULL;

        m.build_id = end ? next_word(&line) : NULL;
        if (!m.build_id || !parse_hex(base, &m.base) || !parse_hex(end, &m.end) || m.end <= m.base || !*line)
                return false;
        if (!strcmp(m.build_id, "-"))
                m.build_id = NULL;
        else if (strspn(m.build_id, "0123456789abcdef") != strlen(m.build_id))
                return false;
        m.path = decode(line);
        *POOL_APPEND(r->pool, r->raw->modules, r->raw->module_count) = m;
        return true;
}

/* Lines go one after another into a buffer that was made as large as the whole section can be. */
static bool maps_line(struct reader *r, char *line)
{
        size_t len;

        if (!strncmp(line, "omitted: ", 9))
                return true;
        decode(line);
        len = strlen(line);
        memcpy(r->raw->maps + r->raw->maps_len, line, len);
        r->raw->maps[r->raw->maps_len + len] = '\n';
        r->raw->maps_len += len + 1;
        return true;
}

static bool helper_line(struct reader *r, char *line)
{
        if (strncmp(line, RAW_HELPER_PREFIX, sizeof(RAW_HELPER_PREFIX) - 1))
                return false;
        *POOL_APPEND(r->pool, r->raw->helper, r->raw->helper_count) = decode(line + sizeof(RAW_HELPER_PREFIX) - 1);
        return true;
}

static bool ignored_line(struct reader *r, char *line)
{
        (void)r;
        (void)line;
        return true;
}

typedef bool section_line(struct reader *r, char *line);

static section_line *section_function(const char *name)
{
        static const struct {
                const char *name;
                section_line *line;
        } sections[] = {
                { RAW_SECTION_CAUSE, cause_line },       { RAW_SECTION_PROCESS, process_line },
                { RAW_SECTION_CONTEXT, context_line },   { RAW_SECTION_BREADCRUMBS, breadcrumb_line },
                { RAW_SECTION_METADATA, metadata_line }, { RAW_SECTION_REGISTERS, register_line },
                { RAW_SECTION_FRAMES, frame_line },      { RAW_SECTION_MODULES, module_line },
                { RAW_SECTION_MAPS, maps_line },         { RAW_SECTION_PYTHON, python_line },
        };
        size_t i;

        for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
                if (!strcmp(sections[i].name, name))
                        return sections[i].line;
        return ignored_line; /* of a later version */
}

/* ---- the whole ---- */

/* Where a section may begin: "[name]", nothing else on the line. */
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

/* time_unix from "2026-11-21T14:35:12.123456Z" */
static void read_time(struct report *report)
{
        struct tm tm = { 0 };
        const char *rest = report->time ? strptime(report->time, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

        if (rest && rest[0] == '.')
                report->time_unix = KNOWN_REAL((double)timegm(&tm) + strtod(rest, NULL));
}

static void read_lines(struct reader *r, const char *text, size_t len)
{
        const char *end = text + len;
        section_line *line_function = header_line;

        while (text < end) {
                const char *newline = memchr(text, '\n', (size_t)(end - text));
                size_t n = (size_t)((newline ? newline : end) - text), shown = n;
                char *line;

                if (shown && text[shown - 1] == '\r')
                        shown--;
                line = pool_strndup(r->pool, text, shown);
                text += n + 1;
                if (!newline)
                        break; /* cut in the middle: half a fact is none */
                if (is_section(line, shown)) {
                        line_function = section_function(line);
                        if (line_function == maps_line && !r->raw->maps)
                                r->raw->maps = pool_alloc(r->pool, (size_t)(end - text) + 1);
                } else if (!strcmp(line, RAW_END_LINE)) {
                        r->raw->complete = true;
                        line_function = helper_line;
                } else if (!line_function(r, line)) {
                        r->raw->bad_lines++;
                }
        }
}

int raw_read(const char *text, size_t len, struct report *report, struct raw_report *out)
{
        struct reader r = { report, out, &report->pool };
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
        out->facts.pid = report->process.pid.known ? (pid_t)report->process.pid.v : 0;
        out->facts.uncaught_exception = report->cause.kind && !strcmp(report->cause.kind, "exception");
        out->facts.terminate = out->class && !strcmp(out->class, "terminate");
        report->fault.class = out->class;
        read_time(report);
        return 0;
}
