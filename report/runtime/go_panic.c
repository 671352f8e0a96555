/* SPDX-License-Identifier: MIT */
/* report/runtime/go_panic.c: see go_panic.h.
 *
 * Sources: runtime/runtime2.go (_panic, eface), internal/abi/type.go (Type), runtime/error.go (boundsError) of Go 1.19 to 1.25.
 */
#include "report/runtime/go_panic.h"

#include <inttypes.h>
#include <string.h>

enum {
        KIND_BOOL = 1,
        KIND_INT = 2,
        KIND_INT64 = 6,
        KIND_UINT = 7,
        KIND_UINTPTR = 12,
        KIND_POINTER = 22,
        KIND_STRING = 24,
        KIND_STRUCT = 25
};

#define KIND_OFFSET 23 /* size, ptrdata (8 bytes each), hash (4), tflag, align, fieldAlign (1 each), kind */
#define KIND_MASK 31
#define TYPE_MAX ((uint64_t)1 << 32)

/* boundsErrorFmts */
static const char *const bounds[] = {
        "index out of range [%x] with length %y",
        "slice bounds out of range [:%x] with length %y",
        "slice bounds out of range [:%x] with capacity %y",
        "slice bounds out of range [%x:%y]",
        "slice bounds out of range [::%x] with length %y",
        "slice bounds out of range [::%x] with capacity %y",
        "slice bounds out of range [:%x:%y]",
        "slice bounds out of range [%x:%y:]",
        "cannot convert slice with length %x to array or pointer to array with length %y",
};

static const char *bounds_text(const struct live_frame *f, uint64_t data)
{
        struct pool *pool = &f->report->pool;
        struct {
                int64_t x, y;
                uint8_t is_signed, code;
        } e;
        const char *format, *text = "";

        if (target_read(f->t, data, &e, 18) || e.is_signed > 1 || e.code >= sizeof(bounds) / sizeof(bounds[0]) ||
            e.y < 0)
                return NULL;
        for (format = bounds[e.code]; *format; format++) {
                if (*format != '%')
                        text = pool_printf(pool, "%s%c", text, *format);
                else
                        text = pool_printf(pool, "%s%" PRId64, text, *++format == 'x' ? e.x : e.y);
        }
        return text;
}

/* `data`: the address of the value; of a pointer, which is stored itself, what it points to. */
static const char *value_text(const struct live_frame *f, uint8_t kind, uint64_t size, uint64_t data)
{
        uint64_t value = 0;

        if (kind == KIND_STRING ||
            kind == KIND_POINTER) /* a pointer to a struct that begins with a string, as of errors.New() */
                return live_slice(f, data);
        if (kind == KIND_STRUCT && size == 24)
                return bounds_text(f, data);
        if (size > sizeof(value) || kind > KIND_UINTPTR || target_read(f->t, data, &value, (size_t)size))
                return NULL;
        if (kind == KIND_BOOL)
                return value ? "true" : "false";
        if (kind >= KIND_INT && kind <= KIND_INT64)
                return pool_printf(&f->report->pool, "%" PRId64,
                                   (int64_t)(value << (64 - 8 * size)) >> (64 - 8 * size));
        return pool_printf(&f->report->pool, "%" PRIu64, value);
}

/* An interface{}: the address of its type, and that of its value. */
static const char *interface_text(const struct live_frame *f, uint64_t type, uint64_t data)
{
        uint8_t header[KIND_OFFSET + 1], kind;
        uint64_t size;

        if (type & 7 || !live_is_constant(f, type) || !target_mapping(f->t, data) ||
            target_read(f->t, type, header, sizeof(header)))
                return NULL;
        memcpy(&size, header, sizeof(size));
        kind = header[KIND_OFFSET] & KIND_MASK;
        if (!size || size > TYPE_MAX || !kind || kind > 26)
                return NULL;
        return value_text(f, kind, size, data);
}

const char *go_panic_message(const struct live_frame *f)
{
        const char *text = NULL;
        size_t i;

        for (i = f->stack; i + 1 < f->value_count && !text; i++)
                text = interface_text(f, f->values[i], f->values[i + 1]);
        return text ? pool_printf(&f->report->pool, "panic: %s", text) : NULL;
}
