/* SPDX-License-Identifier: MIT */
/* tests/unit/report_block.c: the coded blocks of the raw report, from the handler's writer through the reader and back. The writer's
 * sources are included, since the library is linked into no other program. */
#include "report/raw/block.h"
#include "report/raw/read.h"
#include "tests/unit/tap.h"

#include "preload/base/sigsafe.c"
#include "preload/raw/encode.c"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t readable = SIZE_MAX; /* bytes from `memory` on */
static const uint8_t *memory;

size_t probe_copy(uint64_t addr, void *buf, size_t n)
{
        size_t at = (size_t)(addr - (uint64_t)(uintptr_t)memory), left = at < readable ? readable - at : 0;

        n = n < left ? n : left;
        memcpy(buf, memory + at, n);
        return n;
}

/* The text of a block; from malloc. */
static char *written(const uint8_t *bytes, size_t n)
{
        int fd = memfd_create("block", 0);
        struct sigsafe_out *out = calloc(1, sizeof(*out));
        off_t len;
        char *text;

        out->fd = fd;
        memory = bytes;
        encode_block(out, "xstate", (uint64_t)(uintptr_t)bytes, n);
        sigsafe_flush(out);
        len = lseek(fd, 0, SEEK_END);
        text = calloc(1, (size_t)len + 1);
        if (pread(fd, text, (size_t)len, 0) != len)
                abort();
        close(fd);
        free(out);
        return text;
}

/* Reads it as the [registers] of a raw report. */
static void read_back(const char *block, struct report *r, struct raw_report *raw)
{
        const char *text =
                pool_printf(&r->pool, "crashpre raw report 1\nid: x\n[registers]\nrip: 0x1\n%send of report\n", block);

        raw_read(text, strlen(text), r, raw);
}

static void round_trip(const char *what, const uint8_t *bytes, size_t n)
{
        static struct raw_report raw;
        struct report *r = report_new();
        char *text = written(bytes, n);

        read_back(text, r, &raw);
        tap_ok(raw.xstate.intact && raw.xstate.n == n && !memcmp(raw.xstate.v, bytes, n) && !raw.bad_lines &&
                       raw.xstate.address == (uint64_t)(uintptr_t)bytes,
               "%s, %zu bytes: the reader has what the writer saw", what, n);
        free(text);
        report_free(r);
}

static void round_trips(void)
{
        static uint8_t bytes[5000];
        size_t i, n;

        for (n = 1; n <= 300; n += 1 + n / 7)
                round_trip("zeros", bytes, n);
        round_trip("zeros", bytes, sizeof(bytes));
        for (i = 0; i < sizeof(bytes); i++)
                bytes[i] = (uint8_t)(i * 7 + i / 256);
        for (n = 1; n <= 300; n += 1 + n / 7)
                round_trip("no two alike", bytes, n);
        round_trip("no two alike", bytes, sizeof(bytes));
        srandom(1);
        for (i = 1; i < sizeof(bytes); i++)
                bytes[i] = random() % 8 ? bytes[i - 1] : (uint8_t)random();
        for (i = 0; i < 20; i++)
                round_trip("runs and others", bytes + random() % 1000, (size_t)random() % 4000 + 1);
}

static void unreadable(void)
{
        static uint8_t bytes[1000] = { 1, 2, 3 };
        static struct raw_report raw;
        struct report *r = report_new();
        char *text;

        readable = 700;
        text = written(bytes, sizeof(bytes));
        readable = SIZE_MAX;
        read_back(text, r, &raw);
        tap_ok(raw.xstate.intact && raw.xstate.n == 700, "memory that ends early: the readable prefix");
        free(text);
        report_free(r);
}

/* A sample made by other programs: python3 -c 'import base64, zlib; ...' with the bytes 0 to 9, then 200 times 7. */
static void sample(void)
{
        static const char text[] = "xstate: address 0x1000 length 210 crc32 0x4dda9b5e\n  CQABAgMEBQYHCAmBB7kH\n";
        static struct raw_report raw;
        struct report *r = report_new();

        read_back(text, r, &raw);
        tap_ok(raw.xstate.intact && raw.xstate.n == 210 && raw.xstate.v[9] == 9 && raw.xstate.v[209] == 7 &&
                       raw.xstate.address == 0x1000,
               "a block that was coded by hand");
        report_free(r);
}

static void damaged(void)
{
        static const struct {
                const char *text, *what;
        } cases[] = {
                { "xstate: address 0x1000 length 210 crc32 0x4dda9b5f\n  CQABAgMEBQYHCAmBB7kH\n", "a wrong checksum" },
                { "xstate: address 0x1000 length 210 crc32 0x4dda9b5e\n  CQABAgMEBQYHCAmBB7k\n", "a line that is cut" },
                { "xstate: address 0x1000 length 9 crc32 0x4dda9b5e\n  CQABAgMEBQYHCAmBB7kH\n",
                  "more bytes than claimed" },
                { "xstate: address 0x1000 length 210 crc32 0x4dda9b5e\n  CQAB!gMEBQYHCAmBB7kH\n",
                  "a character of another alphabet" },
                { "xstate: address 0x1000 length 210 crc32 0x4dda9b5e\n", "no lines at all" },
                { "xstate: address 0x1000 length 99999999999999 crc32 0x0\n  CQAB\n", "a claim beyond all bounds" },
                { "xstate: address 0x1000 length -1 crc32 0x0\n  CQAB\n", "a negative length" },
                { "xstate: nonsense\n  CQAB\n", "no claim" },
        };
        static struct raw_report raw;
        size_t i;

        for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct report *r = report_new();

                read_back(cases[i].text, r, &raw);
                tap_ok(!raw.xstate.intact && raw.crash.regs.v[ARCH_REG_PC] == 1 && raw.complete, "%s is not intact",
                       cases[i].what);
                report_free(r);
        }
}

int main(void)
{
        round_trips();
        unreadable();
        sample();
        damaged();
        return tap_done();
}
