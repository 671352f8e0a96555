/* SPDX-License-Identifier: MIT */
/* unwind/elf/inflate.h: decompresses data of known size. Private to unwind/. Not async-signal-safe.
 *
 * zlib streams (RFC 1950) by libdeflate, which takes 40 % of zlib's time; inflating is nine tenths of the cost of a
 * compressed debug file. zstd frames (RFC 8878) by libzstd.
 */
#ifndef CRASHPRE_UNWIND_INFLATE_H
#define CRASHPRE_UNWIND_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum inflate_format { INFLATE_ZLIB, INFLATE_ZSTD };

/* Compressed data, borrowed. */
struct inflate_source {
        enum inflate_format format;
        const uint8_t *bytes;
        size_t size;
};

enum { INFLATE_UNSURE = 258 }; /* deflate's longest match: RFC 1951, 3.2.5 */

/* True if `packed_size` compressed bytes can expand to `size` bytes. A header may claim any size. */
bool inflate_plausible(enum inflate_format format, uint64_t packed_size, uint64_t size);

/* Decompresses exactly `size` bytes to `out`. Returns 0, -EBADMSG or -ENOMEM. */
int inflate_stream(const struct inflate_source *from, uint8_t *out, size_t size);

/* Decompresses the first `size` bytes of longer data; all but the last INFLATE_UNSURE of them are valid. The check
 * sum is not verified. Returns 0, -EBADMSG or -ENOMEM. */
int inflate_beginning(const struct inflate_source *from, uint8_t *out, size_t size);

#endif
