/* SPDX-License-Identifier: MIT */
#include "unwind/core/cfi/internal.h"

#include <errno.h>

/* Larger than any known FDE (the largest of clang-14 has 3 KiB), small enough to limit the time spent on a hostile
 * one. */
#define ENTRY_MAX (1u << 20)

/* Without a search table .eh_frame is read from its beginning, in the handler too; this limits the time. */
#define SCAN_MAX (1u << 18)

/* A table of CIEs and FDEs. */
struct section {
        uint64_t start, end; /* only the start of .eh_frame is known: an entry of length 0 terminates it */
        uint64_t bias;       /* added to absolute addresses: .debug_frame is not relocated */
        uint64_t data;       /* base of DW_EH_PE_datarel */
        bool debug;          /* .debug_frame: CIE pointers are relative to `start`, and an id of all ones marks a CIE */
};

/* Common header of CIE and FDE. */
struct entry {
        uint64_t at, end;
        uint64_t body; /* after the id */
        uint64_t cie;  /* address of the FDE's CIE */
        bool is_cie;
};

/* Reads the entry's header. Returns 0, -ENOENT for the terminator of .eh_frame, or an error. Positions the cursor at
 * the entry's body. */
static int read_entry(struct cfi_cursor *c, const struct section *s, uint64_t at, struct entry *out)
{
        uint64_t len, id, id_at;
        bool wide = false;

        cfi_seek(c, at, s->end);
        len = cfi_unsigned(c, 4);
        if (len == 0xffffffff) {
                wide = true;
                len = cfi_unsigned(c, 8);
        }
        if (c->err)
                return c->err;
        if (!len)
                return -ENOENT;
        if (len > ENTRY_MAX)
                return -E2BIG;
        if (len > s->end - c->pos)
                return -EBADMSG;
        out->at = at;
        out->end = c->end = c->pos + len;
        id_at = c->pos;
        /* LSB defines four bytes in .eh_frame for both forms of the length; DWARF defines an offset in .debug_frame. */
        id = cfi_unsigned(c, s->debug && wide ? 8 : 4);
        out->body = c->pos;
        out->is_cie = s->debug ? id == (wide ? UINT64_MAX : 0xffffffff) : id == 0;
        out->cie = s->debug ? s->start + id : id_at - id;
        return c->err;
}

/* Skips a pointer without dereferencing it. */
static void skip_pointer(struct cfi_cursor *c, uint8_t encoding)
{
        if (encoding == CFI_PE_OMIT)
                return;
        if ((encoding & CFI_PE_BASE) != CFI_PE_ALIGNED)
                encoding &= CFI_PE_FORMAT;
        cfi_pointer(c, encoding & (uint8_t)~CFI_PE_INDIRECT, 0);
}

/* Parses the augmentation string at `string` and reads the augmentation data from the cursor. An unknown letter ends
 * the parsing: the length of the data permits skipping the rest. */
static void read_augmentation(struct cfi_cursor *c, uint64_t string, uint64_t data, struct cfi_cie *out)
{
        uint64_t end = c->end;

        for (unsigned i = 0; i < 16; i++) {
                uint8_t letter, encoding;

                cfi_seek(c, string + i, end);
                letter = cfi_u8(c);
                cfi_seek(c, data, end);
                switch (letter) {
                case 'L': /* encoding of the language-specific data, which is not used here */
                        cfi_u8(c);
                        break;
                case 'P': /* the personality routine */
                        encoding = cfi_u8(c);
                        skip_pointer(c, encoding);
                        break;
                case 'R':
                        out->encoding = cfi_u8(c);
                        break;
                case 'S':
                        out->signal_frame = true;
                        break;
                case 'B': /* aarch64: return addresses are signed with the B key */
                        break;
                default:
                        return;
                }
                if (c->err)
                        return;
                data = c->pos;
        }
}

/* Reads the CIE's fields after its augmentation string, which is at `string`. */
static int read_cie_fields(struct cfi_cursor *c, uint8_t version, uint64_t string, struct cfi_cie *out)
{
        uint64_t end = c->end, len;

        if (version >= 4) {
                uint8_t address_size = cfi_u8(c), segment_size = cfi_u8(c);

                if (!c->err && (address_size != 8 || segment_size != 0))
                        return -EOPNOTSUPP;
        }
        out->code_align = cfi_uleb(c);
        out->data_align = cfi_sleb(c);
        out->return_column = version == 1 ? cfi_u8(c) : cfi_uleb(c);
        if (out->augmented) {
                len = cfi_uleb(c);
                if (c->err || len > end - c->pos)
                        return cfi_fail(c, -EBADMSG);
                out->program = c->pos + len;
                c->end = out->program;
                read_augmentation(c, string + 1, c->pos, out);
        } else {
                out->program = c->pos;
        }
        out->program_end = end;
        return c->err;
}

