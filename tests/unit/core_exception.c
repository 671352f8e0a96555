/* SPDX-License-Identifier: MIT */
/* Exceptions in memory: constructed ones, well-formed, cyclic and hostile; numbers as printf prints them. Those of
 * real programs are tested in messages.bats. */
#include "tests/unit/self_space.h"
#include "tests/unit/tap.h"
#include "unwind/core/image/exception.h"
#include "unwind/core/image/exception_values.h"

#include <float.h>
#include <limits.h>
#include <math.h>

/* ---- values ---- */

static bool same_real(double value)
{
        char ours[64], theirs[64];

        snprintf(theirs, sizeof(theirs), "%g", value);
        if (!exception_read_value(&self.space, "d", (uint64_t)&value, ours, sizeof(ours)) ||
            strcmp(ours, theirs) != 0) {
                printf("# ours %s, printf's %s\n", ours, theirs);
                return false;
        }
        return true;
}

static void check_reals(void)
{
        static const double values[] = { 0,        1,       -1,      0.1,    0.5,        2.0 / 3, 100000,  999999,
                                         999999.5, 1e6,     1e5,     123456, 1234567,    1e-4,    1e-5,    0.00012345,
                                         1.5e300,  DBL_MAX, DBL_MIN, 5e-324, -3.25e-200, 1e22,    9.99999, 9.9999951 };
        uint64_t noise = 1;
        bool good = true;

        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
                good &= same_real(values[i]);
        for (int i = 0; i < 5000; i++) {
                double value;

                noise = noise * 6364136223846793005u + 1442695040888963407u;
                memcpy(&value, &noise, sizeof(value));
                good &= !isfinite(value) || same_real(value);
        }
        tap_ok(good && same_real((double)INFINITY) && same_real(-(double)INFINITY),
               "real numbers are formatted as by printf's %%g");
}

static void check_integers(void)
{
        const long long low = LLONG_MIN;
        const unsigned long long high = ULLONG_MAX;
        const signed char byte = -128;
        const bool yes = true;
        char text[64];

        tap_ok(exception_read_value(&self.space, "x", (uint64_t)&low, text, sizeof(text)) &&
                       !strcmp(text, "-9223372036854775808"),
               "the lowest integer");
        tap_ok(exception_read_value(&self.space, "y", (uint64_t)&high, text, sizeof(text)) &&
                       !strcmp(text, "18446744073709551615"),
               "the highest integer");
        tap_ok(exception_read_value(&self.space, "a", (uint64_t)&byte, text, sizeof(text)) && !strcmp(text, "-128"),
               "a signed byte");
        tap_ok(exception_read_value(&self.space, "b", (uint64_t)&yes, text, sizeof(text)) && !strcmp(text, "true"),
               "a boolean");
        tap_ok(!exception_read_value(&self.space, "i", 16, text, sizeof(text)), "an unmapped object");
        tap_ok(!exception_read_value(&self.space, "v", (uint64_t)&low, text, sizeof(text)), "a type without values");
        tap_ok(!exception_read_value(&self.space, "", (uint64_t)&low, text, sizeof(text)), "an empty type name");
}

static void check_strings(void)
{
        struct {
                const char *data;
                uint64_t length, unused[2];
        } string = { "counted\0text", 12, { 0 } }, endless = { "x", UINT64_MAX, { 0 } },
          wild = { (char *)16, 5, { 0 } };
        static const char type[] = "NSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE";
        char text[16];

        tap_ok(exception_read_value(&self.space, type, (uint64_t)&string, text, 8) && !strcmp(text, "counted"),
               "a long string is truncated");
        exception_read_value(&self.space, type, (uint64_t)&endless, text, sizeof(text));
        tap_ok(strlen(text) < sizeof(text), "a string of 2^64 bytes is truncated");
        tap_ok(!exception_read_value(&self.space, type, (uint64_t)&wild, text, sizeof(text)), "an unmapped string");
}

/* ---- constructed exceptions ---- */

struct type {
        const void *vtable;
        const char *name;
        union {
                const struct type *base;
                struct {
                        uint32_t flags, count;
                        struct {
                                const struct type *base;
                                int64_t where;
                        } v[4];
                };
        };
};

struct thrown {
        uint64_t reserved[2];
        const struct type *type;
        uint64_t destructor, unexpected, terminate, next;
        int32_t handlers, selector;
        uint64_t action, data, landing_pad, adjusted;
        uint64_t class, cleanup, private_1, private_2;
        const void *object[8]; /* vtable, then members */
};

static const struct type meta_si = { NULL, "N10__cxxabiv120__si_class_type_infoE", { NULL } };
static const struct type meta_vmi = { NULL, "N10__cxxabiv121__vmi_class_type_infoE", { NULL } };
static const void *const si_table[] = { &meta_si, NULL }, *const vmi_table[] = { &meta_vmi, NULL };
static const uint8_t code[] = { 0x48, 0x8b, 0x47, 0x08, 0xc3 }; /* mov 8(%rdi),%rax; ret */
static const void *const vtable[] = { NULL, NULL, code };
static const struct type std_exception = { NULL, "St9exception", { NULL } };
static const struct type runtime_error = { &si_table[1], "St13runtime_error", { &std_exception } };
static struct exception_chain chain;

