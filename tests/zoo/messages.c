/* SPDX-License-Identifier: MIT */
/* tests/zoo/messages.c: programs that print a message before abort(), or corrupt glibc's record of it.
 *
 *   messages word           build-flags: -fstack-protector-all */
#include <assert.h>
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MEGABYTE (1024 * 1024)

/* A function that writes past the end of a buffer. */
__attribute__((noinline)) static void smash(void)
{
        char buffer[16];
        volatile char *p = buffer;

        for (int i = 0; i < 64; i++)
                p[i] = 'x'; /* CRASH: smash */
}

/* glibc's message can have any length and any bytes. */
static void fail_with(const char *text)
{
        __assert_fail(text, "file.c", 7, "function");
}

static void long_text(void)
{
        char *text = malloc(MEGABYTE);

        memset(text, 'm', MEGABYTE - 1);
        text[MEGABYTE - 1] = 0;
        fail_with(text);
}

static void odd_text(void)
{
        fail_with("caf\xc3\xa9 \xff\xfe \x1b[31m \\x41 two\nlines");
}

/* glibc's variable (stdlib/abort.c), for words that corrupt it. */
static void **record(void)
{
        void **p = dlvsym(RTLD_DEFAULT, "__abort_msg", "GLIBC_PRIVATE");

        if (!p)
                exit(2);
        return p;
}

static void wild_record(void)
{
        *record() = (void *)0x123456789000;
        abort();
}

static void huge_record(void)
{
        static struct {
                uint32_t size;
                char text[64];
        } damaged = { UINT32_MAX, "not to be believed" };

        *record() = &damaged;
        abort();
}

/* The text ends with the last mapped byte, without a NUL. */
static void unterminated_record(void)
{
        char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        const uint32_t size = 8192;

        munmap(page + 4096, 4096);
        memcpy(page + 4096 - 14, &size, sizeof(size));
        memcpy(page + 4096 - 10, "unfinished", 10);
        *record() = page + 4096 - 14;
        abort();
}

static void fault_after_message(void)
{
        static struct {
                uint32_t size;
                char text[64];
        } said = { sizeof(said), "said before" };

        *record() = &said;
        *(volatile int *)NULL = 1;
}

static const struct {
        const char *name;
        void (*run)(void);
} words[] = {
        { "smash", smash },
        { "long", long_text },
        { "odd", odd_text },
        { "wild-record", wild_record },
        { "huge-record", huge_record },
        { "unterminated-record", unterminated_record },
        { "fault-after-message", fault_after_message },
};

int main(int argc, char **argv)
{
        for (size_t i = 0; argc > 1 && i < sizeof(words) / sizeof(words[0]); i++)
                if (!strcmp(words[i].name, argv[1])) {
                        words[i].run();
                        return 0;
                }
        fprintf(stderr, "usage: messages word\n");
        return 2;
}
