/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/stage.c: see stage.h.
 *
 * Messages sent through the pipe consist of their length (4 bytes), a letter, numbers (4 bytes each) and strings
 * (length, bytes; length ~0 for NULL). The parent trusts none of it: a compromised child can send wrong names, but
 * cause no other harm.
 */
#include "unwind/dwarf/stage.h"
#include "unwind/dwarf/bytes.h"
#include "unwind/dwarf/late.h"
#include "unwind/target/aside.h"
#include "unwind/target/clock.h"
#include "unwind/target/weight.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
        MESSAGE_MODULE = 'M', /* module: begins */
        MESSAGE_LINES = 'L',  /* module, index, count, then line, column, function, symbol, file of each */
        MESSAGE_NOTE = 'N',   /* text */
        MESSAGE_END = 'E',    /* all modules are done */
        MAX_LINES = 512,      /* calls at one address */
        MAX_CRASHES = 8,
        MAX_STRING = 1 << 16,
        FLUSH_SIZE = 1 << 13, /* bytes that justify a system call */
};
static const uint32_t no_string = UINT32_MAX;
static const size_t max_message = (size_t)16 << 20;
static const uint64_t default_time = UINT64_C(60000000000), default_bytes = UINT64_C(1) << 30;
static const uint64_t max_delay = 5000000; /* nanoseconds that a result may be buffered */

/* ---- the child ---- */

struct sender {
        int fd;
        size_t module;
        char *text;
        size_t used, room;
        uint64_t last; /* time of the last write */
};

static void put(struct sender *t, const void *bytes, size_t n)
{
        if (n > t->room - t->used) {
                size_t room = 2 * (t->used + n) + 4096;
                char *grown = realloc(t->text, room);

                if (!grown)
                        _exit(1);
                t->text = grown;
                t->room = room;
        }
        memcpy(t->text + t->used, bytes, n);
        t->used += n;
}

static void put_number(struct sender *t, size_t n)
{
        uint32_t v = (uint32_t)n;

        put(t, &v, sizeof(v));
}

static void put_string(struct sender *t, const char *s)
{
        size_t len = s ? strnlen(s, MAX_STRING + 1) : 0;
        bool cut = len > MAX_STRING;

        len = cut ? MAX_STRING : len;
        put_number(t, s ? len : no_string);
        put(t, s ? s : "", cut ? len - 3 : len);
        put(t, "...", cut ? 3 : 0);
}

static size_t begin_message(struct sender *t, char kind)
{
        size_t start = t->used;

        put_number(t, 0);
        put(t, &kind, 1);
        return start;
}

static void end_message(struct sender *t, size_t start)
{
        uint32_t len = (uint32_t)(t->used - start - sizeof(len));

        memcpy(t->text + start, &len, sizeof(len));
}

static void flush(struct sender *t)
{
        for (size_t done = 0; done < t->used;) {
                ssize_t n = write(t->fd, t->text + done, t->used - done);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        _exit(1); /* the parent has closed its end */
                done += (size_t)n;
        }
        t->used = 0;
        t->last = clock_now_ns();
}

static void send_lines(void *ctx, size_t index, const struct symbol_line *lines, size_t n)
{
        struct sender *t = ctx;
        size_t start = begin_message(t, MESSAGE_LINES);

        put_number(t, t->module);
        put_number(t, index);
        put_number(t, n < MAX_LINES ? n : MAX_LINES);
        for (size_t i = 0; i < n && i < MAX_LINES; i++) {
                put_number(t, lines[i].line);
                put_number(t, lines[i].column);
                put_number(t, lines[i].from_source);
                put_string(t, lines[i].function);
                put_string(t, lines[i].symbol);
                put_string(t, lines[i].file);
        }
        end_message(t, start);
        if (t->used >= FLUSH_SIZE || clock_now_ns() - t->last >= max_delay)
                flush(t);
}

static void send_note(void *ctx, const char *message)
{
        struct sender *t = ctx;
        size_t start = begin_message(t, MESSAGE_NOTE);

        put_string(t, message);
        end_message(t, start);
        flush(t);
}

