/* SPDX-License-Identifier: MIT */
/* libstdc++'s messages from constructed code and memory: calls with constant arguments, and invalid code. */
#include "unwind/core/image/library_message.h"

#include "tests/unit/buffer_space.h"
#include "tests/unit/tap.h"

#include <stdio.h>

#define CODE 0x10000u
#define STRINGS 0x20000u
#define LENGTH 96

static char text[512];
static uint8_t code[LENGTH];
static char page[4096]; /* strings, at STRINGS */
static struct cfi_space *space;
static const char strings[] = "file.h\0function\0condition\0bad\x01";

/* mov $imm32,%reg: 0xb8 + number of the register. */
static size_t put_constant(size_t at, unsigned reg, uint32_t value)
{
        code[at] = (uint8_t)(0xb8 + reg);
        memcpy(code + at + 1, &value, sizeof(value));
        return at + 5;
}

static void make_call(uint32_t line, uint32_t condition)
{
        size_t at = LENGTH - 25;

        memset(code, 0x90, sizeof(code));
        at = put_constant(at, 1, condition);
        at = put_constant(at, 2, STRINGS + 7);
        at = put_constant(at, 6, line);
        at = put_constant(at, 7, STRINGS);
        code[at] = 0xe8;
        memcpy(page, strings, sizeof(strings));
        space = buffers_clear();
        buffers_add(CODE, code, sizeof(code), true);
        buffers_add(STRINGS, page, sizeof(page), false);
}

static bool assertion(void)
{
        return library_message_assertion(space, CODE + LENGTH, text, sizeof(text));
}

static void check_assertion(void)
{
        make_call(42, STRINGS + 16);
        tap_ok(assertion() && !strcmp(text, "file.h:42: function: Assertion 'condition' failed."),
               "a failed assertion");
        tap_ok(library_message_assertion(space, CODE + LENGTH, text, 12) && !strcmp(text, "file.h:42: "),
               "the message is truncated to the buffer");
        code[LENGTH - 5] = 0xe9;
        tap_ok(!assertion(), "a jump is not a call");
        make_call(42, 8);
        tap_ok(!assertion(), "an unmapped condition");
        make_call(42, STRINGS + 26);
        tap_ok(!assertion(), "a condition that is not text");
        make_call(4000000, STRINGS + 16);
        tap_ok(!assertion(), "an implausible line number");
        make_call(42, STRINGS + 16);
        code[LENGTH - 10] = 0x90;
        tap_ok(!assertion(), "another instruction between the arguments");
        tap_ok(!library_message_assertion(space, 8, text, sizeof(text)), "unmapped code");
}

static void check_every_byte(void)
{
        int found = 0;

        for (size_t i = 0; i < LENGTH; i++)
                for (int value = 0; value < 256; value++) {
                        make_call(42, STRINGS + 16);
                        code[i] = (uint8_t)value;
                        found += assertion();
                }
        tap_ok(found > 0, "each byte of the code modified: %d assertions read", found);
}

/* The layout of libstdc++'s object. */
struct formatter {
        uint64_t file;
        uint32_t line, pad;
        struct {
                uint64_t kind, name;
                int64_t value;
                uint64_t more[4];
        } parameter[9];
        uint32_t count, pad_2;
        uint64_t message, function;
};

static void check_debug(void)
{
        static char message[] = "index %2; of %1;, %3.name; and %";
        struct formatter f = { .file = STRINGS, .line = 7, .count = 2, .message = STRINGS + 1024 };

        f.parameter[0].kind = f.parameter[1].kind = 3;
        f.parameter[0].value = -5;
        f.parameter[1].value = 12;
        make_call(1, STRINGS);
        memcpy(page + 1024, message, sizeof(message));
        buffers_add(0x30000, &f, sizeof(f), false);
        tap_ok(library_message_debug(space, 0x30000, text, sizeof(text)) &&
                       !strcmp(text, "file.h:7: Error: index 12 of -5, %3.name; and %"),
               "a failed check of the debug mode");
        f.count = 10;
        tap_ok(!library_message_debug(space, 0x30000, text, sizeof(text)), "too many parameters");
        f.count = 2;
        f.message = 16;
        tap_ok(!library_message_debug(space, 0x30000, text, sizeof(text)), "an unmapped text");
        tap_ok(!library_message_debug(space, 0x40000, text, sizeof(text)), "an unmapped formatter");
}

int main(void)
{
        buffers.space =
                (struct cfi_space){ .read = buffers_read, .module = buffers_module, .executable = buffers_executable };
        check_assertion();
        check_every_byte();
        check_debug();
        return tap_done();
}
