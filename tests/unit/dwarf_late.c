/* SPDX-License-Identifier: MIT */
/* A compressed section that is inflated as it is read, of either format: every byte is the right one, in whatever order,
 * and a stream that is broken is no answer. */
#include "tests/unit/tap.h"
#include "unwind/dwarf/late.h"

#include <libdeflate.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

enum { SIZE = 3 * 1000 * 1000 + 77, ROOM = SIZE + (1 << 16) };

static uint8_t *plain, *packed, *to;
static struct inflate_source source;

/* Words that repeat, some near and some far, as in debugging information. */
static void make(void)
{
        uint32_t seed = 1;

        plain = malloc(SIZE);
        packed = malloc(SIZE);
        to = mmap(NULL, (size_t)4 * ROOM, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        for (size_t i = 0; i < SIZE; i++) {
                seed = seed * 1103515245 + 12345;
                plain[i] = i > 5000 && seed >> 28 ? plain[i - 1 - (seed >> 16) % 64 * 77] : (uint8_t)(seed >> 20);
        }
}

static void compress_as(enum inflate_format format)
{
        struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);

        if (!c)
                abort();
        source.format = format;
        source.bytes = packed;
        source.size = format == INFLATE_ZSTD ? ZSTD_compress(packed, SIZE, plain, SIZE, 3)
                                             : libdeflate_zlib_compress(c, plain, SIZE, packed, SIZE);
        libdeflate_free_compressor(c);
        if (source.size == 0 || source.size >= SIZE)
                abort();
}

static void test_beginnings(const char *name)
{
        const struct inflate_source half = { source.format, source.bytes, source.size / 2 };
        uint8_t *out = malloc(SIZE);
        size_t bad = 0;

        for (size_t n = INFLATE_UNSURE + 1; n < SIZE; n += n / 7 + 13) {
                memset(out, 0, SIZE);
                bad += inflate_beginning(&source, out, n) != 0 || memcmp(out, plain, n - INFLATE_UNSURE) != 0 ||
                       out[n] != 0;
        }
        tap_is(bad, 0,
               "%s: a beginning of any length: what is promised of it is right, and nothing is written behind it",
               name);
        tap_ok(inflate_beginning(&half, out, SIZE - 1) != 0, "%s: the stream ends early: told", name);
        tap_ok(inflate_beginning(&source, out, SIZE) != 0, "%s: no more than was asked for: told", name);
        free(out);
}

/* In a child: how it ended. */
static int in_child(void (*what)(void))
{
        int status = 0;
        pid_t pid = fork();

        if (pid == 0) {
                what();
                _exit(0);
        }
        waitpid(pid, &status, 0);
        return status;
}

static void open_or_leave(void)
{
        dwarf_late_begin();
        if (!dwarf_late_open(to, SIZE, &source, NULL, 0))
                _exit(2);
}

static void compare(size_t from, size_t end)
{
        if (memcmp(to + from, plain + from, end - from) != 0)
                _exit(3);
}

static void read_from_the_front(void)
{
        open_or_leave();
        for (size_t i = 0; i < SIZE; i += 1000)
                compare(i, i + 1000 < SIZE ? i + 1000 : SIZE);
        for (size_t i = SIZE; i % 4096; i++)
                if (to[i])
                        _exit(4);
}

static void read_from_the_back(void)
{
        open_or_leave();
        compare(SIZE - 1, SIZE);
        compare(0, SIZE);
}

static void read_in_the_middle(void)
{
        open_or_leave();
        compare(SIZE / 3, SIZE / 3 + 5000);
        compare(0, SIZE);
}

static void read_two_sections(void)
{
        uint8_t *more = mmap(NULL, (size_t)2 * ROOM, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        uint8_t *second = more + ((size_t)to - (size_t)more) % (1 << 16);

        open_or_leave();
        if (!dwarf_late_open(second, SIZE, &source, NULL, 0) ||
            memcmp(second + SIZE / 2, plain + SIZE / 2, SIZE / 2) != 0)
                _exit(3);
        dwarf_late_forget(second, SIZE);
        compare(0, SIZE);
}

static void read_what_is_forgotten(void)
{
        open_or_leave();
        dwarf_late_forget(to, SIZE);
        compare(0, SIZE);
}

static void read_a_broken_end(void)
{
        memset(packed + source.size - 10000, 0xff, 10000);
        open_or_leave();
        compare(0, SIZE / 8);
        compare(0, SIZE);
}

static void open_a_broken_beginning(void)
{
        memset(packed + 2, 0xff, 100);
        open_or_leave();
}

static void open_without_beginning(void)
{
        _exit(dwarf_late_open(to, SIZE, &source, NULL, 0) ? 3 : 0);
}

static void follow_another_pointer(void)
{
        const volatile char *volatile nowhere = (const char *)to + SIZE + ROOM;

        open_or_leave();
        _exit(nowhere[0] ? 3 : 0);
}

static int signal_of(int status)
{
        return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void test(enum inflate_format format, const char *name)
{
        compress_as(format);
        test_beginnings(name);
        tap_is((unsigned)in_child(read_from_the_front), 0, "%s: read from the front, and over the end", name);
        tap_is((unsigned)in_child(read_from_the_back), 0, "%s: read from the back", name);
        tap_is((unsigned)in_child(read_in_the_middle), 0, "%s: read in the middle first", name);
        tap_is((unsigned)in_child(read_two_sections), 0, "%s: two sections, one of them forgotten", name);
        tap_is((unsigned)in_child(open_without_beginning), 0, "%s: before it has begun: refused", name);
        tap_is((unsigned)in_child(open_a_broken_beginning), 2 << 8, "%s: a stream that is broken at once: refused",
               name);
        tap_is((unsigned)signal_of(in_child(read_a_broken_end)), SIGSEGV, "%s: a stream that is broken later: SIGSEGV",
               name);
        tap_is((unsigned)signal_of(in_child(read_what_is_forgotten)), SIGSEGV, "%s: what is forgotten: SIGSEGV", name);
        tap_is((unsigned)signal_of(in_child(follow_another_pointer)), SIGSEGV, "%s: another bad pointer: SIGSEGV",
               name);
}

int main(void)
{
        make();
        test(INFLATE_ZLIB, "zlib");
        test(INFLATE_ZSTD, "zstd");
        free(plain);
        free(packed);
        return tap_done();
}
