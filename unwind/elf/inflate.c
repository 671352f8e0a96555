/* SPDX-License-Identifier: MIT */
/* unwind/elf/inflate.c: see inflate.h. */
#include "unwind/elf/inflate.h"

#include <errno.h>
#include <libdeflate.h>
#include <zstd.h>

enum {
        ZLIB_GAIN = 1032,            /* the maximum compression ratio of deflate (zlib.net/zlib_tech.html) */
        ZSTD_GAIN = (128 << 10) / 4, /* a block that repeats one byte: RFC 8878, 3.1.1.2 */
};

bool inflate_plausible(enum inflate_format format, uint64_t packed_size, uint64_t size)
{
        return size / (format == INFLATE_ZSTD ? ZSTD_GAIN : ZLIB_GAIN) <= packed_size;
}

/* ---- zlib ---- */

static int zlib_stream(const struct inflate_source *from, uint8_t *out, size_t size)
{
        struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
        enum libdeflate_result result;

        if (!d)
                return -ENOMEM;
        /* Without a pointer for the actual size, a shorter result is an error. */
        result = libdeflate_zlib_decompress(d, from->bytes, from->size, out, size, NULL);
        libdeflate_free_decompressor(d);
        return result == LIBDEFLATE_SUCCESS ? 0 : -EBADMSG;
}

/* libdeflate cannot resume, but it writes its output sequentially, and reports insufficient space only when a byte or
 * a match does not fit: only the bytes of that match are missing. */
static int zlib_beginning(const struct inflate_source *from, uint8_t *out, size_t size)
{
        struct libdeflate_decompressor *d;
        enum libdeflate_result result;
        size_t written;

        /* RFC 1950, 2.2: two bytes of header, deflate without preset dictionary */
        if (from->size < 2 || (from->bytes[0] & 0xf) != 8 || from->bytes[1] & 0x20)
                return -EBADMSG;
        d = libdeflate_alloc_decompressor();
        if (!d)
                return -ENOMEM;
        result = libdeflate_deflate_decompress(d, from->bytes + 2, from->size - 2, out, size, &written);
        libdeflate_free_decompressor(d);
        return result == LIBDEFLATE_INSUFFICIENT_SPACE ? 0 : -EBADMSG;
}

/* ---- zstd ---- */

static int zstd_stream(const struct inflate_source *from, uint8_t *out, size_t size)
{
        size_t written = ZSTD_decompress(out, size, from->bytes, from->size);

        return !ZSTD_isError(written) && written == size ? 0 : -EBADMSG;
}

/* Frames may be concatenated. */
static int zstd_beginning(const struct inflate_source *from, uint8_t *out, size_t size)
{
        ZSTD_inBuffer in = { from->bytes, from->size, 0 };
        ZSTD_outBuffer to = { out, size, 0 };
        ZSTD_DCtx *d = ZSTD_createDCtx();
        size_t left = 0;

        if (!d)
                return -ENOMEM;
        while (to.pos < size && in.pos < in.size && !ZSTD_isError(left))
                left = ZSTD_decompressStream(d, &to, &in);
        ZSTD_freeDCtx(d);
        return !ZSTD_isError(left) && to.pos == size && (left || in.pos < in.size) ? 0 : -EBADMSG;
}

/* ---- either ---- */

int inflate_stream(const struct inflate_source *from, uint8_t *out, size_t size)
{
        return (from->format == INFLATE_ZSTD ? zstd_stream : zlib_stream)(from, out, size);
}

int inflate_beginning(const struct inflate_source *from, uint8_t *out, size_t size)
{
        return (from->format == INFLATE_ZSTD ? zstd_beginning : zlib_beginning)(from, out, size);
}
