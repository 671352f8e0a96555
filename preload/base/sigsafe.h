/* SPDX-License-Identifier: MIT */
/* preload/base/sigsafe.h: text output in a crashing process.
 *
 * Signal context: async-signal-safe throughout. No heap, lock, stdio, thread-local storage or locale.
 *   One writer at a time: the thread that claimed the crash.
 * Errors: sticky. After a failed write further output is dropped: write a whole section, then check once. Strings of
 * the crashing program must be copied by probe_*() first and written by sigsafe_text(), which outputs only printable
 * ASCII.
 */
#ifndef CRASHPRE_PRELOAD_SIGSAFE_H
#define CRASHPRE_PRELOAD_SIGSAFE_H

#include "unwind/core/terms/redact.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct secrets;

struct sigsafe_out {           /* begins as { .fd = fd } */
        int fd;                /* borrowed: not closed here; -1: no output, text stays in buf */
        int err;               /* 0, or -errno of the first write that failed */
        bool carriage_returns; /* a terminal without output processing: lines end in CR LF */
        bool in_json;          /* within a string of a JSON text: characters are escaped as JSON requires */
        bool may_block;        /* a pipe or terminal that may have no reader: wait for space, until give_up_ns */
        uint64_t give_up_ns;   /* CLOCK_MONOTONIC, for may_block */
        /* CRASHPRE_REDACT=paths: home directories in the program's text become ~ (unwind/core/terms/redact.h) */
        bool hide_homes;
        struct redact_homes homes;
        const struct secrets *secrets; /* values that the program's text is printed without; borrowed; NULL: none */
        uint64_t sent;                 /* bytes written to fd */
        size_t used;                   /* bytes waiting in buf */
        char buf[8192];
};

/* `s` is trusted text of this library, NUL-terminated. */
void sigsafe_str(struct sigsafe_out *o, const char *s);
/* Writes `n` bytes unchanged. */
void sigsafe_bytes(struct sigsafe_out *o, const char *s, size_t n);
/* Writes `n` bytes of the program's, with backslashes and bytes that are not printable ASCII as \xHH, and with homes and secrets
 * replaced. */
void sigsafe_text(struct sigsafe_out *o, const char *s, size_t n);
/* Like sigsafe_text(), for names of files: short secrets are left, of which they rarely consist and which they often contain
 * (PASSWORD=test). */
void sigsafe_path(struct sigsafe_out *o, const char *s, size_t n);
/* Like sigsafe_path(), but keeps newlines. */
void sigsafe_lines(struct sigsafe_out *o, const char *s, size_t n);
/* Writes `n` bytes of the program's within a string of a JSON text, as ASCII: escapes for characters of UTF-8, and \xHH
 * for bytes that are not UTF-8, as utf8_valid() (report/model/utf8.h). */
void sigsafe_unicode(struct sigsafe_out *o, const char *s, size_t n);
void sigsafe_char(struct sigsafe_out *o, char c);
void sigsafe_dec(struct sigsafe_out *o, int64_t value);
/* At least `width` digits, zero-padded. */
void sigsafe_dec_width(struct sigsafe_out *o, uint64_t value, unsigned width);
void sigsafe_hex(struct sigsafe_out *o, uint64_t value); /* 0x1f */
void sigsafe_hex_bytes(struct sigsafe_out *o, const uint8_t *p, size_t n);

/* Writes the buffered bytes to fd. Returns 0 or -errno of the first failed write; may be repeated. */
int sigsafe_flush(struct sigsafe_out *o);

#endif
