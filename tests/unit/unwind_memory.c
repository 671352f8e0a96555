/* SPDX-License-Identifier: MIT */
/* The page cache, with a source whose contents are known. */
#include "tests/unit/tap.h"
#include "unwind/target/memory.h"

#include <stdlib.h>
#include <string.h>

struct source {
        uint64_t hole; /* a page that cannot be read */
        size_t calls, pages;
        bool gone;      /* every fetch fails */
        bool unordered; /* pages were not ascending, or were requested twice */
};

static uint8_t byte_at(uint64_t addr)
{
        return (uint8_t)(addr ^ addr >> 12 ^ addr >> 20);
}

static void fetch(void *ctx, struct memory_page *pages, size_t n)
{
        struct source *s = ctx;

        s->calls++;
        s->pages += n;
        for (size_t i = 0; i < n; i++) {
                if (i && pages[i].addr <= pages[i - 1].addr)
                        s->unordered = true;
                for (size_t k = 0; k < MEMORY_PAGE; k++)
                        pages[i].data[k] = byte_at(pages[i].addr + k);
                if (s->gone || pages[i].addr == s->hole)
                        pages[i].data = NULL;
        }
}

static bool right(const uint8_t *got, uint64_t addr, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (got[i] != byte_at(addr + i))
                        return false;
        return true;
}

static void test_reads(void)
{
        struct source s = { .hole = 0x5000 };
        struct memory *m = memory_new(fetch, &s);
        uint8_t buf[3 * MEMORY_PAGE];

        tap_ok(memory_read(m, 0x1ffc, buf, 8) == 8 && right(buf, 0x1ffc, 8), "a word across two pages");
        tap_ok(s.pages >= 2 && s.pages <= 4, "a word across two pages fetches both, and few others");
        s.pages = 0;
        tap_ok(memory_read(m, 0x1010, buf, 8) == 8 && right(buf, 0x1010, 8), "a word on a cached page");
        tap_is(s.pages, 0, "a cached page is not fetched");
        tap_ok(memory_read(m, 0x3123, buf, sizeof(buf)) == 0x5000 - 0x3123 && right(buf, 0x3123, 0x5000 - 0x3123),
               "a read ends before the first unreadable page");
        tap_is(memory_read(m, 0x5008, buf, 8), 0, "an unreadable page yields nothing");
        s.calls = 0;
        memory_read(m, 0x5ff8, buf, 8);
        tap_is(s.calls, 0, "an unreadable page is not fetched again");
        tap_is(memory_read(m, UINT64_MAX - 3, buf, 8), 4, "reads end at the end of the address space");
        tap_is(memory_read(m, 0, buf, 0), 0, "an empty read");
        s.gone = true;
        tap_ok(memory_read(m, 0x1010, buf, 8) == 8 && right(buf, 0x1010, 8),
               "cached pages remain readable without their source");
        memory_free(m);
}

static void test_ahead(void)
{
        struct source s = { .hole = 0 };
        struct memory *m = memory_new(fetch, &s);
        uint8_t word[8];
        bool good = true;

        for (uint64_t addr = 0x100000; addr < 0x100000 + 1000 * MEMORY_PAGE; addr += 512)
                good &= memory_read(m, addr, word, 8) == 8 && right(word, addr, 8);
        tap_ok(good, "an ascending walk reads the right bytes");
        tap_ok(s.calls < 100, "an ascending walk fetches ahead: %zu calls for 1000 pages", s.calls);
        s = (struct source){ .hole = 0 };
        for (uint64_t addr = 0x40000000; addr < 0x40000000 + 1000 * 0x10000; addr += 0x10000)
                memory_read(m, addr, word, 8);
        tap_ok(s.pages <= 1000, "scattered reads do not fetch ahead");
        memory_free(m);
}

static void test_prefetch(void)
{
        static const struct memory_range ranges[] = { { 0x10ff8, 16 }, { 0x20000, 1 },         { 0x11000, 8 },
                                                      { 0x30000, 0 },  { UINT64_MAX - 1, 16 }, { 0x40000, 0x2000 } };
        struct source s = { .hole = 0x41000 };
        struct memory *m = memory_new(fetch, &s);
        uint8_t word[8];

        memory_prefetch(m, ranges, sizeof(ranges) / sizeof(ranges[0]));
        tap_ok(s.calls == 1 && s.pages == 5, "ranges are fetched in one call, each page once");
        s.gone = true;
        tap_ok(memory_read(m, 0x10ffc, word, 8) == 8 && right(word, 0x10ffc, 8) &&
                       memory_read(m, 0x20000, word, 8) == 8 && memory_read(m, 0x40008, word, 8) == 8,
               "prefetched pages are cached");
        tap_is(memory_read(m, 0x41000, word, 8), 0, "a prefetched page that is unreadable yields nothing");
        memory_free(m);
}

/* More pages than the cache keeps: it is emptied and remains correct. */
static void test_bound(void)
{
        struct source s = { .hole = 1 };
        struct memory *m = memory_new(fetch, &s);
        uint8_t word[8];
        bool good = true;

        for (uint64_t page = 0; page < 70000; page += 1 + page % 3)
                good &= memory_read(m, page * MEMORY_PAGE + 24, word, 8) == 8 &&
                        right(word, page * MEMORY_PAGE + 24, 8);
        tap_ok(good, "more pages than the cache keeps");
        memory_free(m);
}

int main(void)
{
        test_reads();
        test_ahead();
        test_prefetch();
        test_bound();
        return tap_done();
}
