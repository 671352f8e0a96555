/* SPDX-License-Identifier: MIT */
#include "report/raw/sections.h"
#include "report/raw/words.h"

#include <stddef.h>
#include <string.h>

bool raw_header_line(struct raw_reader *r, char *line)
{
        char *value = raw_split_key(line);
        struct report *report = r->report;

        if (!value)
                return false;
        raw_decode(value);
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
        char *pid_word = raw_next_word(&value), *pid = pid_word ? raw_next_word(&value) : NULL;
        char *uid_word = pid ? raw_next_word(&value) : NULL, *uid = uid_word ? raw_next_word(&value) : NULL;
        int64_t n;

        if (!pid || strcmp(pid_word, "pid") || !raw_parse_integer(pid, &n))
                return false;
        facts->sender_pid = KNOWN_INT(n);
        if (uid && !strcmp(uid_word, "uid") && raw_parse_integer(uid, &n))
                facts->sender_uid = KNOWN_INT(n);
        return true;
}

/* "14 error 0x6" */
static bool trap_value(struct crash_facts *facts, char *value)
{
        char *number = raw_next_word(&value), *word = number ? raw_next_word(&value) : NULL;
        char *error = word ? raw_next_word(&value) : NULL;
        int64_t n;

        if (!raw_parse_integer(number, &n) || !raw_parse_hex(error, &facts->error))
                return false;
        facts->trap = (uint64_t)n;
        return true;
}

/* "what" belongs to the exception last named. */
static bool exception_line(struct raw_reader *r, const char *key, const char *value)
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

bool raw_cause_line(struct raw_reader *r, char *line)
{
        char *value = raw_split_key(line);
        struct crash_facts *facts = &r->raw->facts;
        int64_t n;

        if (!value)
                return false;
        if (!strcmp(line, "thrown at")) {
                uint64_t pc;

                if (!raw_parse_hex(raw_next_word(&value), &pc))
                        return false;
                *POOL_APPEND(r->pool, r->raw->throw_pc, r->raw->throw_count) = pc;
                return true;
        }
        if (!strcmp(line, "sender"))
                return sender_value(facts, value);
        if (!strcmp(line, "trap"))
                return trap_value(facts, value);
        if (!strcmp(line, "signal") || !strcmp(line, "code") || !strcmp(line, "syscall")) {
                if (!raw_parse_integer(raw_next_word(&value), &n))
                        return false;
                if (line[0] == 'c')
                        facts->code = (int)n;
                else if (line[1] == 'i')
                        facts->signal = (int)n;
                else {
                        facts->syscall = KNOWN_INT(n);
                        facts->syscall_foreign = raw_next_word(&value) != NULL;
                }
                return true;
        }
        if (!strcmp(line, "address")) {
                facts->address.known = raw_parse_hex(value, &facts->address.v);
                return facts->address.known;
        }
        raw_decode(value);
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

bool raw_process_line(struct raw_reader *r, char *line)
{
        const char *value = raw_split_key(line);
        size_t i;

        if (!value)
                return false;
        raw_decode(line + strlen(line) + 1);
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
                else if (raw_parse_integer(value, &n.v))
                        memcpy(member, &n, sizeof(n));
                else
                        return false;
                return true;
        }
        return true; /* of a later version */
}