static int read_cie(struct cfi_cursor *c, const struct section *s, uint64_t at, struct cfi_cie *out)
{
        struct entry entry;
        uint64_t string;
        uint8_t version, letter;
        int err;

        if (at < s->start || at >= s->end)
                return -EBADMSG;
        err = read_entry(c, s, at, &entry);
        if (err)
                return err == -ENOENT ? -EBADMSG : err;
        if (!entry.is_cie)
                return -EBADMSG;
        *out = (struct cfi_cie){ .at = at, .encoding = CFI_PE_ABSPTR };
        version = cfi_u8(c);
        if (!c->err && version != 1 && version != 3 && version != 4)
                return -EOPNOTSUPP;
        string = c->pos;
        letter = cfi_u8(c);
        out->augmented = letter == 'z';
        if (letter && !out->augmented)
                return -EOPNOTSUPP; /* gcc 2's "eh", or an augmentation of unknown length */
        while (letter && !c->err)
                letter = cfi_u8(c);
        return c->err ? c->err : read_cie_fields(c, version, string, out);
}

/* Reads the FDE with the header `entry`. out->cie may already contain the CIE of an earlier FDE of the section, which
 * is then reused. */
static int read_fde(struct cfi_cursor *c, const struct section *s, const struct entry *entry, struct cfi_fde *out)
{
        uint64_t len;
        int err;

        if (!out->cie.at || out->cie.at != entry->cie) {
                err = read_cie(c, s, entry->cie, &out->cie);
                if (err) {
                        out->cie.at = 0;
                        return err;
                }
        }
        cfi_seek(c, entry->body, entry->end);
        out->bias = s->bias;
        out->begin = cfi_pointer(c, out->cie.encoding, s->data) + s->bias;
        out->size = cfi_pointer(c, out->cie.encoding & CFI_PE_FORMAT, 0);
        if (out->cie.augmented) {
                len = cfi_uleb(c);
                cfi_skip(c, len);
        }
        out->program = c->pos;
        out->program_end = entry->end;
        return c->err;
}

static bool covers(const struct cfi_fde *fde, uint64_t pc)
{
        return pc - fde->begin < fde->size; /* before the beginning, the difference wraps and is too large */
}

/* Checks every FDE of the section. An FDE that cannot be read is skipped. The end of a .debug_frame is known; each
 * entry is at least as long as its length field, so the loop ends. Of others at most *left entries are read, which is lowered. */
static int scan_section(struct cfi_cursor *c, const struct section *s, uint64_t pc, unsigned *left, struct cfi_fde *out)
{
        uint64_t at = s->start;

        out->cie.at = 0;
        while (at < s->end) {
                struct entry entry;
                int err;

                if (!s->debug && !*left)
                        return -E2BIG;
                *left -= !s->debug;
                err = read_entry(c, s, at, &entry);
                if (err)
                        return err;
                if (!entry.is_cie) {
                        err = read_fde(c, s, &entry, out);
                        if (!err && covers(out, pc))
                                return 0;
                        if (err == -EFAULT)
                                return err;
                }
                at = entry.end;
        }
        return -ENOENT;
}

/* .eh_frame_hdr, LSB 5.0 core 10.6.2: the address of .eh_frame, and a table of pairs sorted by the first member:
 * start of the code, address of the FDE. */
struct header {
        uint64_t eh_frame;
        uint64_t table, count; /* count 0: no search table */
        unsigned width;        /* size of one member of a pair */
        uint8_t encoding;
};

static int read_header(struct cfi_cursor *c, const struct cfi_module *m, struct header *out)
{
        uint8_t version, eh_frame_encoding, count_encoding;
        uint64_t end = m->eh_frame_hdr + m->eh_frame_hdr_size;

        if (end < m->eh_frame_hdr)
                return -EBADMSG;
        cfi_seek(c, m->eh_frame_hdr, end);
        version = cfi_u8(c);
        eh_frame_encoding = cfi_u8(c);
        count_encoding = cfi_u8(c);
        out->encoding = cfi_u8(c);
        if (!c->err && version != 1)
                return -EBADMSG;
        out->eh_frame = cfi_pointer(c, eh_frame_encoding, m->eh_frame_hdr);
        out->count = 0;
        out->width = cfi_pointer_size(out->encoding);
        if (!c->err && count_encoding != CFI_PE_OMIT && out->width)
                out->count = cfi_pointer(c, count_encoding, m->eh_frame_hdr);
        out->table = c->pos;
        if (!c->err && out->count > (end - c->pos) / (2 * out->width + !out->width))
                return -EBADMSG;
        return c->err;
}