static struct thrown make(const struct type *type, const char *text)
{
        return (struct thrown){ .type = type, .handlers = 1, .class = 0x474e5543432b2b00, .object = { vtable, text } };
}

static uint32_t describe(const struct thrown *e)
{
        const struct exception_reader reader = { .space = &self.space };
        struct exception_object object;

        chain.count = 99;
        if (!exception_of_object(&self.space, (uint64_t)e->object, &object))
                return 0;
        exception_describe(&reader, &object, &chain);
        return chain.count;
}

static void check_made_up(void)
{
        static const struct type in_program = { &si_table[1], "*3Own", { &runtime_error } };
        struct thrown e = make(&runtime_error, "said"), own = make(&in_program, "inherited");

        tap_ok(describe(&e) == 1 && !strcmp(chain.v[0].type, "St13runtime_error") && !strcmp(chain.v[0].what, "said"),
               "std::runtime_error");
        tap_ok(describe(&own) == 1 && !strcmp(chain.v[0].type, "3Own") && !strcmp(chain.v[0].what, "inherited"),
               "a class of the program");
        e.class = 0x434c4e47432b2b00;
        tap_ok(describe(&e) == 1, "an exception of libc++abi");
        e.class = 0x474e55434a415600;
        tap_ok(describe(&e) == 0, "another language's exception is rejected");
        e = make((const struct type *)16, "x");
        tap_ok(describe(&e) == 0, "an unmapped type is rejected");
        e = make(&runtime_error, (const char *)16);
        tap_ok(describe(&e) == 1 && chain.v[0].what_kind == EXCEPTION_WHAT_NONE, "an unmapped text");
        e.object[0] = (void *)16;
        tap_ok(describe(&e) == 1 && chain.v[0].what_kind == EXCEPTION_WHAT_NONE, "an unmapped vtable");
}

static void check_hostile_types(void)
{
        static struct type cyclic = { &si_table[1], "6Cyclic", { NULL } }, wide = { &vmi_table[1], "4Wide", { NULL } };
        struct thrown e = make(&cyclic, "x");

        cyclic.base = &cyclic;
        tap_ok(describe(&e) == 1 && chain.v[0].what_kind == EXCEPTION_WHAT_NONE, "a class derived from itself");
        wide.count = UINT32_MAX;
        for (int i = 0; i < 4; i++) {
                wide.v[i].base = &wide;
                wide.v[i].where = i & 1; /* every other base is virtual, with an invalid vtable */
        }
        e = make(&wide, "x");
        tap_ok(describe(&e) == 1, "a class with four billion bases, each of them itself");
}

static void check_cyclic_chain(void)
{
        static struct type both = { &vmi_table[1], "4Both", { NULL } };
        static const struct type nested = { NULL, "St16nested_exception", { NULL } };
        static struct thrown e;

        both.count = 2;
        both.v[0].base = &runtime_error;
        both.v[0].where = 2;
        both.v[1].base = &nested;
        both.v[1].where = 16 << 8 | 2;
        e = make(&both, "again");
        e.object[3] = e.object; /* std::nested_exception: vtable, pointer to the object */
        tap_ok(describe(&e) == EXCEPTION_CHAIN_MAX && !strcmp(chain.v[EXCEPTION_CHAIN_MAX - 1].what, "again"),
               "an exception nested in itself: the chain is truncated");
}

/* Every eighth byte is read incorrectly: tests for crashes and endless loops, mainly in sanitizer builds. */
static uint64_t noise = 1;

static int noisy_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
        int err = self_read(ctx, addr, buf, len);

        for (size_t i = 0; !err && i < len; i++) {
                noise = noise * 6364136223846793005u + 1442695040888963407u;
                if (noise >> 61 == 0)
                        ((uint8_t *)buf)[i] ^= (uint8_t)(noise >> 40);
        }
        return err;
}

static void check_noise(void)
{
        const struct cfi_space noisy = { .read = noisy_read };
        const struct exception_reader reader = { .space = &noisy };
        struct thrown e = make(&runtime_error, "said");
        struct exception_object object;
        int described = 0;

        for (int i = 0; i < 3000; i++) {
                if (!exception_of_object(&self.space, (uint64_t)e.object, &object))
                        continue;
                exception_describe(&reader, &object, &chain);
                described += chain.count > 0;
        }
        tap_ok(described > 0 && described < 3000, "corrupted memory: %d of 3000 described", described);
}

int main(void)
{
        self_load();
        check_reals();
        check_integers();
        check_strings();
        check_made_up();
        check_hostile_types();
        check_cyclic_chain();
        check_noise();
        return tap_done();
}
