/* SPDX-License-Identifier: MIT */
#include "report/raw/sections.h"
#include "report/raw/words.h"
#include "unwind/core/terms/raw_keys.h"

#include <stddef.h>
#include <string.h>

bool raw_header_line(struct raw_reader *r, char *line)
{
        char *value = raw_split_key(line);
        struct report *report = r->report;

        if (!value)
                return false;
        raw_decode(value);
        switch (raw_key_find(line)) {
        case RAW_KEY_ID:
                report->id = value;
                break;
        case RAW_KEY_TIME:
                report->time = value;
                break;
        case RAW_KEY_MACHINE:
                report->system.machine = value;
                break;
        default:
                break;
        }
        return true;
}

static bool sender_value(siginfo_t *info, char *value)
{
        char *pid_word = raw_next_word(&value), *pid = pid_word ? raw_next_word(&value) : NULL;
        char *uid_word = pid ? raw_next_word(&value) : NULL, *uid = uid_word ? raw_next_word(&value) : NULL;
        int64_t n;

        if (!pid || strcmp(pid_word, "pid") || !raw_parse_integer(pid, &n))
                return false;
        info->si_pid = (pid_t)n;
        if (uid && !strcmp(uid_word, "uid") && raw_parse_integer(uid, &n))
                info->si_uid = (uid_t)n;
        return true;
}

/* Parses "39", or "39 arch 0x40000003" for another processor or mode. */
static bool syscall_value(siginfo_t *info, char *value)
{
        const char *number = raw_next_word(&value), *word = number ? raw_next_word(&value) : NULL;
        uint64_t arch = ARCH_AUDIT;
        int64_t n;

        if (!raw_parse_integer(number, &n) || (word && !raw_parse_hex(raw_next_word(&value), &arch)))
                return false;
        info->si_syscall = (int)n;
        info->si_arch = (unsigned)arch;
        return true;
}

/* Parses "14 error 0x6". */
static bool trap_value(struct wire_crash *crash, char *value)
{
        char *number = raw_next_word(&value), *word = number ? raw_next_word(&value) : NULL;
        char *error = word ? raw_next_word(&value) : NULL;
        int64_t n;

        if (!raw_parse_integer(number, &n) || !raw_parse_hex(error, &crash->fault_error))
                return false;
        crash->fault_trap = (uint64_t)n;
        return true;
}

static bool number_value(int *out, char *value)
{
        int64_t n;

        if (!raw_parse_integer(raw_next_word(&value), &n))
                return false;
        *out = (int)n;
        return true;
}

static bool address_value(siginfo_t *info, const char *value)
{
        uint64_t address;

        if (!raw_parse_hex(value, &address))
                return false;
        info->si_addr = (void *)address; // NOLINT(performance-no-int-to-ptr)
        return true;
}

static bool throw_site_value(struct wire_crash *crash, char *value)
{
        if (crash->throw_count == WIRE_THROW_FRAMES ||
            !raw_parse_hex(raw_next_word(&value), &crash->throw_pc[crash->throw_count]))
                return false;
        crash->throw_count++;
        return true;
}

/* Parses lines whose values are numbers. Returns -1 for any other line. */
static int numeric_line(struct wire_crash *crash, enum raw_key key, char *value)
{
        switch (key) {
        case RAW_KEY_THROWN_AT:
                return throw_site_value(crash, value);
        case RAW_KEY_SENDER:
                return sender_value(&crash->siginfo, value);
        case RAW_KEY_TRAP:
                return trap_value(crash, value);
        case RAW_KEY_SIGNAL:
                return number_value(&crash->siginfo.si_signo, value);
        case RAW_KEY_CODE:
                return number_value(&crash->siginfo.si_code, value);
        case RAW_KEY_SYSCALL:
                return syscall_value(&crash->siginfo, value);
        case RAW_KEY_ADDRESS:
                return address_value(&crash->siginfo, value);
        default:
                return -1;
        }
}

