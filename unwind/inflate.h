/* SPDX-License-Identifier: MIT */
/* unwind/inflate.h: zlib streams (RFC 1950) of which the size is known. Private to unwind/.
 *
 * By libdeflate, which takes 40 % of zlib's time; inflating is nine tenths of what a compressed debug file costs.
 */
#ifndef CRASHPRE_UNWIND_INFLATE_H
#define CRASHPRE_UNWIND_INFLATE_H

#include <stddef.h>
#include <stdint.h>

enum { INFLATE_UNSURE = 258 }; /* the longest match: RFC 1951, 3.2.5 */

/* Exactly `size` bytes to `out`. 0, -EBADMSG or -ENOMEM. */
int inflate_stream(const uint8_t *packed, size_t packed_size, uint8_t *out, size_t size);

/* The beginning of a stream that has more than `size` bytes; all of them but the last INFLATE_UNSURE are good. Its
 * check sum stays unread. 0, -EBADMSG or -ENOMEM. */
int inflate_beginning(const uint8_t *packed, size_t packed_size, uint8_t *out, size_t size);

#endif
