/* SPDX-License-Identifier: MIT */
#include "unwind/core/image/library_message.h"
#include "unwind/core/cfi/arch_unwind.h"
#include "unwind/core/image/exception_values.h"

#define LINE_LIMIT 1000000u /* no source file is longer: a larger number is not a line */
#define PART_MAX 1024

struct text {
        char *buf;
        size_t size, used;
};

static void put(struct text *t, const char *s)
{
        for (; *s && t->used + 1 < t->size; s++)
                t->buf[t->used++] = *s;
        t->buf[t->used] = 0;
}

static void put_number(struct text *t, uint64_t number)
{
        char digits[21];
        unsigned n = sizeof(digits) - 1;

        digits[n] = 0;
        do
                digits[--n] = (char)('0' + number % 10);
        while ((number /= 10) && n);
        put(t, digits + n);
}

/* Reads a whole string; false unless it contains printable characters and newlines only. */
static bool read_string(const struct cfi_space *space, uint64_t at, char part[PART_MAX])
{
        if (!exception_read_string(space, at, part, PART_MAX) || !part[0])
                return false;
        for (const char *s = part; *s; s++)
                if ((*s < ' ' && *s != '\n') || *s == 0x7f)
                        return false;
        return true;
}

static bool put_string(struct text *t, const struct cfi_space *space, uint64_t at)
{
        char part[PART_MAX];

        if (!read_string(space, at, part))
                return false;
        put(t, part);
        return true;
}

/* libstdc++-v3/src/c++11/debug.cc: "%s:%d: %s: Assertion '%s' failed.\n" */
bool library_message_assertion(const struct cfi_space *space, uint64_t return_address, char *buf, size_t size)
{
        struct text t = { buf, size, 0 };
        uint64_t a[4];

        buf[0] = 0;
        if (!arch_constant_arguments(space, return_address, a) || a[1] >= LINE_LIMIT)
                return false;
        if (!put_string(&t, space, a[0]))
                return false;
        put(&t, ":");
        put_number(&t, a[1]);
        put(&t, ": ");
        if (!put_string(&t, space, a[2]))
                return false;
        put(&t, ": Assertion '");
        if (!put_string(&t, space, a[3]))
                return false;
        put(&t, "' failed.");
        return true;
}

/* include/debug/formatter.h, since GCC 10: const char *file; unsigned line; nine parameters; unsigned count of them;
 * const char *text; const char *function. */
#define FORMATTER_COUNT 520
#define FORMATTER_TEXT (FORMATTER_COUNT + 8)
#define FORMATTER_PARAMETERS 9

#define PARAMETER_INTEGER 3 /* kind of a parameter; const char *name and long value follow */

/* Replaces "%2;" by the second parameter; "%1.name;" and similar forms, which only the library can format, are copied
 * as they are. */
static void put_parameters(struct text *t, const struct cfi_space *space, uint64_t at, const char *s)
{
        for (; *s; s++) {
                uint64_t parameter = at + 16 + (uint64_t)(s[1] - '1') * (FORMATTER_COUNT - 16) / FORMATTER_PARAMETERS;
                const char character[] = { *s, 0 };
                uint32_t kind;
                int64_t value;

                if (*s != '%' || s[1] < '1' || s[1] > '9' || s[2] != ';' ||
                    space->read(space->ctx, parameter, &kind, sizeof(kind)) || kind != PARAMETER_INTEGER ||
                    space->read(space->ctx, parameter + 16, &value, sizeof(value))) {
                        put(t, character);
                        continue;
                }
                if (value < 0)
                        put(t, "-");
                put_number(t, value < 0 ? -(uint64_t)value : (uint64_t)value);
                s += 2;
        }
}

bool library_message_debug(const struct cfi_space *space, uint64_t at, char *buf, size_t size)
{
        struct text t = { buf, size, 0 };
        uint64_t file, text;
        uint32_t line, count;
        char part[PART_MAX];

        buf[0] = 0;
        if (space->read(space->ctx, at, &file, sizeof(file)) || space->read(space->ctx, at + 8, &line, sizeof(line)) ||
            space->read(space->ctx, at + FORMATTER_COUNT, &count, sizeof(count)) ||
            space->read(space->ctx, at + FORMATTER_TEXT, &text, sizeof(text)))
                return false;
        if (!line || line >= LINE_LIMIT || count > FORMATTER_PARAMETERS || !put_string(&t, space, file))
                return false;
        put(&t, ":");
        put_number(&t, line);
        put(&t, ": Error: ");
        if (!read_string(space, text, part))
                return false;
        put_parameters(&t, space, at, part);
        return true;
}
