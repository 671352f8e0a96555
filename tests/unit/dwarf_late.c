/* SPDX-License-Identifier: MIT */
/* A compressed section that is inflated on demand, in either format: every byte is correct in any order of access,
 * and a corrupted stream is rejected. */
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

/* Repeated words, some near and some far apart, as in debugging information. */
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
        tap_is(bad, 0, "%s: a prefix of any length: the valid bytes are correct, and nothing is written past it", name);
        tap_ok(inflate_beginning(&half, out, SIZE - 1) != 0, "%s: a stream that ends early is rejected", name);
        tap_ok(inflate_beginning(&source, out, SIZE) != 0,
               "%s: a stream that is not longer than the prefix is rejected", name);
        free(out);
}

/* Runs `what` in a child and returns its wait status. */
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

static void read_released_section(void)
{
        open_or_leave();
        dwarf_late_forget(to, SIZE);
        compare(0, SIZE);
}

static void read_corrupted_end(void)
{
        memset(packed + source.size - 10000, 0xff, 10000);
        open_or_leave();
        compare(0, SIZE / 8);
        compare(0, SIZE);
}

static void open_corrupted_start(void)
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
        tap_is((unsigned)in_child(read_from_the_front), 0, "%s: read from the front, and past the end", name);
        tap_is((unsigned)in_child(read_from_the_back), 0, "%s: read from the back", name);
        tap_is((unsigned)in_child(read_in_the_middle), 0, "%s: read from the middle", name);
        tap_is((unsigned)in_child(read_two_sections), 0, "%s: two sections, one of them released", name);
        tap_is((unsigned)in_child(open_without_beginning), 0, "%s: rejected before dwarf_late_begin()", name);
        tap_is((unsigned)in_child(open_corrupted_start), 2 << 8, "%s: a stream corrupted at its start is rejected",
               name);
        tap_is((unsigned)signal_of(in_child(read_corrupted_end)), SIGSEGV, "%s: a stream corrupted at its end: SIGSEGV",
               name);
        tap_is((unsigned)signal_of(in_child(read_released_section)), SIGSEGV, "%s: a released section: SIGSEGV", name);
        tap_is((unsigned)signal_of(in_child(follow_another_pointer)), SIGSEGV,
               "%s: an unrelated invalid pointer: SIGSEGV", name);
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
