/* SPDX-License-Identifier: MIT */
#include "unwind/core/image/exception_values.h"
#include "unwind/core/cfi/arch.h"
#include "unwind/core/terms/str.h"

#define PIECE 64u

struct text {
        char *buf;
        size_t size, used;
};

static void put(struct text *t, char c)
{
        if (t->used + 1 < t->size)
                t->buf[t->used++] = c;
        t->buf[t->used] = 0;
}

static void put_str(struct text *t, const char *s)
{
        while (*s)
                put(t, *s++);
}

static void put_unsigned(struct text *t, uint64_t value)
{
        char digits[20];
        unsigned n = 0;

        do
                digits[n++] = (char)('0' + value % 10);
        while (value /= 10);
        while (n)
                put(t, digits[--n]);
}

static void put_signed(struct text *t, int64_t value)
{
        if (value < 0)
                put(t, '-');
        put_unsigned(t, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

#define DIGITS 6 /* as printf's %g and std::cout print */

static void put_exponent(struct text *t, int exponent)
{
        put(t, 'e');
        put(t, exponent < 0 ? '-' : '+');
        exponent = exponent < 0 ? -exponent : exponent;
        if (exponent < 10)
                put(t, '0');
        put_unsigned(t, (uint64_t)exponent);
}

/* Prints `digits`, DIGITS decimal digits of which the first has weight 10^exponent, without trailing zeros. */
static void put_digits(struct text *t, uint64_t digits, int exponent)
{
        char place[DIGITS];
        int last = DIGITS - 1, point = exponent >= -4 && exponent < DIGITS ? exponent : 0;

        for (int i = DIGITS - 1; i >= 0; i--, digits /= 10)
                place[i] = (char)('0' + digits % 10);
        while (last > 0 && place[last] == '0')
                last--;
        if (point < 0)
                put_str(t, "0.");
        for (int i = point + 1; i < 0; i++)
                put(t, '0');
        for (int i = 0; i <= last || i <= point; i++) {
                if (i == point + 1 && i > 0)
                        put(t, '.');
                put(t, place[i]);
        }
        if (point != exponent)
                put_exponent(t, exponent);
}

static void put_real(struct text *t, long double value)
{
        long double scaled;
        int exponent = 0;

        if (value != value) { // NOLINT(misc-redundant-expression): not a number
                put_str(t, "nan");
                return;
        }
        if (value < 0) {
                put(t, '-');
                value = -value;
        }
        if (value > __LDBL_MAX__) {
                put_str(t, "inf");
                return;
        }
        if (value == 0) {
                put(t, '0');
                return;
        }
        for (scaled = value; scaled >= 10; exponent++)
                scaled /= 10;
        for (; scaled < 1; exponent--)
                scaled *= 10;
        scaled = scaled * 100000 + 0.5L;
        if (scaled >= 1000000) {
                scaled /= 10;
                exponent++;
        }
        put_digits(t, (uint64_t)scaled, exponent);
}

static bool get(const struct cfi_space *space, uint64_t at, void *buf, size_t len)
{
        return !space->read(space->ctx, at, buf, len);
}

/* Reads do not cross page boundaries, so that the bytes before an unreadable page are returned. */
static bool read_bytes(const struct cfi_space *space, uint64_t at, size_t len, bool stops_at_nul, struct text *t)
{
        char piece[PIECE];
        bool any = false;

        while (len && t->used + 1 < t->size) {
                size_t n = PIECE < ARCH_PAGE_MIN - at % ARCH_PAGE_MIN ? PIECE : ARCH_PAGE_MIN - at % ARCH_PAGE_MIN;

                n = n < len ? n : len;
                if (!get(space, at, piece, n))
                        return any;
                any = true;
                for (size_t i = 0; i < n; i++) {
                        if (stops_at_nul && !piece[i])
                                return true;
                        put(t, piece[i]);
                }
                at += n;
                len -= n;
        }
        return any || !len;
}

bool exception_read_string(const struct cfi_space *space, uint64_t at, char *buf, size_t size)
{
        struct text t = { buf, size, 0 };

        buf[0] = 0;
        return at && read_bytes(space, at, SIZE_MAX, true, &t);
}

struct counted {
        uint64_t data, length;
};

/* libstdc++ since GCC 5 (bits/basic_string.h): pointer, length. Its older ABI, "Ss": the pointer alone. libc++
 * (<string>, its stable ABI): 24 bytes; the lowest bit distinguishes a long string, { capacity, length, pointer },
 * from a short one, { twice the length in one byte, the bytes }. */
static bool string_object(const struct cfi_space *space, const char *type, uint64_t at, struct counted *out)
{
        uint64_t word[3];

        if (str_is(type, "NSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE")) {
                if (!get(space, at, word, 16))
                        return false;
                *out = (struct counted){ word[0], word[1] };
                return true;
        }
        if (str_is(type, "St17basic_string_viewIcSt11char_traitsIcEE")) {
                if (!get(space, at, word, 16))
                        return false;
                *out = (struct counted){ word[1], word[0] };
                return true;
        }
        if (!str_is(type, "NSt3__112basic_stringIcNS_11char_traitsIcEENS_9allocatorIcEEEE") ||
            !get(space, at, word, sizeof(word)))
                return false;
        if (word[0] & 1)
                *out = (struct counted){ word[2], word[1] };
        else
                *out = (struct counted){ at + 1, (word[0] & 0xff) >> 1 };
        return true;
}

static bool read_text(const struct cfi_space *space, const char *type, uint64_t at, struct text *t)
{
        struct counted s;
        uint64_t pointer;

        if (str_is(type, "PKc") || str_is(type, "Pc") || str_is(type, "Ss"))
                return get(space, at, &pointer, sizeof(pointer)) &&
                       exception_read_string(space, pointer, t->buf, t->size);
        return string_object(space, type, at, &s) && read_bytes(space, s.data, s.length, false, t);
}

/* Codes of the builtin types (Itanium C++ ABI, "Mangling" 5.1.5). */
static bool read_integer(const struct cfi_space *space, char code, uint64_t at, struct text *t)
{
        static const struct {
                char code;
                uint8_t size;
                bool is_signed;
        } types[] = { { 'a', 1, true }, { 'h', 1, false }, { 's', 2, true }, { 't', 2, false },
                      { 'i', 4, true }, { 'j', 4, false }, { 'l', 8, true }, { 'm', 8, false },
                      { 'x', 8, true }, { 'y', 8, false }, { 'w', 4, true } };

        for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
                unsigned unused = 64 - 8 * types[i].size;
                uint64_t value = 0;

                if (types[i].code != code)
                        continue;
                if (!get(space, at, &value, types[i].size))
                        return false;
                if (types[i].is_signed)
                        put_signed(t, (int64_t)(value << unused) >> unused);
                else
                        put_unsigned(t, value);
                return true;
        }
        return false;
}

static bool read_real(const struct cfi_space *space, char code, uint64_t at, struct text *t)
{
        union {
                float f;
                double d;
                long double e;
        } value;

        if (code == 'f' && get(space, at, &value.f, sizeof(value.f)))
                put_real(t, value.f);
        else if (code == 'd' && get(space, at, &value.d, sizeof(value.d)))
                put_real(t, value.d);
        else if (code == 'e' && get(space, at, &value.e, sizeof(value.e)))
                put_real(t, value.e);
        else
                return false;
        return true;
}

static bool read_builtin(const struct cfi_space *space, char code, uint64_t at, struct text *t)
{
        char byte;

        if (code != 'b' && code != 'c')
                return read_integer(space, code, at, t) || read_real(space, code, at, t);
        if (!get(space, at, &byte, 1))
                return false;
        if (code == 'b')
                put_str(t, byte ? "true" : "false");
        else
                put(t, byte);
        return true;
}

bool exception_read_value(const struct cfi_space *space, const char *type, uint64_t at, char *buf, size_t size)
{
        struct text t = { buf, size, 0 };

        buf[0] = 0;
        if (type[0] && !type[1])
                return read_builtin(space, type[0], at, &t);
        return read_text(space, type, at, &t);
}
