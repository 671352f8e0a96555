/* SPDX-License-Identifier: MIT */
#include "report/gather/privacy.h"

#include "report/place/settings.h"
#include "unwind/core/image/dynsym.h"
#include "unwind/core/image/maps.h"
#include "unwind/core/terms/str.h"
#include "unwind/target/aside.h"
#include "unwind/target/clock.h"
#include "unwind/target/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VALUES_MAX 4096u
#define ENTRIES_MAX 65536u             /* of the environment */
#define ENTRY_MAX ((size_t)128 * 1024) /* execve(2): MAX_ARG_STRLEN */
#define ENVIRONMENT_MAX ((size_t)256 * 1024)
#define PIECE ((size_t)4096)   /* of a longer value that is searched for in memory */
#define HOME_MAX ((size_t)512) /* how far before a window a home directory may begin */
#define FLAGGED_MAX 4096u
#define FLAGS_MAX_NS (2 * NS_PER_S)
#define REALPATH_NS 500000000ull

struct area {
        uint64_t start, end;
        enum privacy_reason reason;
};

struct pattern {
        const char *text;
        size_t len;
        enum privacy_reason reason;
};

/* Mappings that are withheld, in ascending order; nothing is known of those that end above `known_to`. */
struct flags {
        struct pool *pool;
        uint64_t known_to;
        struct area *v;
        size_t n;
};

struct privacy {
        struct pool *pool;
        struct target *t;
        struct flags flags;
        struct arguments_area place;
        struct privacy_settings settings;
        struct area *shown; /* the permitted variables in [env_start, env_end) */
        size_t shown_count;
        struct secrets secrets, hidden; /* hidden: by CRASHPRE_REDACT */
        uint64_t *pieces;               /* SECRET_PIECE bytes each, of the secret values; sorted */
        size_t piece_count;
        struct pattern *patterns; /* whole texts */
        size_t pattern_count, longest;
};

const char *privacy_reason_name(enum privacy_reason reason)
{
        static const char *const names[PRIVACY_REASONS] = {
                [PRIVACY_DONT_DUMP] = "dont-dump",
                [PRIVACY_DEVICE] = "device",
                [PRIVACY_SECRET_MEMORY] = "secret-memory",
                [PRIVACY_UNKNOWN] = "unknown-flags",
                [PRIVACY_SECRET] = "secret",
                [PRIVACY_ENVIRONMENT] = "environment",
                [PRIVACY_ARGUMENTS] = "arguments",
                [PRIVACY_PATH] = "path",
        };

        return reason < PRIVACY_REASONS ? names[reason] : NULL;
}

/* ---- flags of mappings: /proc/PID/smaps ---- */

struct flags_reader {
        struct flags *out;
        struct maps_line entry;
        bool in_entry;
        uint64_t highest;
};

static void flag_entry(struct flags_reader *r, enum privacy_reason reason)
{
        struct flags *f = r->out;
        struct area *last = f->n ? &f->v[f->n - 1] : NULL;

        r->in_entry = false;
        if (reason && f->n == FLAGGED_MAX)
                return;
        if (reason && last && last->end == r->entry.start && last->reason == reason)
                last->end = r->entry.end;
        else if (reason)
                *POOL_APPEND(f->pool, f->v, f->n) = (struct area){ r->entry.start, r->entry.end, reason };
        f->known_to = r->entry.end;
}

/* "VmFlags: rd wr mr mw me dd ac" */
static bool has_flag(const char *line, const char *flag)
{
        for (line += strcspn(line, " "); (line = strchr(line, ' ')); line++)
                if (!strncmp(line + 1, flag, 2) && (line[3] == ' ' || !line[3]))
                        return true;
        return false;
}

static enum privacy_reason reason_of_flags(const char *line, const struct maps_line *entry)
{
        static const char secret[] = "/secretmem";

        if (entry->path_len == sizeof(secret) - 1 && !memcmp(entry->path, secret, sizeof(secret) - 1))
                return PRIVACY_SECRET_MEMORY;
        if (has_flag(line, "io") || has_flag(line, "pf"))
                return PRIVACY_DEVICE;
        return has_flag(line, "dd") ? PRIVACY_DONT_DUMP : PRIVACY_NONE;
}