/* "what" belongs to the preceding exception. */
static bool exception_line(struct exception_chain *chain, enum raw_key key, const char *value)
{
        struct exception_text *last = chain->count ? &chain->v[chain->count - 1] : NULL;

        if (key == RAW_KEY_EXCEPTION || key == RAW_KEY_NESTED) {
                if (chain->count == EXCEPTION_CHAIN_MAX)
                        return false;
                stpncpy(chain->v[chain->count++].type, value, EXCEPTION_TYPE_MAX - 1);
        } else if (last && key == RAW_KEY_WHAT) {
                stpncpy(last->what, value, EXCEPTION_WHAT_MAX - 1);
                last->what_kind = EXCEPTION_WHAT_TEXT;
        } else if (last && key == RAW_KEY_WHAT_UNKNOWN) {
                last->what_kind = EXCEPTION_WHAT_OWN;
        }
        return true;
}

bool raw_cause_line(struct raw_reader *r, char *line)
{
        char *value = raw_split_key(line);
        struct wire_crash *crash = &r->raw->crash;
        enum raw_key key = raw_key_find(line);
        int numeric = value ? numeric_line(crash, key, value) : false;

        if (numeric >= 0)
                return numeric;
        raw_decode(value);
        switch (key) {
        case RAW_KEY_KIND:
                r->report->cause.kind = value;
                break;
        case RAW_KEY_MESSAGE:
                stpncpy(crash->message, value, sizeof(crash->message) - 1);
                r->report->cause.message = value;
                break;
        case RAW_KEY_REASON:
                r->report->cause.message = value;
                break;
        case RAW_KEY_CLASS:
                r->raw->class = value;
                break;
        case RAW_KEY_HANDLER:
                crash->handler = raw_handler_find(value);
                r->report->cause.handler = raw_handler_name(crash->handler);
                return crash->handler != WIRE_HANDLER_NONE;
        default:
                return exception_line(&crash->exception, key, value);
        }
        return true;
}

static const struct process_key {
        enum raw_key key;
        bool number;
        bool raw; /* the member is in struct raw_report */
        size_t offset;
} process_keys[] = {
        { RAW_KEY_PID, true, false, offsetof(struct report, process.pid) },
        { RAW_KEY_PPID, true, false, offsetof(struct report, process.ppid) },
        { RAW_KEY_UID, true, false, offsetof(struct report, process.uid) },
        { RAW_KEY_GID, true, false, offsetof(struct report, process.gid) },
        { RAW_KEY_EXE, false, false, offsetof(struct report, process.exe) },
        { RAW_KEY_CWD, false, false, offsetof(struct report, process.cwd) },
        { RAW_KEY_KERNEL, false, false, offsetof(struct report, system.kernel) },
        { RAW_KEY_HOSTNAME, false, false, offsetof(struct report, system.hostname) },
        { RAW_KEY_CPUS, true, false, offsetof(struct report, system.cpus) },
        { RAW_KEY_THREAD, false, true, offsetof(struct raw_report, thread_name) },
        { RAW_KEY_START_TIME, true, true, offsetof(struct raw_report, start_ticks) },
};

static bool tid_value(struct wire_crash *crash, const char *value)
{
        int64_t n;

        if (!raw_parse_integer(value, &n))
                return false;
        crash->tid = (int32_t)n;
        return true;
}

bool raw_process_line(struct raw_reader *r, char *line)
{
        const char *value = raw_split_key(line);
        enum raw_key name = raw_key_find(line);
        size_t i;

        if (!value)
                return false;
        raw_decode(line + strlen(line) + 1);
        if (name == RAW_KEY_ARG) {
                *POOL_APPEND(r->pool, r->report->process.cmdline, r->report->process.cmdline_count) = value;
                return true;
        }
        if (name == RAW_KEY_TID)
                return tid_value(&r->raw->crash, value);
        for (i = 0; i < sizeof(process_keys) / sizeof(process_keys[0]); i++) {
                const struct process_key *key = &process_keys[i];
                char *member = (key->raw ? (char *)r->raw : (char *)r->report) + key->offset;
                struct known_int n = { 0, true };

                if (name != key->key)
                        continue;
                if (!key->number)
                        memcpy(member, &value, sizeof(value));
                else if (raw_parse_integer(value, &n.v))
                        memcpy(member, &n, sizeof(n));
                else
                        return false;
                return true;
        }
        return true; /* written by a later version */
}
