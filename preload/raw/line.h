/* SPDX-License-Identifier: MIT */
/* preload/raw/line.h: the raw report's writer and its lines: "key: value".
 *
 * Signal context: async-signal-safe. Static data, since the report has one writer, the thread that claimed the crash,
 * and the crash stack is small.
 */
#ifndef CRASHPRE_PRELOAD_RAWLINE_H
#define CRASHPRE_PRELOAD_RAWLINE_H

#include "preload/base/memmap.h"
#include "preload/base/modmap.h"
#include "preload/base/sigsafe.h"
#include "preload/raw/crash.h"
#include "unwind/core/terms/raw_keys.h"

#include <limits.h>

struct raw_writer {
        struct sigsafe_out out;
        struct crash *crash;
        const struct memmap *map;
        const struct modmap *modules;
        char text[PATH_MAX]; /* scratch buffer; valid until the next rawline_* or rawsection_* call */
};

extern struct raw_writer raw;

void rawline_key(enum raw_key key);
void rawline_str(enum raw_key key, const char *trusted);
void rawline_text(enum raw_key key, const char *s, size_t n); /* bytes of the program's, escaped */
void rawline_path(enum raw_key key, const char *s, size_t n); /* a file name, likewise */
void rawline_dec(enum raw_key key, int64_t value);
void rawline_hex(enum raw_key key, uint64_t value); /* none if `value` holds a part of a secret */

/* A line of [registers], whose keys are register names. */
void rawline_register(const char *name, uint64_t value);

/* Writes "2026-11-21T14:35:12.123456Z", without a key. */
void rawline_time(int64_t sec, int64_t nsec);

/* Appends the time to `buf` of `size` at *at, with these separators; "" and "" result in the format used in file
 * names. */
void rawline_utc(char *buf, size_t size, size_t *at, int64_t sec, int64_t nsec, const char *in_date,
                 const char *in_time);

#endif
