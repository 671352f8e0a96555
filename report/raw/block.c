/* SPDX-License-Identifier: MIT */
#include "report/raw/block.h"

#include "report/raw/words.h"

#include <string.h>
#include <zlib.h>

enum { RUN_CONTROL = -1 };

bool raw_block_begin(struct raw_block *b, char *value, struct pool *pool)
{
        const char *word[6];
        uint64_t crc;
        int64_t length;
        size_t i;

        for (i = 0; i < 6; i++)
                if (!(word[i] = raw_next_word(&value)))
                        return false;
        *b = (struct raw_block){ .pool = pool, .run = RUN_CONTROL };
        if (strcmp(word[0], "address") || strcmp(word[2], "length") || strcmp(word[4], "crc32") ||
            !raw_parse_hex(word[1], &b->address) || !raw_parse_integer(word[3], &length) ||
            !raw_parse_hex(word[5], &crc) || length <= 0 || (uint64_t)length > RAW_BLOCK_MAX || crc > UINT32_MAX)
                return false;
        b->length = (size_t)length;
        b->crc = (uint32_t)crc;
        return true;
}

/* The buffer grows with what arrives: a claim alone costs no memory. */
static bool put(struct raw_block *b, uint8_t byte)
{
        if (b->n == b->length)
                return false;
        if (b->n == b->room) {
                uint8_t *v = pool_alloc(b->pool, b->room ? b->room * 2 : 4096);

                if (b->n)
                        memcpy(v, b->v, b->n);
                b->v = v;
                b->room = b->room ? b->room * 2 : 4096;
        }
        ((uint8_t *)(uintptr_t)b->v)[b->n++] = byte;
        if (b->n == b->length)
                b->intact = crc32_z(0, b->v, b->n) == b->crc;
        return true;
}

/* One byte of the run-length code. */
static bool unpack(struct raw_block *b, uint8_t byte)
{
        int i;

        if (b->run == RUN_CONTROL) {
                if (byte != 128)
                        b->run = byte < 128 ? byte : (int)byte - 257 - 1;
                return byte != 128;
        }
        if (b->run >= 0) {
                b->run = b->run ? b->run - 1 : RUN_CONTROL;
                return put(b, byte);
        }
        for (i = b->run + 1; i < 0; i++)
                if (!put(b, byte))
                        return false;
        b->run = RUN_CONTROL;
        return true;
}

bool raw_block_line(struct raw_block *b, const char *line)
{
        static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

        for (line += strspn(line, " "); *line && *line != '='; line++) {
                const char *digit = strchr(alphabet, *line);

                if (!digit)
                        return false;
                b->bits = b->bits << 6 | (uint32_t)(digit - alphabet);
                b->have += 6;
                if (b->have < 8)
                        continue;
                b->have -= 8;
                if (!unpack(b, (uint8_t)(b->bits >> b->have)))
                        return false;
        }
        if (*line == '=') /* the last characters carry no more whole bytes */
                b->have = 0;
        return true;
}