/* Returns false if no further line is needed, or none can be stored. */
static bool take_line(struct flags_reader *r, char *line)
{
        struct maps_line entry;

        if (str_begins(line, "VmFlags:") && r->in_entry)
                flag_entry(r, reason_of_flags(line, &r->entry));
        else if (!maps_parse_line(line, strlen(line), &entry)) {
                if (r->in_entry) /* a kernel without these flags */
                        flag_entry(r, PRIVACY_UNKNOWN);
                if (entry.start > r->highest)
                        return false;
                r->entry = entry;
                r->entry.path = strstr(line, "/secretmem");
                if (!r->entry.path)
                        r->entry.path_len = 0;
                else /* the line's buffer is used again */
                        r->entry.path = "/secretmem";
                r->in_entry = true;
        }
        return r->out->n < FLAGGED_MAX;
}

/* Returns the number of bytes that remain, those of an incomplete line, moved to the beginning; -1 at the end. */
static ssize_t take_lines(struct flags_reader *r, char *text, size_t len)
{
        char *line = text, *end;

        while ((end = memchr(line, '\n', len - (size_t)(line - text)))) {
                *end = 0;
                if (!take_line(r, line))
                        return -1;
                line = end + 1;
        }
        len -= (size_t)(line - text);
        memmove(text, line, len);
        return (ssize_t)len;
}

/* The lock that the kernel takes for it is that of /proc/PID/maps, which has been read. The file is not seekable to an address.
 * Returns 0 or -errno. */
static int read_flags(struct flags *out, pid_t living, uint64_t highest, uint64_t deadline)
{
        static char text[65536];
        struct flags_reader r = { .out = out, .highest = highest };
        char path[32];
        ssize_t have = 0, n = 0;
        int fd;

        snprintf(path, sizeof(path), "/proc/%d/smaps", (int)living);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        while (have >= 0 && (size_t)have < sizeof(text) && !clock_is_past(deadline) &&
               (n = read(fd, text + have, sizeof(text) - (size_t)have)) > 0)
                have = take_lines(&r, text, (size_t)(have + n));
        close(fd);
        if (have == 0 && n == 0 && out->known_to)
                out->known_to = UINT64_MAX;
        return 0;
}

static void find_flags(struct privacy *p, struct report *report, uint64_t highest)
{
        uint64_t now = clock_now_ns(), limit = FLAGS_MAX_NS, end = p->t->deadline_ns;
        int err;

        if (end && (end < now || (end - now) / 4 < limit))
                limit = end < now ? 0 : (end - now) / 4;
        err = read_flags(&p->flags, p->t->living, highest, now + limit);
        if (err)
                report_diagnose(
                        report, "privacy",
                        "/proc/PID/smaps could not be read (%s): it is not known which memory the program keeps out of core "
                        "dumps, and bytes are shown of read-only file mappings alone",
                        strerror(-err));
        else if (p->flags.known_to <= highest && p->flags.known_to != UINT64_MAX)
                report_diagnose(
                        report, "privacy",
                        "/proc/PID/smaps could not be read to the end in time: it is not known which memory from 0x%llx on the "
                        "program keeps out of core dumps, and bytes there are shown of read-only file mappings alone",
                        (unsigned long long)p->flags.known_to);
}

/* ---- values ---- */

static void add_pattern(struct privacy *p, const char *text, size_t len, enum privacy_reason reason)
{
        for (size_t i = 0; i < p->pattern_count; i++)
                if (p->patterns[i].len == len && !memcmp(p->patterns[i].text, text, len))
                        return;
        *POOL_APPEND(p->pool, p->patterns, p->pattern_count) = (struct pattern){ text, len, reason };
        if (len > p->longest)
                p->longest = len;
}

/* `text` must stay valid. */
static void keep(struct privacy *p, struct secrets *s, const char *text, size_t len)
{
        size_t most = s->n + 1;

        for (const char *at = text; (at = memchr(at, '\n', len - (size_t)(at - text))); at++)
                most++;
        if (most > s->room && s->room < VALUES_MAX) {
                const struct secret *old = s->v;

                s->room = most > VALUES_MAX / 2 ? VALUES_MAX : 2 * most;
                s->v = pool_alloc(p->pool, s->room * sizeof(*s->v));
                if (old)
                        memcpy(s->v, old, s->n * sizeof(*s->v));
        }
        secrets_add(s, text, len);
}