/* Finds the FDE of the last pair whose code starts at or before `pc`. */
static int search_header(struct cfi_cursor *c, const struct cfi_module *m, const struct header *h, uint64_t pc,
                         uint64_t *fde)
{
        uint64_t low = 0, high = h->count; /* if there is such a pair, it is in [low, high) */

        *fde = 0;
        while (low < high) {
                uint64_t mid = low + (high - low) / 2, pair = h->table + mid * 2 * h->width, begin;

                cfi_seek(c, pair, pair + 2 * h->width);
                begin = cfi_pointer(c, h->encoding, m->eh_frame_hdr);
                if (!c->err && begin <= pc) {
                        *fde = cfi_pointer(c, h->encoding, m->eh_frame_hdr);
                        low = mid + 1;
                } else {
                        high = mid;
                }
                if (c->err)
                        return c->err;
        }
        return *fde ? 0 : -ENOENT;
}

/* The end of .eh_frame is unknown; the terminator precedes anything that follows it, so nothing beyond is read. */
static struct section eh_frame_section(const struct cfi_module *m, uint64_t start)
{
        struct section s = { .start = start, .end = start + (1u << 30), .data = m->eh_frame_hdr };

        if (s.end < s.start)
                s.end = UINT64_MAX;
        return s;
}

static int find_by_header(struct cfi_cursor *c, const struct cfi_module *m, uint64_t pc, struct cfi_fde *out)
{
        struct header header;
        struct section s;
        struct entry entry;
        uint64_t at;
        unsigned left = SCAN_MAX;
        int err = read_header(c, m, &header);

        if (err)
                return err;
        s = eh_frame_section(m, header.eh_frame);
        if (!header.count)
                return header.eh_frame ? scan_section(c, &s, pc, &left, out) : -ENOENT;
        err = search_header(c, m, &header, pc, &at);
        if (err)
                return err;
        /* The table contains the addresses of FDEs; eh_frame_ptr may be omitted then. A CIE may precede or follow its
         * FDEs. */
        s.start = 0;
        s.end = UINT64_MAX;
        err = read_entry(c, &s, at, &entry);
        if (err)
                return err == -ENOENT ? -EBADMSG : err;
        if (entry.is_cie)
                return -EBADMSG;
        out->cie.at = 0;
        err = read_fde(c, &s, &entry, out);
        if (err)
                return err;
        return covers(out, pc) ? 0 : -ENOENT; /* the table contains no ends: pc may be past the end of the function */
}

static int find_in_eh_frame(struct cfi_cursor *c, const struct cfi_module *m, uint64_t pc, struct cfi_fde *out)
{
        struct section s = eh_frame_section(m, m->eh_frame);
        unsigned left = SCAN_MAX;

        return m->eh_frame_hdr ? find_by_header(c, m, pc, out) : scan_section(c, &s, pc, &left, out);
}

bool cfi_table_covers(const struct cfi_space *space, uint64_t start, uint64_t pc, unsigned *left)
{
        const struct cfi_module m = { .eh_frame = start };
        struct section s = eh_frame_section(&m, start);
        struct cfi_cursor c;
        struct cfi_fde fde;

        cfi_cursor_begin(&c, space);
        return !scan_section(&c, &s, pc, left, &fde);
}

static int find_in_debug_frame(struct cfi_cursor *c, const struct cfi_module *m, uint64_t pc, struct cfi_fde *out)
{
        struct section s = { .start = (uintptr_t)m->debug_frame, .bias = m->bias, .debug = true };
        unsigned left = 0; /* its end is known */

        s.end = s.start + m->debug_frame_size;
        return scan_section(c, &s, pc, &left, out);
}

int cfi_find_fde(struct cfi_cursor *c, const struct cfi_space *space, uint64_t pc, struct cfi_fde *out)
{
        struct cfi_module m = { 0 };
        int err, second;

        err = space->module(space->ctx, pc, &m);
        if (err)
                return err;
        err = -ENOENT;
        if (m.eh_frame_hdr || m.eh_frame) {
                cfi_cursor_begin(c, space);
                err = find_in_eh_frame(c, &m, pc, out);
        }
        if (!err || !m.debug_frame)
                return err;
        cfi_cursor_begin(c, NULL);
        second = find_in_debug_frame(c, &m, pc, out);
        return second == -ENOENT ? err : second;
}
