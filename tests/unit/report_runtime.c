/* SPDX-License-Identifier: MIT */
/* Last words of run-times, from a frame that this program lays out as they do. */
#include "report/runtime/go_panic.h"
#include "report/runtime/last_words.h"
#include "report/runtime/live_frame.h"
#include "report/runtime/rust_panic.h"
#include "tests/unit/tap.h"
#include "unwind/symbols/symbols.h"
#include "unwind/target/self.h"

#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define WORDS 32

/* Functions of Rust's core that format arguments, known by their names only. */
void format_usize(void) __asm__(
        "_ZN4core3fmt3num3imp54_$LT$impl$u20$core..fmt..Display$u20$for$u20$usize$GT$3fmt17h0123456789abcdefE");
void format_usize(void)
{
}
void format_i32(void) __asm__("_ZN42_$LT$i32$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE");
void format_i32(void)
{
}
void format_own(void) __asm__("_ZN45_$LT$app..T$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE");
void format_own(void)
{
}

static struct report *report;
static struct target *target;
static struct report_frame frames[3];
static struct thread_frame physical[3];

static uint64_t word(const void *p)
{
        return (uint64_t)(uintptr_t)p;
}

#define CODE(f) ((uint64_t)(uintptr_t)(f))

/* The crashing thread is in `function`, with these words as its frame. */
static struct live_frame in_frame(const char *function, const uint64_t *words, size_t n)
{
        struct live_frame f;
        ucontext_t uc;

        if (getcontext(&uc) || self_open(&uc, &target))
                exit(1);
        symbols_new(target, NULL, NULL, NULL);
        physical[0] = (struct thread_frame){ .pc = CODE(in_frame),
                                             .sp = word(words),
                                             .module = target_module_index(target, CODE(in_frame)) };
        physical[1] =
                (struct thread_frame){ .pc = CODE(in_frame), .sp = word(words + n), .module = physical[0].module };
        target->threads[0].frames = physical;
        physical[2] = physical[1];
        target->threads[0].frame_count = 3;
        frames[0] = (struct report_frame){ .function = function, .pc = KNOWN_U64(CODE(in_frame)) };
        frames[1] = (struct report_frame){ .function = "main", .pc = KNOWN_U64(CODE(in_frame)) };
        report = report_new();
        report->threads = pool_alloc(&report->pool, sizeof(*report->threads));
        report->thread_count = 1;
        report->threads[0].frames = frames;
        frames[2] = frames[1];
        report->threads[0].frame_count = 3;
        if (!live_frame_read(report, target, 0, &f))
                memset(&f, 0, sizeof(f));
        return f;
}

static void leave(void)
{
        struct symbols *s = target->symbols;

        target->threads[0].frames = NULL;
        target->threads[0].frame_count = 0;
        symbols_free(s);
        target_free(target);
        report_free(report);
}

static void says(const char *got, const char *wanted, const char *title)
{
        if (!tap_ok(wanted ? got && !strcmp(got, wanted) : !got, "%s", title))
                printf("# got %s\n", got ? got : "nothing");
}

/* ---- Rust ---- */

struct location {
        const char *file;
        uint64_t len;
        uint32_t line, column;
};

static const struct location place = { "src/main.rs", 11, 4, 21 };

struct text {
        const char *s;
        uint64_t len;
};

/* Until 1.92, with the slices in two orders; a PanicInfo with the addresses of arguments and location. */
static void old_layout(bool reordered)
{
        static const struct text pieces[] = { { "the len is ", 11 }, { " but the index is ", 18 } };
        static const struct text one[] = { { "just words", 10 } };
        uint64_t len = 2, frame[WORDS] = { 0 };
        int32_t index = -6;
        const uint64_t args[] = { word(&len), CODE(format_usize), word(&index), CODE(format_i32) };
        uint64_t ordered[] = { word(pieces), 2, 0, 77, word(args), 2 },
                 other[] = { 0, 77, word(pieces), 2, word(args), 2 };
        uint64_t plain[] = { word(one), 1, 0, 77, 8, 0 };
        struct live_frame f;

        frame[4] = word(reordered ? other : ordered);
        frame[5] = word(&place);
        f = in_frame("core::panicking::panic_fmt", frame, WORDS);
        says(rust_panic_message(&f), "panicked at src/main.rs:4:21: the len is 2 but the index is -6",
             reordered ? "slices in another order" : "slices");
        leave();
        frame[4] = word(plain);
        f = in_frame("core::panicking::panic_fmt", frame, WORDS);
        says(rust_panic_message(&f), "panicked at src/main.rs:4:21: just words", "a slice of one text");
        leave();
}