/* A long value in pieces; the last one overlaps the one before. */
static void add_value(struct privacy *p, const char *text, size_t len, enum privacy_reason reason)
{
        if (len < SECRET_MIN)
                return;
        keep(p, &p->hidden, text, len);
        for (size_t at = 0; at + PIECE < len; at += PIECE)
                add_pattern(p, text + at, PIECE, reason);
        add_pattern(p, text + (len > PIECE ? len - PIECE : 0), len > PIECE ? PIECE : len, reason);
}

static int compare_pieces(const void *a, const void *b)
{
        uint64_t x, y;

        memcpy(&x, a, sizeof(x));
        memcpy(&y, b, sizeof(y));
        return (x > y) - (x < y);
}

/* Parts of secret values are withheld, too: a program cuts them and overwrites them. */
static void add_secrets(struct privacy *p, struct report *report)
{
        size_t n = 0;

        for (size_t i = 0; i < p->secrets.n; i++)
                n += p->secrets.v[i].len;
        p->pieces = pool_alloc(p->pool, (n + 1) * sizeof(*p->pieces));
        for (size_t i = 0; i < p->secrets.n; i++) {
                const struct secret *v = &p->secrets.v[i];

                if (v->len < SECRET_PIECE)
                        add_pattern(p, v->text, v->len, PRIVACY_SECRET);
                for (size_t at = 0; at + SECRET_PIECE <= v->len; at++)
                        memcpy(&p->pieces[p->piece_count++], v->text + at, SECRET_PIECE);
        }
        qsort(p->pieces, p->piece_count, sizeof(*p->pieces), compare_pieces);
        if (p->piece_count && p->longest < SECRET_PIECE)
                p->longest = SECRET_PIECE;
        if (p->secrets.incomplete)
                report_diagnose(report, "privacy", "there are more than %u secret values: not all are withheld",
                                VALUES_MAX);
}

/* `entry` must stay valid. Returns its value; NULL if it is not "NAME=value". */
static const char *take_entry(struct privacy *p, const char *entry, size_t len)
{
        const char *value = memchr(entry, '=', len);
        size_t secret_len, value_len = value ? len - (size_t)(value + 1 - entry) : 0;

        if (!value)
                return NULL;
        if (secret_of_entry(entry, len, &secret_len))
                keep(p, &p->secrets, value + 1, value_len);
        else if (p->settings.redact & REDACT_ENV)
                add_value(p, value + 1, value_len, PRIVACY_ENVIRONMENT);
        return value + 1;
}

static bool is_shown(const struct privacy *p, const char *entry, const char *value)
{
        char name[256];
        size_t len = value ? (size_t)(value - 1 - entry) : 0;

        if (!value || p->settings.redact & REDACT_ENV || len >= sizeof(name))
                return false;
        memcpy(name, entry, len);
        name[len] = 0;
        return settings_shows_variable(p->settings.environment, name);
}

/* ---- environment and arguments ---- */

static const char *read_text(struct privacy *p, pid_t living, const char *name, uint64_t start, uint64_t end,
                             size_t *len)
{
        const char *text = p->t ? arguments_read(p->pool, p->t, living, name, start, end, len) : NULL;

        return text ? text : arguments_read(p->pool, NULL, living, name, start, end, len);
}

/* The kernel's block, as the memory has it now. An entry that was not read to its end is not shown. */
static void take_block(struct privacy *p, pid_t living)
{
        size_t len = 0, at, n;
        const char *text = read_text(p, living, "environ", p->place.env_start, p->place.env_end, &len);

        for (at = 0; text && at < len; at += n + 1) {
                const char *entry = text + at, *value;

                n = strlen(entry);
                value = take_entry(p, entry, n);
                if (at + n < len && is_shown(p, entry, value))
                        *POOL_APPEND(p->pool, p->shown, p->shown_count) =
                                (struct area){ p->place.env_start + at, p->place.env_start + at + n + 1, PRIVACY_NONE };
        }
}

