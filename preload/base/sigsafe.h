/* SPDX-License-Identifier: MIT */
/* preload/base/sigsafe.h: text output for a process that is already dying.
 *
 * Signal context: async-signal-safe throughout. No heap, lock, stdio, thread-local storage or locale.
 *   One writer at a time: the thread that claimed the crash.
 * Errors: sticky. After a failed write the rest is dropped: fill a whole section, then ask once. Strings of the dying
 * program are copied by probe_*() first and go through sigsafe_text(), which leaves nothing but printable ASCII.
 */
#ifndef CRASHPRE_PRELOAD_SIGSAFE_H
#define CRASHPRE_PRELOAD_SIGSAFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sigsafe_out {         /* begins as { .fd = fd } */
        int fd;              /* borrowed: whoever opened it closes it; -1: nowhere, text stays in buf */
        int err;             /* 0, or -errno of the first write that failed */
        bool may_block;      /* a pipe or terminal that nobody may be reading: wait for room, but not for ever */
        uint64_t give_up_ns; /* CLOCK_MONOTONIC, for may_block */
        /* CRASHPRE_REDACT=paths: home directories in the program's text become ~ (unwind/core/terms/redact.h) */
        bool hide_homes;
        const char *home; /* $HOME; borrowed; "" or NULL unknown */
        size_t used;      /* bytes waiting in buf */
        char buf[8192];
};

/* `s` is trusted text of ours, NUL-terminated. */
void sigsafe_str(struct sigsafe_out *o, const char *s);
/* `n` bytes as they are. */
void sigsafe_bytes(struct sigsafe_out *o, const char *s, size_t n);
/* `n` bytes of the program's, with a backslash and what is not printable ASCII as \xHH. */
void sigsafe_text(struct sigsafe_out *o, const char *s, size_t n);
/* The same, but ends of lines stay. */
void sigsafe_lines(struct sigsafe_out *o, const char *s, size_t n);
void sigsafe_char(struct sigsafe_out *o, char c);
void sigsafe_dec(struct sigsafe_out *o, int64_t value);
/* At least `width` digits, zero-padded. */
void sigsafe_dec_width(struct sigsafe_out *o, uint64_t value, unsigned width);
void sigsafe_hex(struct sigsafe_out *o, uint64_t value); /* 0x1f */
void sigsafe_hex_bytes(struct sigsafe_out *o, const uint8_t *p, size_t n);

/* Hands over what is waiting. Returns 0 or -errno; harmless to repeat. */
int sigsafe_flush(struct sigsafe_out *o);

#endif
