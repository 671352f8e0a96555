/* SPDX-License-Identifier: MIT */
#include "preload/raw/stderr.h"
#include "preload/base/fileid.h"
#include "preload/base/mountinfo.h"
#include "preload/base/syscalls.h"
#include "preload/facts/settings.h"
#include "preload/privacy/secrets.h"
#include "preload/raw/output.h"
#include "unwind/core/terms/redact.h"
#include "unwind/core/terms/signames.h"
#include "unwind/core/terms/str.h"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define PATIENCE_NS 2000000000ull /* for a pipe without a reader */

/* ---- whether ---- */

/* The peer of an internet socket is another program. Of a unix socket it may be the system's log (systemd-journald). */
static bool is_unix_socket(void)
{
        int domain = AF_UNSPEC;
        socklen_t size = sizeof(domain);

        return sys_5(SYS_getsockopt, 2, SOL_SOCKET, SO_DOMAIN, (long)&domain, (long)&size) == 0 && domain == AF_UNIX;
}

/* The inode differs if a terminal is opened as /dev/tty, or by a name in another instance of devpts. TIOCGDEV
 * (drivers/tty/tty_io.c) returns the terminal's own number in both cases. */
static bool is_terminal_of_load(void)
{
        unsigned device;

        return settings.stderr_tty && sys_3(SYS_ioctl, 2, TIOCGDEV, (long)&device) == 0 &&
               device == settings.stderr_tty;
}

bool stderr_is_log(void)
{
        struct stat st;
        long flags;

        if (fileid_stat(2, &st) < 0)
                return false;
        if (settings.stderr_ino && st.st_dev == settings.stderr_dev && st.st_ino == settings.stderr_ino)
                return !S_ISSOCK(st.st_mode) || is_unix_socket();
        if (settings.stderr_of_run)
                return false;
        if (S_ISCHR(st.st_mode))
                return is_terminal_of_load();
        flags = S_ISREG(st.st_mode) ? sys_3(SYS_fcntl, 2, F_GETFL, 0) : 0;
        return flags > 0 && flags & O_APPEND;
}

void stderr_check(struct crash *c)
{
        /* Where the program has closed descriptor 2, it may be ours: the raw report, too, is a regular file with O_APPEND. */
        bool ours = c->raw_fd == 2 || c->dir_fd == 2;

        c->stderr_ok = settings.stderr_mode != SETTING_STDERR_NONE && !ours && stderr_is_log();
}

/* ---- how ---- */

/* Whether a newline alone moves the cursor down only: no output processing (a full-screen program), or none of
 * newlines (termios(3)). */
static bool needs_carriage_return(void)
{
        struct termios t; /* the kernel's (asm/termbits.h), not libc's */

        return sys_3(SYS_ioctl, 2, TCGETS, (long)&t) == 0 &&
               (!(t.c_oflag & OPOST) || !(t.c_oflag & (ONLCR | OCRNL | ONLRET)));
}

/* A write to a file of a server that does not answer never returns. The helper may print there, which can be killed. */
static bool is_on_file_server(void)
{
        struct stat st;

        return fileid_stat(2, &st) == 0 && S_ISREG(st.st_mode) && mountinfo_is_file_server(2);
}

void stderr_begin(struct sigsafe_out *o)
{
        *o = (struct sigsafe_out){ .fd = 2, .may_block = true };
        if (is_on_file_server())
                o->err = -ETIMEDOUT;
        o->give_up_ns = sys_clock_ns(CLOCK_MONOTONIC) + PATIENCE_NS;
        o->carriage_returns = !o->err && needs_carriage_return(); /* ioctl(2) would be passed to the server */
}

/* ---- the summary of a report without the helper's ---- */

/* Returns "app", from "crash-app-4242-<time>". */
static const char *program_of(const struct crash *c, size_t *len)
{
        const char *name = c->wire.id + sizeof("crash-") - 1;
        size_t end = str_len(name);

        while (end && name[end] != '-')
                end--;
        while (end && name[end - 1] != '-')
                end--;
        *len = end ? end - 1 : 0;
        return name;
}

/* Writes "died of SIGSEGV; helper not started: ...", with paths redacted. */
#define NOT_STARTED "not started: "

static void put_summary(struct sigsafe_out *o, const struct crash *c, const char *what, const char *detail, int number)
{
        const char *name = signames_signal(c->signal);

        sigsafe_str(o, c->signal ? "died of " : "report on request");
        sigsafe_str(o, !c->signal ? "" : name ? name : "a signal");
        if (str_begins(what, NOT_STARTED)) {
                sigsafe_str(o, "; no helper: ");
                what += sizeof(NOT_STARTED) - 1;
        } else {
                sigsafe_str(o, "; helper ");
        }
        output_put_outcome(o, what, detail, number);
}