static void take_arguments(struct privacy *p, pid_t living)
{
        size_t len = 0, at, n;
        const char *text = read_text(p, living, "cmdline", p->place.arg_start, p->place.arg_end, &len);

        for (at = 0; text && at < len; at += n + 1) {
                n = strlen(text + at);
                add_value(p, text + at, n, PRIVACY_ARGUMENTS);
        }
}

/* Where `environ` is defined: the C library, or the program, if that refers to it. */
static bool may_have_environ(const struct module *m)
{
        const char *base = str_base(m->path);

        return m->image.dynamic && (!strstr(base, ".so") || str_begins(base, "libc.") || str_begins(base, "libc-") ||
                                    str_begins(base, "ld-musl"));
}

static void take_array(struct privacy *p, uint64_t array)
{
        char *entry = NULL;
        size_t left = ENVIRONMENT_MAX;
        uint64_t pointer;

        for (unsigned i = 0; array && i < ENTRIES_MAX && !target_past_deadline(p->t); i++, array += sizeof(pointer)) {
                ssize_t n;

                if (target_read(p->t, array, &pointer, sizeof(pointer)) || !pointer)
                        return;
                if (pointer >= p->place.env_start && pointer < p->place.env_end)
                        continue; /* read with the block */
                if (!entry)
                        entry = pool_alloc(p->pool, ENTRY_MAX);
                n = target_read_string(p->t, pointer, entry, ENTRY_MAX);
                if (n <= 0)
                        continue;
                if ((size_t)n > left)
                        return;
                left -= (size_t)n;
                take_entry(p, pool_strndup(p->pool, entry, (size_t)n), (size_t)n);
        }
}

/* setenv(3) and putenv(3) change the array, and put or leave values elsewhere. */
static void take_present(struct privacy *p)
{
        struct cfi_space space = modules_space(p->t);
        uint64_t array, last = 0;

        for (size_t i = 0; i < p->t->modules.n; i++) {
                const struct module *m = &p->t->modules.v[i];
                struct dynsym symbol;

                if (!may_have_environ(m) || (dynsym_find(&space, &m->image, "environ", &symbol) &&
                                             dynsym_find(&space, &m->image, "__environ", &symbol)))
                        continue;
                if (target_read(p->t, symbol.addr, &array, sizeof(array)) || array == last)
                        continue;
                take_array(p, array);
                last = array;
        }
}

/* ---- the whole ---- */

struct privacy *privacy_new(struct report *report, struct target *t, const struct procfs_process *of, uint64_t highest,
                            const struct privacy_settings *settings)
{
        struct privacy *p = pool_alloc(&report->pool, sizeof(*p));

        p->pool = &report->pool;
        p->t = t;
        p->settings = *settings;
        p->flags.pool = p->pool;
        p->place = of->arguments;
        if (of->living) {
                take_block(p, of->living);
                if (settings->redact & REDACT_CMDLINE)
                        take_arguments(p, of->living);
        }
        if (t)
                take_present(p);
        add_secrets(p, report);
        if (settings->redact & REDACT_PATHS && p->longest < HOME_MAX)
                p->longest = HOME_MAX;
        if (t && t->living && highest)
                find_flags(p, report, highest);
        return p;
}

const struct secrets *privacy_secrets(const struct privacy *p)
{
        return &p->secrets;
}

const struct secrets *privacy_hidden(const struct privacy *p)
{
        return &p->hidden;
}

const struct redact_homes *privacy_homes(const struct privacy *p)
{
        return &p->settings.homes;
}

static ssize_t resolve_home(void *home, void *buf, size_t size)
{
        return size < PATH_MAX || !realpath(home, buf) ? -errno : (ssize_t)strlen(buf) + 1;
}

void privacy_find_homes(struct report *report, struct redact_homes *out)
{
        char *home = getenv("HOME"), *canonical = pool_alloc(&report->pool, PATH_MAX);

        *out = (struct redact_homes){ { home, NULL } };
        if (!home || *home != '/')
                return;
        if (aside_run(resolve_home, home, canonical, PATH_MAX, REALPATH_NS) > 0)
                out->path[1] = canonical;
        else
                report_diagnose(report, "privacy", "the canonical path of the home directory could not be determined");
}

/* ---- bytes ---- */

/* Bytes to be marked, [addr, addr + n). */
struct marks {
        uint64_t addr;
        size_t n;
        uint8_t *reasons;
};