static void send_module(struct sender *t, char kind)
{
        size_t start = begin_message(t, kind);

        put_number(t, t->module);
        end_message(t, start);
        flush(t);
}

static void limit(int what, uint64_t value)
{
        struct rlimit l = { .rlim_cur = value, .rlim_max = value };

        setrlimit((__rlimit_resource_t)what, &l);
}

/* A core limit of one byte disables cores, both files and pipes (core(5)). */
static void set_limits(const struct dwarf_stage *s, uint64_t now)
{
        limit(RLIMIT_CORE, 1);
        limit(RLIMIT_CPU, (s->deadline_ns > now ? (s->deadline_ns - now) / NS_PER_S : 0) + 2);
#if !defined(__SANITIZE_ADDRESS__) /* its shadow memory alone exceeds any limit */
        limit(RLIMIT_DATA, s->bytes);
#endif
        prctl(PR_SET_PDEATHSIG, SIGKILL);
}

__attribute__((noreturn)) static void child(struct dwarf_stage *s, size_t first, int fd, uint64_t now, pid_t parent)
{
        static const int fatal[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU, SIGPIPE };
        struct sender t = { .fd = fd };

        weight_renew();
        set_limits(s, now);
        if (getppid() > 0 && getppid() != parent) /* negative: refused by a seccomp filter */
                _exit(1);
        for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
                signal(fatal[i], SIG_DFL);
        dwarf_late_begin();
        for (size_t i = first; i < s->count; i++) {
                struct dwarf_module *m = &s->modules[i];

                t.module = i;
                send_module(&t, MESSAGE_MODULE);
                m->answer = send_lines;
                m->note = send_note;
                m->ctx = &t;
                m->max = s->bytes - s->bytes / 4;
                dwarf_module_resolve(m);
        }
        send_module(&t, MESSAGE_END);
        _exit(0);
}

/* ---- the parent ---- */

struct receiver {
        struct dwarf_stage *s;
        uint8_t *text;
        size_t used, room;
        size_t module; /* index of the module the child works on */
        bool ended;
};

static char *get_string(struct dwarf_reader *r)
{
        uint32_t len = (uint32_t)dwarf_fixed(r, 4);
        const char *at = (const char *)r->at;

        if (r->bad || len == no_string)
                return NULL;
        dwarf_skip(r, len);
        return r->bad ? NULL : strndup(at, len);
}

static void receive_lines(struct receiver *l, struct dwarf_reader *r)
{
        size_t module = dwarf_fixed(r, 4), index = dwarf_fixed(r, 4), n = dwarf_fixed(r, 4);
        struct symbol_line *lines;

        if (r->bad || module >= l->s->count || index >= l->s->modules[module].count || !n || n > MAX_LINES)
                return;
        lines = calloc(n, sizeof(*lines));
        for (size_t i = 0; lines && i < n; i++) {
                lines[i].line = (uint32_t)dwarf_fixed(r, 4);
                lines[i].column = (uint32_t)dwarf_fixed(r, 4);
                lines[i].from_source = dwarf_fixed(r, 4) != 0;
                lines[i].function = get_string(r);
                lines[i].symbol = get_string(r);
                lines[i].file = get_string(r);
        }
        if (lines)
                l->s->answer(l->s->ctx, module, index, lines, n);
}

static void receive_message(struct receiver *l, struct dwarf_reader r)
{
        char *text;

        switch (dwarf_fixed(&r, 1)) {
        case MESSAGE_MODULE:
                l->module = dwarf_fixed(&r, 4);
                break;
        case MESSAGE_LINES:
                receive_lines(l, &r);
                break;
        case MESSAGE_NOTE:
                text = get_string(&r);
                if (text)
                        l->s->note(l->s->ctx, text);
                free(text);
                break;
        case MESSAGE_END:
                l->ended = true;
                break;
        }
}

/* Processes and removes the complete messages. Returns false if a length is invalid. */
static bool receive_complete(struct receiver *l)
{
        size_t at = 0;

        while (l->used - at >= 4) {
                uint32_t len;

                memcpy(&len, l->text + at, sizeof(len));
                if (len > max_message)
                        return false;
                if (l->used - at - 4 < len)
                        break;
                receive_message(l, (struct dwarf_reader){ .at = l->text + at + 4, .end = l->text + at + 4 + len });
                at += 4 + len;
        }
        memmove(l->text, l->text + at, l->used - at);
        l->used -= at;
        return true;
}

