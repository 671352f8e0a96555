// SPDX-License-Identifier: MIT
// tests/zoo/leaks.cc: `leaks WORD [VARIABLE]`: a value that a report must not contain is where a report looks. VARIABLE names the
// variable of the environment that has the value.
#include "preload/crashpre.h"

#include <assert.h>
#include <pthread.h>
#include <stdexcept>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const size_t page = 4096;

static void crash_at(const char *p)
{
        __asm__ volatile("movl $0, (%%rax)" ::"a"(0), "b"(p) : "memory"); /* CRASH: leaks */
}

static char *pages()
{
        return (char *)mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* The text is neither in the program nor in its source in this form. */
static char *unshifted(char *to, const char *from)
{
        size_t i;

        for (i = 0; from[i]; i++)
                to[i] = (char)(from[i] - 1);
        to[i] = 0;
        return to;
}

static void dont_dump(const char *)
{
        char *p = pages();

        madvise(p, page, MADV_DONTDUMP);
        crash_at(unshifted(p, "lfqu.pvu.pg.dpsft"));
}

static void secret_memory(const char *)
{
        int fd = (int)syscall(SYS_memfd_secret, 0);
        char *p;

        if (fd < 0 || ftruncate(fd, (off_t)page))
                _exit(77);
        p = (char *)mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED)
                _exit(77);
        crash_at(unshifted(p, "lfqu.pvu.pg.dpsft"));
}

static void variable(const char *value)
{
        crash_at(value);
}

/* Not in the window around the register: the value's beginning. */
static void straddling(const char *value)
{
        crash_at(strcpy(pages() + 200, value) + 40);
}

static void on_the_stack(const char *value)
{
        char copy[128];

        strcpy(copy, value);
        crash_at(nullptr);
        __asm__ volatile("" ::"r"(copy) : "memory");
}

static void set_later(const char *)
{
        char value[32];

        setenv("LATE_TOKEN", unshifted(value, "tfu.cz.uif.qsphsbn"), 1);
        memset(value, 0, sizeof(value));
        crash_at(getenv("LATE_TOKEN"));
}

/* A program that sets its title clears the block from the start of the program. */
static void moved(const char *value)
{
        char *copy = strdup(value);

        setenv("MOVED_TOKEN", value, 1);
        memset((char *)value, 0, strlen(value));
        crash_at(copy);
}

static void in_vector(const char *value)
{
        __asm__ volatile("movdqu (%1), %%xmm5\n\tmovl $0, (%%rax)" ::"a"(0), "r"(value) : "memory", "xmm5");
}

static void in_register(const char *value)
{
        uint64_t word;

        memcpy(&word, value, sizeof(word));
        crash_at((const char *)word);
}

/* Not an address: the processor reports none. */
static void in_address(const char *value)
{
        uint64_t word;

        memcpy(&word, value, sizeof(word));
        __asm__ volatile("movl $0, (%0)" ::"r"(word) : "memory");
}

/* A return address that was overwritten. */
static void in_pc(const char *value)
{
        uint64_t word;

        memcpy(&word, value, sizeof(word));
        __asm__ volatile("push %0\n\tret" ::"r"(word) : "memory");
}

static void message(const char *value)
{
        __assert_fail(value, "leaks.cc", 1, "message");
}

static void exception(const char *value)
{
        throw std::runtime_error(std::string("refused: ") + value);
}

static void notes(const char *value)
{
        crashpre_set("header", (std::string("Authorization: ") + value).c_str());
        crashpre_set("session_token", "without-a-name-outside");
        crashpre_set_int("token_number", 123454321);
        crashpre_set("place:/home/ann", "x");
        crashpre_breadcrumb(value, "sent %s", value);
        crashpre_push(value, value, value);
        pthread_setname_np(pthread_self(), value);
        crash_at(nullptr);
}

static void request(const char *value)
{
        _exit(crashpre_report(value) ? 1 : 0);
}

int main(int argc, char **argv)
{
        static const struct {
                const char *word;
                void (*run)(const char *);
        } words[] = {
                { "dont-dump", dont_dump },
                { "memfd", secret_memory },
                { "variable", variable },
                { "straddling", straddling },
                { "on-the-stack", on_the_stack },
                { "set-later", set_later },
                { "moved", moved },
                { "in-vector", in_vector },
                { "in-register", in_register },
                { "in-address", in_address },
                { "in-pc", in_pc },
                { "message", message },
                { "exception", exception },
                { "notes", notes },
                { "request", request },
        };

        if (getenv("NO_DUMP"))
                prctl(PR_SET_DUMPABLE, 0);
        if (argc > 2 && !strcmp(argv[1], "argument"))
                crash_at(argv[2]);
        for (const auto &w : words)
                if (argc > 1 && !strcmp(argv[1], w.word))
                        w.run(argc > 2 ? getenv(argv[2]) : nullptr);
        return 2;
}
