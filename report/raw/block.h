/* SPDX-License-Identifier: MIT */
/* report/raw/block.h: a coded block of the raw report: run-length code, base64, CRC-32 (unwind/core/terms/raw_format.h).
 *
 * The lines may be cut or edited: what is decoded is bounded by the length that the block's first line claims, and `intact` is
 * set only where length and checksum are right. Not thread-safe.
 */
#ifndef CRASHPRE_REPORT_RAW_BLOCK_H
#define CRASHPRE_REPORT_RAW_BLOCK_H

#include "report/model/pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RAW_BLOCK_MAX ((size_t)64 * 1024 * 1024) /* bytes; no block of ours is longer */

struct raw_block {
        uint64_t address;  /* of the first byte in the process */
        const uint8_t *v;  /* borrowed from the pool */
        size_t n;          /* bytes decoded so far */
        bool intact;       /* all `length` bytes are there, and their checksum is right */
        size_t length;     /* as claimed */
        uint32_t crc;      /* as claimed */
        struct pool *pool; /* the rest is the decoder's */
        size_t room;
        uint32_t bits;
        unsigned have;
        int run; /* of the run-length code: -1 a control byte is next; n >= 0: n + 1 literal bytes follow; else -1 - n repetitions */
};

/* Begins a block by the value of its key, "address 0x.. length N crc32 0x..", which is taken apart. Memory is from `pool`. false: it
 * is not of that form, or claims more than RAW_BLOCK_MAX. */
bool raw_block_begin(struct raw_block *b, char *value, struct pool *pool);

/* Decodes one line, leading blanks included. false: it has characters that are not base64, or more bytes than were claimed. */
bool raw_block_line(struct raw_block *b, const char *line);

#endif
