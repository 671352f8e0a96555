/* SPDX-License-Identifier: MIT */
/* unwind/elf/inflate.h: compressed bytes of which the size is known. Private to unwind/.
 *
 * zlib streams (RFC 1950) by libdeflate, which takes 40 % of zlib's time; inflating is nine tenths of what a compressed
 * debug file costs. zstd's frames (RFC 8878) by libzstd.
 */
#ifndef CRASHPRE_UNWIND_INFLATE_H
#define CRASHPRE_UNWIND_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum inflate_format { INFLATE_ZLIB, INFLATE_ZSTD };

/* Compressed bytes, borrowed. */
struct inflate_source {
        enum inflate_format format;
        const uint8_t *bytes;
        size_t size;
};

enum { INFLATE_UNSURE = 258 }; /* deflate's longest match: RFC 1951, 3.2.5 */

/* Can so many compressed bytes give `size`? A header may claim anything. */
bool inflate_plausible(enum inflate_format format, uint64_t packed_size, uint64_t size);

/* Exactly `size` bytes to `out`. 0, -EBADMSG or -ENOMEM. */
int inflate_stream(const struct inflate_source *from, uint8_t *out, size_t size);

/* The beginning of what gives more than `size` bytes; all of them but the last INFLATE_UNSURE are good. A check sum
 * stays unread. 0, -EBADMSG or -ENOMEM. */
int inflate_beginning(const struct inflate_source *from, uint8_t *out, size_t size);

#endif
