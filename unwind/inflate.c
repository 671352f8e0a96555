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
