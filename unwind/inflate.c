/* SPDX-License-Identifier: MIT */
/* unwind/inflate.c: see inflate.h. */
#include "unwind/inflate.h"

#include <errno.h>
#include <libdeflate.h>

int inflate_stream(const uint8_t *packed, size_t packed_size, uint8_t *out, size_t size)
{
        struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
        enum libdeflate_result result;

        if (!d)
                return -ENOMEM;
        /* Without a place for it, a size that is not reached is an error. */
        result = libdeflate_zlib_decompress(d, packed, packed_size, out, size, NULL);
        libdeflate_free_decompressor(d);
        return result == LIBDEFLATE_SUCCESS ? 0 : -EBADMSG;
}

/* libdeflate has no state to go on with, but it writes its output from front to back, and says that there is no more
 * room only when a byte or a match does not fit in: the bytes of that match are all that is missing. */
int inflate_beginning(const uint8_t *packed, size_t packed_size, uint8_t *out, size_t size)
{
        struct libdeflate_decompressor *d;
        enum libdeflate_result result;
        size_t written;

        /* RFC 1950, 2.2: two bytes of header, deflate with no preset dictionary */
        if (packed_size < 2 || (packed[0] & 0xf) != 8 || packed[1] & 0x20)
                return -EBADMSG;
        d = libdeflate_alloc_decompressor();
        if (!d)
                return -ENOMEM;
        result = libdeflate_deflate_decompress(d, packed + 2, packed_size - 2, out, size, &written);
        libdeflate_free_decompressor(d);
        return result == LIBDEFLATE_INSUFFICIENT_SPACE ? 0 : -EBADMSG;
}