/* Calls `put` with each line of the notes that concerns a setting, and the number of those before it. Returns how many
 * there are. */
static unsigned put_settings(struct sigsafe_out *o, const struct crash *c,
                             void (*put)(struct sigsafe_out *o, const char *line, size_t len, unsigned i))
{
        const char *line = c->wire.note;
        unsigned count = 0;

        while (*line) {
                size_t n = 0;

                while (line[n] && line[n] != '\n')
                        n++;
                if (str_begins(line, "CRASHPRE_"))
                        put(o, line, n, count++);
                line += n + (line[n] != 0);
        }
        return count;
}

static void put_setting_line(struct sigsafe_out *o, const char *line, size_t len, unsigned i)
{
        (void)i;
        sigsafe_str(o, "setting: ");
        sigsafe_text(o, line, len);
        sigsafe_char(o, '\n');
}

/* The path of the report is printed unredacted, so that it can be found. */
static void print_text(struct sigsafe_out *o, const struct crash *c, const char *what, const char *detail, int number)
{
        size_t len;
        const char *program = program_of(c, &len);

        sigsafe_str(o, "crashpre: ");
        sigsafe_bytes(o, program, len);
        sigsafe_char(o, '[');
        sigsafe_dec(o, c->wire.pid);
        sigsafe_str(o, c->signal ? "] " : "]: ");
        put_summary(o, c, what, detail, number);
        sigsafe_char(o, '\n');
        put_settings(o, c, put_setting_line);
        if (c->raw_fd >= 0) {
                o->hide_homes = false;
                o->secrets = NULL;
                sigsafe_str(o, "report: ");
                sigsafe_text(o, c->wire.dir, str_len(c->wire.dir));
                sigsafe_char(o, '/');
                sigsafe_str(o, c->wire.id);
                sigsafe_str(o, ".txt\n");
        }
}

/* ---- as one line of JSON ---- */

static void begin_member(struct sigsafe_out *o, const char *name)
{
        sigsafe_str(o, ", \"");
        sigsafe_str(o, name);
        sigsafe_str(o, "\": \"");
        o->in_json = true;
}

static void end_string(struct sigsafe_out *o)
{
        o->in_json = false;
        sigsafe_char(o, '"');
}

static void put_setting_object(struct sigsafe_out *o, const char *line, size_t len, unsigned i)
{
        sigsafe_str(o, i ? ", " : ", \"diagnostics\": [");
        sigsafe_str(o, "{\"stage\": \"settings\"");
        begin_member(o, "message");
        sigsafe_text(o, line, len);
        end_string(o);
        sigsafe_char(o, '}');
}

/* The members and their order are those of the helper's line (report/text/log_line.c). */
static void print_json(struct sigsafe_out *o, const struct crash *c, const char *what, const char *detail, int number)
{
        size_t len;
        const char *program = program_of(c, &len);

        sigsafe_str(o, "{\"program\": \""); /* raw_name_char() leaves no character that needs an escape */
        sigsafe_bytes(o, program, len);
        sigsafe_str(o, "\", \"pid\": ");
        sigsafe_dec(o, c->wire.pid);
        if (c->class != FAULT_UNKNOWN) {
                begin_member(o, "class");
                sigsafe_str(o, fault_class_name(c->class));
                end_string(o);
        }
        begin_member(o, "summary");
        put_summary(o, c, what, detail, number);
        end_string(o);
        if (c->raw_fd >= 0) {
                begin_member(o, "path");
                sigsafe_unicode(o, c->wire.dir, str_len(c->wire.dir));
                sigsafe_char(o, '/');
                sigsafe_str(o, c->wire.id);
                sigsafe_str(o, ".txt");
                end_string(o);
        }
        sigsafe_str(o, put_settings(o, c, put_setting_object) ? "]}\n" : "}\n");
}

void stderr_print_outcome(struct sigsafe_out *o, const struct crash *c, const char *what, const char *detail,
                          int number)
{
        stderr_begin(o);
        o->hide_homes = settings.redact & REDACT_PATHS;
        o->homes = settings.homes;
        o->secrets = privacy_secrets();
        if (settings.stderr_mode == SETTING_STDERR_JSON)
                print_json(o, c, what, detail, number);
        else
                print_text(o, c, what, detail, number);
        sigsafe_flush(o);
}
