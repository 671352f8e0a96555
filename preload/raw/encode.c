/* SPDX-License-Identifier: MIT */
#include "preload/raw/encode.h"
#include "preload/base/probe.h"
#include "unwind/core/terms/raw_format.h"

#define CHUNK 256 /* bytes read at once; runs and literals end at a chunk's end, which PackBits allows */
#define INDENT "  "

/* IEEE 802.3, reflected, one nibble at a time: needs only a table of sixteen words and no initialization. */
static uint32_t crc32_step(uint32_t crc, uint8_t byte)
{
        static const uint32_t table[16] = {
                0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
        };

        crc ^= byte;
        crc = crc >> 4 ^ table[crc & 15];
        return crc >> 4 ^ table[crc & 15];
}

struct base64 {
        struct sigsafe_out *out;
        uint32_t bits;
        unsigned have;   /* bytes in bits */
        unsigned column; /* characters on this line */
};

static void base64_chars(struct base64 *b, unsigned characters)
{
        static const char alphabet[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

        if (b->column == 0)
                sigsafe_str(b->out, INDENT);
        for (unsigned i = 0; i < 4; i++)
                sigsafe_char(b->out, i < characters ? alphabet[b->bits >> (18 - 6 * i) & 63] : '=');
        b->column += 4;
        if (b->column >= RAW_BLOCK_COLUMNS) {
                sigsafe_char(b->out, '\n');
                b->column = 0;
        }
        b->bits = b->have = 0;
}

static void base64_byte(struct base64 *b, uint8_t byte)
{
        b->bits |= (uint32_t)byte << (16 - 8 * b->have);
        if (++b->have == 3)
                base64_chars(b, 4);
}

static void base64_end(struct base64 *b)
{
        if (b->have)
                base64_chars(b, b->have + 1);
        if (b->column)
                sigsafe_char(b->out, '\n');
}

static size_t run_length(const uint8_t *p, size_t n)
{
        size_t run = 1;

        while (run < n && run < 128 && p[run] == p[0])
                run++;
        return run;
}

/* PackBits of one chunk. */
static void run_length_code(struct base64 *b, const uint8_t *p, size_t n)
{
        size_t i = 0;

        while (i < n) {
                size_t run = run_length(p + i, n - i), literal = 0;

                if (run >= 3) {
                        base64_byte(b, (uint8_t)(257 - run));
                        base64_byte(b, p[i]);
                        i += run;
                        continue;
                }
                while (i + literal < n && literal < 128 && run_length(p + i + literal, n - i - literal) < 3)
                        literal++;
                base64_byte(b, (uint8_t)(literal - 1));
                for (size_t k = 0; k < literal; k++)
                        base64_byte(b, p[i + k]);
                i += literal;
        }
}

void encode_block(struct sigsafe_out *o, const char *key, uint64_t addr, size_t n)
{
        struct base64 b = { .out = o };
        uint8_t chunk[CHUNK];
        uint32_t crc = 0xffffffff;
        size_t length = 0, got;

        do {
                got = probe_copy(addr + length, chunk, n - length < CHUNK ? n - length : CHUNK);
                for (size_t i = 0; i < got; i++)
                        crc = crc32_step(crc, chunk[i]);
                length += got;
        } while (got == CHUNK && length < n);
        if (!length)
                return;
        sigsafe_str(o, key);
        sigsafe_str(o, ": address ");
        sigsafe_hex(o, addr);
        sigsafe_str(o, " length ");
        sigsafe_dec(o, (int64_t)length);
        sigsafe_str(o, " crc32 ");
        sigsafe_hex(o, crc ^ 0xffffffff);
        sigsafe_char(o, '\n');
        for (size_t at = 0; at < length; at += CHUNK)
                run_length_code(&b, chunk, probe_copy(addr + at, chunk, length - at < CHUNK ? length - at : CHUNK));
        base64_end(&b);
}
