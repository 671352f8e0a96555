/* SPDX-License-Identifier: MIT */
#include "preload/base/sigsafe.h"
#include "preload/base/syscalls.h"
#include "unwind/core/terms/clock.h"
#include "unwind/core/terms/secret.h"
#include "unwind/core/terms/utf8.h"

#include <errno.h>
#include <linux/limits.h>

#define SELECT_BITS 64

/* A pipe that polls as writable accepts PIPE_BUF bytes without blocking (pipe(7)); a longer write may block. Uses
 * select(2), because poll(2) fails with even one descriptor where RLIMIT_NOFILE is 0. */
static int wait_for_room(struct sigsafe_out *o)
{
        uint64_t wanted = 1ull << (o->fd % SELECT_BITS);
        uint64_t now = sys_clock_ns(CLOCK_MONOTONIC), left = now < o->give_up_ns ? o->give_up_ns - now : 0;
        struct timespec ts = { (time_t)(left / NS_PER_S), (long)(left % NS_PER_S) };
        int n;

        if (o->fd >= SELECT_BITS)
                return -EBADF;
        n = (int)sys_5(SYS_pselect6, SELECT_BITS, 0, (long)&wanted, 0, (long)&ts);
        if (n < 0)
                return n == -EINTR ? 0 : n;
        return n == 0 ? -EAGAIN : 0;
}

int sigsafe_flush(struct sigsafe_out *o)
{
        size_t done = 0;

        if (o->fd < 0)
                return o->err;
        while (!o->err && done < o->used) {
                size_t want = o->used - done;
                ssize_t n;

                if (o->may_block) {
                        o->err = wait_for_room(o);
                        if (o->err)
                                break;
                        want = want > PIPE_BUF ? PIPE_BUF : want;
                }
                n = sys_write(o->fd, o->buf + done, want);
                if (n > 0) {
                        done += (size_t)n;
                        o->sent += (uint64_t)n;
                } else if (n != -EINTR && !(n == -EAGAIN && o->may_block)) {
                        o->err = n < 0 ? (int)n : -EIO; /* 0 bytes: no progress, do not spin */
                }
        }
        o->used = 0; /* after an error too, so that the buffer always has space */
        return o->err;
}

static void put(struct sigsafe_out *o, char c)
{
        if (o->used == sizeof(o->buf)) {
                if (o->fd < 0)
                        return;
                sigsafe_flush(o);
        }
        o->buf[o->used++] = c;
}

static char hex_digit(unsigned v)
{
        return (char)(v < 10 ? '0' + v : 'a' + v - 10);
}

/* Writes \u and the four digits of a UTF-16 code unit (RFC 8259 section 7). */
static void put_unit(struct sigsafe_out *o, unsigned unit)
{
        put(o, '\\');
        put(o, 'u');
        for (int shift = 12; shift >= 0; shift -= 4)
                put(o, hex_digit(unit >> shift & 15));
}

void sigsafe_char(struct sigsafe_out *o, char c)
{
        if (o->in_json && ((unsigned char)c < 0x20 || c == 0x7f)) {
                put_unit(o, (unsigned char)c);
                return;
        }
        if (o->in_json && (c == '"' || c == '\\'))
                put(o, '\\');
        if (o->carriage_returns && c == '\n')
                put(o, '\r');
        put(o, c);
}

void sigsafe_bytes(struct sigsafe_out *o, const char *s, size_t n)
{
        for (size_t i = 0; i < n; i++)
                sigsafe_char(o, s[i]);
}

void sigsafe_str(struct sigsafe_out *o, const char *s)
{
        for (; *s; s++)
                sigsafe_char(o, *s);
}

/* Writes what replaces a home directory or a secret at s[at]. Returns its length, 0 if there is none. */
static size_t hide(struct sigsafe_out *o, const char *s, size_t n, size_t at, size_t min)
{
        size_t len = o->secrets ? secrets_at(o->secrets, s, n, at, min) : 0;

        if (len) {
                sigsafe_str(o, SECRET_WITHHELD);
                return len;
        }
        len = o->hide_homes ? redact_home_at(s, n, at, &o->homes) : 0;
        if (len)
                sigsafe_char(o, '~');
        return len;
}

static void put_text(struct sigsafe_out *o, const char *s, size_t n, bool lines, size_t min)
{
        for (size_t i = 0, hidden; i < n; i += hidden ? hidden : 1) {
                unsigned char c = (unsigned char)s[i];

                hidden = hide(o, s, n, i, min);
                if (hidden)
                        continue;
                if ((c >= 0x20 && c < 0x7f && c != '\\') || (lines && c == '\n')) {
                        sigsafe_char(o, (char)c);
                        continue;
                }
                sigsafe_str(o, "\\x");
                sigsafe_char(o, hex_digit(c >> 4));
                sigsafe_char(o, hex_digit(c & 15));
        }
}

void sigsafe_text(struct sigsafe_out *o, const char *s, size_t n)
{
        put_text(o, s, n, false, SECRET_MIN);
}

void sigsafe_path(struct sigsafe_out *o, const char *s, size_t n)
{
        put_text(o, s, n, false, SECRET_MIN_NAME);
}

void sigsafe_lines(struct sigsafe_out *o, const char *s, size_t n)
{
        put_text(o, s, n, true, SECRET_MIN_NAME);
}

void sigsafe_unicode(struct sigsafe_out *o, const char *s, size_t n)
{
        for (size_t i = 0, len; i < n; i += len ? len : 1) {
                unsigned code = 0;

                len = utf8_character(s + i, n - i, &code);
                if (!len) {
                        sigsafe_str(o, "\\x");
                        sigsafe_hex_bytes(o, (const uint8_t *)s + i, 1);
                } else if (code < 0x80) {
                        sigsafe_char(o, s[i]);
                } else if (code < 0x10000) {
                        put_unit(o, code);
                } else {
                        put_unit(o, 0xd800 | (code - 0x10000) >> 10);
                        put_unit(o, 0xdc00 | (code & 0x3ff));
                }
        }
}

void sigsafe_dec_width(struct sigsafe_out *o, uint64_t value, unsigned width)
{
        char digits[20];
        unsigned n = 0;

        do
                digits[n++] = (char)('0' + value % 10);
        while ((value /= 10) && n < sizeof(digits));
        while (n < width && n < sizeof(digits))
                digits[n++] = '0';
        while (n)
                sigsafe_char(o, digits[--n]);
}

void sigsafe_dec(struct sigsafe_out *o, int64_t value)
{
        if (value < 0)
                sigsafe_char(o, '-');
        sigsafe_dec_width(o, value < 0 ? -(uint64_t)value : (uint64_t)value, 1);
}

void sigsafe_hex(struct sigsafe_out *o, uint64_t value)
{
        int shift = 60;

        sigsafe_str(o, "0x");
        while (shift > 0 && !(value >> shift & 15))
                shift -= 4;
        for (; shift >= 0; shift -= 4)
                sigsafe_char(o, hex_digit(value >> shift & 15));
}

void sigsafe_hex_bytes(struct sigsafe_out *o, const uint8_t *p, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                sigsafe_char(o, hex_digit(p[i] >> 4));
                sigsafe_char(o, hex_digit(p[i] & 15));
        }
}
