/* SPDX-License-Identifier: MIT */
/* unwind/dwarf/bytes.h: reads numbers from untrusted sections. Private to unwind/dwarf. Async-signal-safe.
 *
 * Errors are sticky: past the end every read returns 0 and sets `bad`, so that a sequence of reads is checked once.
 */
#ifndef CRASHPRE_UNWIND_DWARF_BYTES_H
#define CRASHPRE_UNWIND_DWARF_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct dwarf_bytes {
        const uint8_t *data;
        size_t size;
};

struct dwarf_reader {
        const uint8_t *at, *end;
        bool bad;
};

/* Returns a reader that starts at `offset`; its `bad` is set if the offset is past the end. */
static inline struct dwarf_reader dwarf_reader_at(struct dwarf_bytes b, uint64_t offset)
{
        if (!b.data || offset > b.size)
                return (struct dwarf_reader){ .bad = true };
        return (struct dwarf_reader){ .at = b.data + offset, .end = b.data + b.size };
}

/* Bytes left; 0 after an error. */
static inline size_t dwarf_left(const struct dwarf_reader *r)
{
        return r->bad ? 0 : (size_t)(r->end - r->at);
}

/* Advances by `n` bytes; past the end is an error. */
static inline void dwarf_skip(struct dwarf_reader *r, uint64_t n)
{
        if (n > dwarf_left(r))
                r->bad = true;
        else
                r->at += n;
}

/* Reads a little-endian number of 1 to 8 bytes. */
static inline uint64_t dwarf_fixed(struct dwarf_reader *r, size_t n)
{
        uint64_t v = 0;

        if (!r->at || n > 8 || n > dwarf_left(r)) {
                r->bad = true;
                return 0;
        }
        for (size_t i = 0; i < n; i++)
                v |= (uint64_t)r->at[i] << 8 * i;
        r->at += n;
        return v;
}

/* Bits beyond the 64th are discarded, as in other readers. */
static inline uint64_t dwarf_uleb(struct dwarf_reader *r)
{
        uint64_t v = 0;
        unsigned shift = 0;

        if (!r->bad && r->at < r->end && *r->at < 0x80)
                return *r->at++; /* most numbers are that short */
        while (!r->bad && r->at < r->end) {
                uint8_t byte = *r->at++;

                if (shift < 64)
                        v |= (uint64_t)(byte & 0x7f) << shift;
                shift += 7;
                if (!(byte & 0x80))
                        return v;
        }
        r->bad = true;
        return 0;
}

/* A signed LEB128 number. */
static inline int64_t dwarf_sleb(struct dwarf_reader *r)
{
        uint64_t v = 0;
        unsigned shift = 0;

        while (!r->bad && r->at < r->end) {
                uint8_t byte = *r->at++;

                if (shift < 64)
                        v |= (uint64_t)(byte & 0x7f) << shift;
                shift += 7;
                if (!(byte & 0x80)) {
                        if (shift < 64 && (byte & 0x40))
                                v |= ~(uint64_t)0 << shift;
                        return (int64_t)v;
                }
        }
        r->bad = true;
        return 0;
}

/* Reads a NUL-terminated string, borrowed from the section; "" if it is not terminated. */
static inline const char *dwarf_string(struct dwarf_reader *r)
{
        const char *s = (const char *)r->at;
        const uint8_t *nul = r->at && dwarf_left(r) ? memchr(r->at, 0, dwarf_left(r)) : NULL;

        if (!nul) {
                r->bad = true;
                return "";
        }
        r->at = nul + 1;
        return s;
}

/* Reads the length at the start of a unit, and whether its offsets have 4 or 8 bytes. Afterwards the reader's end is
 * that of the unit. */
static inline uint64_t dwarf_unit_length(struct dwarf_reader *r, uint8_t *offset_size)
{
        uint64_t length = dwarf_fixed(r, 4);

        *offset_size = 4;
        if (length == 0xffffffff) {
                *offset_size = 8;
                length = dwarf_fixed(r, 8);
        } else if (length >= 0xfffffff0) {
                r->bad = true;
        }
        if (length > dwarf_left(r))
                length = dwarf_left(r); /* truncated: the bytes present may be sufficient */
        if (!r->bad)
                r->end = r->at + length;
        return length;
}

#endif
