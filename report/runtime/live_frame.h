/* SPDX-License-Identifier: MIT */
/* report/runtime/live_frame.h: what a frame that is still active keeps: the registers that functions preserve, and its part of the stack.
 * Not async-signal-safe. */
#ifndef CRASHPRE_REPORT_RUNTIME_LIVE_FRAME_H
#define CRASHPRE_REPORT_RUNTIME_LIVE_FRAME_H

#include "report/model/model.h"
#include "unwind/target/target.h"

#include <stdbool.h>

#define LIVE_STRING_MAX 4096

struct live_frame {
        struct report *report;
        struct target *t;
        const char *name; /* of the function; borrowed */
        int module;       /* index, or -1 */
        uint64_t pc;      /* the return address, but in frame 0 */
        uint64_t sp, end; /* its stack: [sp, end); both 0: not known */
        const uint64_t
                *values; /* of the preserved registers that are known, then each word of the stack; from the pool */
        size_t value_count, stack; /* values[stack] is the first word of the stack */
};

/* Fills *out with frame `index` of report->threads[0], inlined or not. False: the frame is not known well enough. */
bool live_frame_read(struct report *report, struct target *t, size_t index, struct live_frame *out);

/* Returns the `len` bytes at `at` as a string (from the pool), if they are UTF-8 without control characters other than newline and tab;
 * else NULL. */
const char *live_text(const struct live_frame *f, uint64_t at, uint64_t len);

/* The same for a string that ends in a NUL, of at most LIVE_STRING_MAX bytes; NULL also for an empty one. */
const char *live_string(const struct live_frame *f, uint64_t at);

/* The same for the text whose address and length are the two words at `at`: a &str of Rust, a string of Go. */
const char *live_slice(const struct live_frame *f, uint64_t at);

/* Whether `at` is in memory that the program may write to, and in no thread's stack: the heap, or data. */
bool live_is_data(const struct live_frame *f, uint64_t at);

/* Whether `at` is in memory that holds constants: readable, of a module, not writable. */
bool live_is_constant(const struct live_frame *f, uint64_t at);

/* Reads a pointer-sized word. False: not readable. */
bool live_word(const struct live_frame *f, uint64_t at, uint64_t *out);

#endif
