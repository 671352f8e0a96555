/* SPDX-License-Identifier: MIT */
#include "unwind/core/cfi/internal.h"

#include <errno.h>

/* The smallest page of any supported processor. A fill never crosses a page boundary, so that a table at the end of a
 * mapping is read to its last byte, and no page is read that contains nothing of the table. */

void cfi_cursor_begin(struct cfi_cursor *c, const struct cfi_space *space)
{
        c->space = space;
        c->pos = c->end = 0;
        c->window = 0;
        c->held = 0;
        c->err = 0;
}

void cfi_seek(struct cfi_cursor *c, uint64_t pos, uint64_t end)
{
        c->pos = pos;
        c->end = end;
        c->err = 0;
}

int cfi_fail(struct cfi_cursor *c, int err)
{
        if (!c->err)
                c->err = err;
        return c->err;
}

void cfi_skip(struct cfi_cursor *c, uint64_t len)
{
        if (c->pos > c->end || len > c->end - c->pos)
                cfi_fail(c, -EBADMSG);
        else if (!c->err)
                c->pos += len;
}

/* If the end of a table is not known, the window may extend past the end of readable memory that does not end at a
 * page boundary; the read is then retried with a smaller size. */
static bool fill(struct cfi_cursor *c)
{
        uint64_t len = c->end - c->pos;

        if (len > ARCH_PAGE_MIN - c->pos % ARCH_PAGE_MIN)
                len = ARCH_PAGE_MIN - c->pos % ARCH_PAGE_MIN;
        if (len > CFI_WINDOW)
                len = CFI_WINDOW;
        c->held = 0;
        for (; len; len /= 2) {
                if (c->space->read(c->space->ctx, c->pos, c->buf, len))
                        continue;
                c->window = c->pos;
                c->held = (uint32_t)len;
                return true;
        }
        return false;
}

uint8_t cfi_u8(struct cfi_cursor *c)
{
        if (c->err)
                return 0;
        if (c->pos >= c->end) {
                c->err = -EBADMSG;
                return 0;
        }
        if (!c->space)
                return *(const uint8_t *)(uintptr_t)c->pos++;
        /* If pos is before the window, the difference wraps to a large value. */
        if (c->pos - c->window >= c->held && !fill(c)) {
                c->err = -EFAULT;
                return 0;
        }
        return c->buf[c->pos++ - c->window];
}

uint64_t cfi_unsigned(struct cfi_cursor *c, unsigned size)
{
        uint64_t value = 0;

        for (unsigned i = 0; i < size; i++)
                value |= (uint64_t)cfi_u8(c) << (8 * i);
        return c->err ? 0 : value;
}

static int64_t sign_extend(uint64_t value, unsigned bits)
{
        if (bits < 64 && value >> (bits - 1) & 1)
                value |= UINT64_MAX << bits;
        return (int64_t)value;
}

int64_t cfi_signed(struct cfi_cursor *c, unsigned size)
{
        return sign_extend(cfi_unsigned(c, size), 8 * size);
}

/* Stores the number of bits in *bits. A number longer than 64 bits, zero padding included, is malformed: no compiler
 * pads. */
static uint64_t leb(struct cfi_cursor *c, unsigned *bits)
{
        uint64_t value = 0;

        for (*bits = 0; *bits < 64;) {
                uint8_t byte = cfi_u8(c);

                value |= (uint64_t)(byte & 0x7f) << *bits;
                *bits += 7;
                if (!(byte & 0x80))
                        return c->err ? 0 : value;
        }
        cfi_fail(c, -EBADMSG);
        return 0;
}

uint64_t cfi_uleb(struct cfi_cursor *c)
{
        unsigned bits;

        return leb(c, &bits);
}

int64_t cfi_sleb(struct cfi_cursor *c)
{
        unsigned bits;
        uint64_t value = leb(c, &bits);

        return sign_extend(value, bits);
}

unsigned cfi_pointer_size(uint8_t encoding)
{
        if (encoding == CFI_PE_OMIT)
                return 0;
        switch (encoding & CFI_PE_FORMAT) {
        case CFI_PE_UDATA2:
        case CFI_PE_SDATA2:
                return 2;
        case CFI_PE_UDATA4:
        case CFI_PE_SDATA4:
                return 4;
        case CFI_PE_ABSPTR:
        case CFI_PE_SIGNED:
        case CFI_PE_UDATA8:
        case CFI_PE_SDATA8:
                return 8;
        default:
                return 0;
        }
}

static uint64_t stored_pointer(struct cfi_cursor *c, uint8_t encoding)
{
        unsigned size = cfi_pointer_size(encoding);

        if (size)
                return encoding & CFI_PE_SIGNED ? (uint64_t)cfi_signed(c, size) : cfi_unsigned(c, size);
        switch (encoding & CFI_PE_FORMAT) {
        case CFI_PE_ULEB:
                return cfi_uleb(c);
        case CFI_PE_SLEB:
                return (uint64_t)cfi_sleb(c);
        default:
                cfi_fail(c, -EBADMSG);
                return 0;
        }
}

static uint64_t follow(struct cfi_cursor *c, uint64_t at)
{
        uint64_t value = 0;

        if (c->err)
                return 0;
        if (!c->space)
                cfi_fail(c, -EOPNOTSUPP);
        else if (c->space->read(c->space->ctx, at, &value, sizeof(value)))
                cfi_fail(c, -EFAULT);
        return c->err ? 0 : value;
}

uint64_t cfi_pointer(struct cfi_cursor *c, uint8_t encoding, uint64_t data)
{
        uint64_t at = c->pos, value;

        if (encoding == CFI_PE_OMIT) {
                cfi_fail(c, -EBADMSG);
                return 0;
        }
        if ((encoding & CFI_PE_BASE) == CFI_PE_ALIGNED) {
                cfi_skip(c, -c->pos % 8);
                return cfi_unsigned(c, 8);
        }
        value = stored_pointer(c, encoding);
        if (c->err || !value) /* a zero pointer remains zero whatever its base, as in libgcc */
                return 0;
        switch (encoding & CFI_PE_BASE) {
        case 0:
                break;
        case CFI_PE_PCREL:
                value += at;
                break;
        case CFI_PE_DATAREL:
                value += data;
                break;
        default: /* textrel and funcrel are not used on any supported processor */
                cfi_fail(c, -EOPNOTSUPP);
        }
        return encoding & CFI_PE_INDIRECT ? follow(c, value) : value;
}