/* Since 1.93. */
static void new_layout(void)
{
        static const char sequence[] = "\x0bthe len is \xc0\x06 of T \xc0\x00";
        static const char text[] = "just words";
        static const char cut[] = "\x7fshort";
        uint64_t len = 2, frame[WORDS] = { 0 };
        const uint64_t args[] = { word(&len), CODE(format_usize), word(&len), CODE(format_own) };
        uint64_t formatted[] = { word(sequence), word(args) }, literal[] = { word(text), 10 << 1 | 1 },
                 wrong[] = { word(cut), word(args) };
        struct live_frame f;

        frame[7] = word(&place);
        frame[8] = word(formatted);
        f = in_frame("core::panicking::panic_fmt", frame, WORDS);
        says(rust_panic_message(&f), "panicked at src/main.rs:4:21: the len is 2 of T {}",
             "a sequence; a type that is not known");
        leave();
        frame[8] = word(literal);
        f = in_frame("core::panicking::panic_fmt", frame, WORDS);
        says(rust_panic_message(&f), "panicked at src/main.rs:4:21: just words", "a literal");
        leave();
        frame[8] = word(wrong);
        f = in_frame("core::panicking::panic_fmt", frame, WORDS);
        says(rust_panic_message(&f), "panicked at src/main.rs:4:21", "a sequence that is none: the place alone");
        leave();
        memset(frame, 0, sizeof(frame));
        frame[20] = word(literal); /* far from a location: left over */
        frame[7] = word(&place);
        f = in_frame("core::panicking::panic_fmt", frame, WORDS);
        says(rust_panic_message(&f), "panicked at src/main.rs:4:21",
             "an address that is not beside that of the location");
        leave();
        frame[7] = 0;
        f = in_frame("core::panicking::panic_fmt", frame, WORDS);
        says(rust_panic_message(&f), NULL, "nothing there");
        leave();
}

static void payload(void)
{
        uint64_t frame[WORDS] = { 0 };
        struct live_frame f;

        frame[3] = word("words of 2018");
        frame[4] = 13;
        f = in_frame("std::panicking::begin_panic", frame, WORDS);
        says(rust_panic_message(&f), "panicked: words of 2018", "a text that is thrown itself");
        leave();
}

/* ---- Go ---- */

struct go_type {
        uint64_t size, pointers;
        uint32_t hash;
        uint8_t flag, align, field_align, kind;
};

static void go(void)
{
        static const struct go_type string = { 16, 8, 1, 0, 8, 8, 24 }, integer = { 8, 0, 1, 0, 8, 8, 2 },
                                    bounds = { 24, 0, 1, 0, 8, 8, 25 }, channel = { 8, 8, 1, 0, 8, 8, 18 };
        static struct text text = { "just words", 10 };
        static int64_t number = -7;
        static struct {
                int64_t x, y;
                uint8_t is_signed, code;
        } e = { 5, 2, 1, 0 };
        const struct {
                const struct go_type *type;
                const void *data;
                const char *wanted, *title;
        } cases[] = {
                { &string, &text, "panic: just words", "a string" },
                { &integer, &number, "panic: -7", "a number" },
                { &bounds, &e, "panic: index out of range [5] with length 2", "a bounds error" },
                { &channel, &number, NULL, "a value of another kind" },
        };
        size_t i;

        for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                uint64_t frame[WORDS] = { 0 };
                struct live_frame f;

                frame[10] = word(cases[i].type);
                frame[11] = word(cases[i].data);
                f = in_frame("runtime.gopanic", frame, WORDS);
                says(go_panic_message(&f), cases[i].wanted, cases[i].title);
                leave();
        }
}

/* ---- libraries ---- */

static void libraries(void)
{
        static const char key[] = "MESSAGE", other[] = "PRIORITY", message[] = "no theme", three[] = "3";
        static const struct {
                int32_t ref, size;
                uint32_t alloc, unused;
                int64_t offset;
                uint16_t text[6];
        } qt5_constant = { 1, 5, 6, 0, 24, { 'w', 0xf6, 'r', 'd', 's', 0 } };
        static uint64_t qt5[5];
        uint64_t frame[WORDS] = { 0 };
        static const char raw[] = "[file.cc : 42] RAW: cannot go on with 2\n";

        memcpy(qt5, &qt5_constant, sizeof(qt5_constant) < sizeof(qt5) ? sizeof(qt5_constant) : sizeof(qt5));
        frame[4] = word(other);
        frame[5] = word(three);
        frame[6] = ~0ULL;
        frame[7] = word(key);
        frame[8] = word(message);
        frame[9] = ~0ULL;
        in_frame("g_log_structured", frame, WORDS);
        says(last_words(report, target, false), "no theme", "GLib: the field of the message");
        leave();
        memset(frame, 0, sizeof(frame));
        frame[9] = word(qt5);
        in_frame("QMessageLogger::fatal(char const*, ...) const", frame, WORDS);
        says(last_words(report, target, false), "w\303\266rds", "Qt 5: a QString");
        leave();
        memset(frame, 0, sizeof(frame));
        memcpy(frame + 2, raw, sizeof(raw));
        in_frame("absl::raw_log_internal::RawLog(absl::LogSeverity, char const*, int, char const*, ...)", frame, WORDS);
        says(last_words(report, target, false), "[file.cc : 42] RAW: cannot go on with 2",
             "abseil: the line in an array of the frame");
        leave();
        in_frame("unknown_function", frame, WORDS);
        says(last_words(report, target, false), NULL, "a function that is not in the table");
        leave();
}

int main(void)
{
        old_layout(false);
        old_layout(true);
        new_layout();
        payload();
        go();
        libraries();
        return tap_done();
}