static bool make_room(struct receiver *l)
{
        uint8_t *grown;

        if (l->room - l->used >= 1 << 16)
                return true;
        grown = realloc(l->text, 2 * l->room + (1 << 17));
        if (!grown)
                return false;
        l->text = grown;
        l->room = 2 * l->room + (1 << 17);
        return true;
}

/* Reads until the child says that it has finished, or has closed its end: where a seccomp filter refuses close(2), this process has one, too.
 * Returns 0, -ETIME, -ENOMEM or -EBADMSG. */
static int receive_all(struct receiver *l, int fd)
{
        for (;;) {
                struct pollfd p = { .fd = fd, .events = POLLIN };
                uint64_t now = clock_now_ns();
                ssize_t n;

                if (now >= l->s->deadline_ns)
                        return -ETIME;
                if (poll(&p, 1, (int)((l->s->deadline_ns - now) / 1000000u % 1000000u) + 1) < 0 && errno != EINTR)
                        p.revents = POLLIN; /* a seccomp filter refuses poll(): read() also waits, without a limit */
                if (!p.revents)
                        continue;
                if (!make_room(l))
                        return -ENOMEM;
                n = read(fd, l->text + l->used, l->room - l->used);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return 0;
                l->used += (size_t)n;
                if (!receive_complete(l))
                        return -EBADMSG;
                if (l->ended)
                        return 0;
        }
}

static const char *describe_failure(int err, int status, char *buf, size_t size)
{
        if (err == -ETIME)
                return "the time limit was reached";
        if (err == -EBADMSG)
                return "the reader's answer is malformed";
        if (err)
                return "out of memory";
        if (WIFSIGNALED(status))
                snprintf(buf, size, "the reader was killed by signal %d (%s)", WTERMSIG(status),
                         strsignal(WTERMSIG(status)));
        else
                snprintf(buf, size, "the reader exited with status %d", WEXITSTATUS(status));
        return buf;
}

static void report_failure(const struct receiver *l, int err, int status)
{
        char how[128], text[4096 + 256];
        const char *path = l->module < l->s->count ? l->s->modules[l->module].file_path : "?";

        snprintf(text, sizeof(text), "%s: its debugging information was not read to the end: %s", path,
                 describe_failure(err, status, how, sizeof(how)));
        l->s->note(l->s->ctx, text);
}

/* Runs one child, for the modules from `first` on. Returns the module to continue with; s->count: none. */
static size_t run_child(struct dwarf_stage *s, size_t first)
{
        struct receiver l = { .s = s, .module = first };
        pid_t self = getpid(), pid;
        int ends[2], status = 0, err;

        if (pipe2(ends, O_CLOEXEC)) {
                s->note(s->ctx, "no lines from debugging information: cannot create a pipe");
                return s->count;
        }
        weight_try();
        pid = aside_fork();
        if (pid == 0)
                child(s, first, ends[1], clock_now_ns(), self);
        close(ends[1]);
        if (pid > 0)
                weight_drop();
        err = pid < 0 ? -errno : receive_all(&l, ends[0]);
        weight_renew();
        close(ends[0]);
        if (pid < 0) {
                s->note(s->ctx, "no lines from debugging information: cannot create a process to read it");
                return s->count;
        }
        if (!l.ended)
                kill(pid, SIGKILL); /* it may already have exited after closing the pipe: then this has no effect */
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        free(l.text);
        if (l.ended)
                return s->count;
        report_failure(&l, err, status);
        return err ? s->count : l.module + 1;
}

void dwarf_stage_run(struct dwarf_stage *s)
{
        size_t next = 0;

        if (!s->deadline_ns)
                s->deadline_ns = clock_now_ns() + default_time;
        if (!s->bytes)
                s->bytes = default_bytes;
        for (int i = 0; next < s->count && i < MAX_CRASHES && clock_now_ns() < s->deadline_ns; i++)
                next = run_child(s, next);
}