/* The first reason remains. */
static void mark(struct marks *m, uint64_t start, uint64_t end, enum privacy_reason reason)
{
        uint64_t from = start > m->addr ? start - m->addr : 0, to = end > m->addr ? end - m->addr : 0;

        for (uint64_t i = from; i < to && i < m->n; i++)
                if (!m->reasons[i])
                        m->reasons[i] = (uint8_t)reason;
}

static void mark_unknown(const struct privacy *p, struct marks *m)
{
        uint64_t addr = m->addr > p->flags.known_to ? m->addr : p->flags.known_to, end = m->addr + m->n;

        while (addr < end) {
                const struct mapping *mapping = target_mapping(p->t, addr);
                uint64_t next = mapping && mapping->end < end ? mapping->end : end;

                if (!mapping || !mapping->inode || mapping->perms & (MAPS_WRITE | MAPS_SHARED))
                        mark(m, addr, next, PRIVACY_UNKNOWN);
                addr = next;
        }
}

static void mark_environment(const struct privacy *p, struct marks *m)
{
        uint64_t at = p->place.env_start;

        for (size_t i = 0; i < p->shown_count; i++) {
                mark(m, at, p->shown[i].start, PRIVACY_ENVIRONMENT);
                at = p->shown[i].end;
        }
        mark(m, at, p->place.env_end, PRIVACY_ENVIRONMENT);
}

/* Reads what precedes `addr`, as far as it is readable, up to `n` bytes that end at buf + n. Returns their number. */
static size_t read_before(const struct privacy *p, uint64_t addr, char *buf, size_t n)
{
        size_t done = 0;

        while (done < n && addr > done) {
                uint64_t end = addr - done, page = (end - 1) / MEMORY_PAGE * MEMORY_PAGE;
                size_t part = end - page < n - done ? (size_t)(end - page) : n - done;

                if (target_read(p->t, end - part, buf + n - done - part, part))
                        break;
                done += part;
        }
        return done;
}

static void mark_text(const struct privacy *p, struct marks *m, const char *text, size_t len, uint64_t addr)
{
        for (size_t i = 0; i < p->pattern_count; i++) {
                const struct pattern *pattern = &p->patterns[i];
                const char *at = text;

                while ((at = memmem(at, len - (size_t)(at - text), pattern->text, pattern->len))) {
                        uint64_t found = addr + (uint64_t)(at - text);

                        mark(m, found, found + pattern->len, pattern->reason);
                        at++;
                }
        }
        for (size_t i = 0; p->piece_count && i + SECRET_PIECE <= len; i++)
                if (bsearch(text + i, p->pieces, p->piece_count, sizeof(*p->pieces), compare_pieces))
                        mark(m, addr + i, addr + i + SECRET_PIECE, PRIVACY_SECRET);
        for (size_t i = 0; p->settings.redact & REDACT_PATHS && i < len; i++) {
                size_t n = redact_home_bytes(text + i, len - i, &p->settings.homes);

                if (n)
                        mark(m, addr + i, addr + i + n, PRIVACY_PATH);
        }
}

static void mark_values(const struct privacy *p, struct marks *m)
{
        size_t around = p->longest, before, len;
        char *text;
        ssize_t n;

        if (!around)
                return;
        text = pool_malloc(2 * around + m->n);
        before = read_before(p, m->addr, text, around);
        n = p->t->ops->read(p->t, m->addr, text + around, m->n + around);
        len = before + (n > 0 ? (size_t)n : 0);
        mark_text(p, m, text + around - before, len, m->addr - before);
        free(text);
}

void privacy_mark(const struct privacy *p, uint64_t addr, size_t n, uint8_t *reasons)
{
        struct marks m = { addr, n, reasons };

        memset(reasons, 0, n);
        for (size_t i = 0; i < p->flags.n; i++)
                mark(&m, p->flags.v[i].start, p->flags.v[i].end, p->flags.v[i].reason);
        mark_unknown(p, &m);
        mark_environment(p, &m);
        if (p->settings.redact & REDACT_CMDLINE)
                mark(&m, p->place.arg_start, p->place.arg_end, PRIVACY_ARGUMENTS);
        mark_values(p, &m);
}
