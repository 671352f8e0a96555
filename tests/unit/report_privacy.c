/* SPDX-License-Identifier: MIT */
/* tests/unit/report_privacy.c: which bytes of this process may leave it. */
#include "report/gather/privacy.h"
#include "tests/unit/tap.h"
#include "unwind/target/self.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096u

static struct report *report;
static struct target *target;

/* Sees this process as it is now. */
static struct privacy *look(unsigned redact, const char *permitted, const char *home)
{
        const struct privacy_settings settings = { .redact = redact,
                                                   .environment = permitted,
                                                   .homes = { { home, NULL } } };
        struct procfs_process of;
        ucontext_t uc;

        target_free(target);
        report_free(report);
        report = report_new();
        getcontext(&uc);
        if (self_open(&uc, &target))
                abort();
        procfs_find(getpid(), NULL, &of);
        return privacy_new(report, target, &of, UINT64_MAX, &settings);
}

/* Checks that the bytes at `p` have one reason. */
static void expect(const struct privacy *privacy, const void *p, size_t n, enum privacy_reason reason,
                   const char *title)
{
        uint8_t *reasons = malloc(n);
        size_t same = 0;

        memset(reasons, 0xee, n);
        privacy_mark(privacy, (uint64_t)(uintptr_t)p, n, reasons);
        while (same < n && reasons[same] == reason)
                same++;
        if (!tap_ok(same == n, "%s", title))
                printf("#   byte %zu of %zu: %s\n", same, n,
                       reasons[same] ? privacy_reason_name(reasons[same]) : "may leave");
        free(reasons);
}

static char *pages(size_t n)
{
        return mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void flags(void)
{
        char *p = pages(3), *secret = MAP_FAILED;
        int fd = (int)syscall(SYS_memfd_secret, 0);
        struct privacy *privacy;

        memset(p, 'x', 3 * PAGE);
        madvise(p + PAGE, PAGE, MADV_DONTDUMP);
        if (fd >= 0 && !ftruncate(fd, PAGE))
                secret = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        privacy = look(0, "", NULL);
        expect(privacy, p + PAGE, PAGE, PRIVACY_DONT_DUMP, "MADV_DONTDUMP");
        expect(privacy, p, PAGE, PRIVACY_NONE, "the page before");
        expect(privacy, p + 2 * PAGE, PAGE, PRIVACY_NONE, "the page behind");
        tap_ok(!report->diagnostic_count, "all flags are known");
        if (secret != MAP_FAILED)
                expect(privacy, secret, PAGE, PRIVACY_SECRET_MEMORY, "memfd_secret");
        else
                tap_ok(true, "memfd_secret # SKIP not in this kernel");
        madvise(p + PAGE, PAGE, MADV_DODUMP);
        expect(look(0, "", NULL), p, 3 * PAGE, PRIVACY_NONE, "MADV_DODUMP");
}

/* Flags cannot be read in no time. */
static void unknown(void)
{
        static const char constant[] = "a constant of the program",
                          written[64] __attribute__((section(".data"))) = "data";
        const struct privacy_settings settings = { .environment = "" };
        struct procfs_process of;
        struct privacy *privacy;
        char *p = pages(1);

        strcpy(p, "key");
        look(0, "", NULL);
        target->deadline_ns = 1;
        procfs_find(getpid(), NULL, &of);
        privacy = privacy_new(report, target, &of, UINT64_MAX, &settings);
        expect(privacy, p, 16, PRIVACY_UNKNOWN, "flags are unknown: anonymous memory");
        expect(privacy, written, sizeof(written), PRIVACY_UNKNOWN,
               "flags are unknown: data of a file, which the program may change");
        expect(privacy, constant, sizeof(constant), PRIVACY_NONE, "flags are unknown: read-only data of a file");
        tap_ok(report->diagnostic_count == 1 && !strcmp(report->diagnostics[0].stage, "privacy"),
               "a diagnostic reports that");
}

/* The variables that main() got; see environment(). */
static void block(char **envp)
{
        char *permitted = NULL, *other = NULL;
        struct privacy *privacy = look(0, "PLAIN_*", NULL);

        for (char **e = envp; *e; e++) {
                if (!strncmp(*e, "PLAIN_X=", 8))
                        permitted = *e;
                if (!strncmp(*e, "OTHER=", 6))
                        other = *e;
        }
        if (!permitted || !other)
                abort();
        expect(privacy, permitted, strlen(permitted) + 1, PRIVACY_NONE, "a permitted variable");
        expect(privacy, other, strlen(other) + 1, PRIVACY_ENVIRONMENT, "another one");
        privacy = look(REDACT_ENV, "PLAIN_*", NULL);
        expect(privacy, permitted, strlen(permitted) + 1, PRIVACY_ENVIRONMENT,
               "CRASHPRE_REDACT=env: a permitted variable");
}

static void arguments(char **argv)
{
        char *copy = strdup(argv[1]);

        expect(look(0, "", NULL), argv[1], strlen(argv[1]), PRIVACY_NONE, "an argument");
        expect(look(REDACT_CMDLINE, "", NULL), argv[1], strlen(argv[1]), PRIVACY_ARGUMENTS,
               "CRASHPRE_REDACT=cmdline: an argument");
        expect(look(REDACT_CMDLINE, "", NULL), copy, strlen(copy), PRIVACY_ARGUMENTS,
               "CRASHPRE_REDACT=cmdline: a copy of it");
        expect(look(REDACT_CMDLINE, "", NULL), argv[2], 3, PRIVACY_ARGUMENTS,
               "CRASHPRE_REDACT=cmdline: a short argument");
        free(copy);
}

/* `value`: of a variable of the initial block. */
static void values(const char *value)
{
        char *p = pages(3), *other = pages(1);
        size_t n = strlen(value);
        struct privacy *privacy;

        munmap(p + 2 * PAGE, PAGE);
        strcpy(p + 100, value);
        memcpy(p + PAGE - 5, value, n);
        memcpy(p + 2 * PAGE - n, value, n);
        privacy = look(0, "", NULL);
        expect(privacy, p + 100, n, PRIVACY_SECRET, "a secret value anywhere");
        expect(privacy, p + 80, 20, PRIVACY_NONE, "what precedes it");
        expect(privacy, p + 100 + n, 20, PRIVACY_NONE, "what follows it");
        expect(privacy, p + 105, 1, PRIVACY_SECRET, "a byte in its middle");
        expect(privacy, p + 90 + n, 10, PRIVACY_SECRET, "a window that begins in it");
        expect(privacy, p + PAGE, n - 5, PRIVACY_SECRET, "a value that begins on the page before");
        expect(privacy, p + PAGE - 5, 5, PRIVACY_SECRET, "a value that ends on the next page");
        expect(privacy, p + 2 * PAGE - n, n, PRIVACY_SECRET, "a value at the end of what is mapped");

        setenv("NEW_TOKEN", "value-by-setenv", 1);
        setenv("PIN_KEY", "pin", 1);
        setenv("PLAIN_X", "one of no value", 1);
        strcpy(other, "value-by-setenv");
        strcpy(other + 20, "pin");
        strcpy(other + 40, "one of no value");
        privacy = look(0, "", NULL);
        expect(privacy, other, 15, PRIVACY_SECRET, "a value set by setenv()");
        expect(privacy, getenv("NEW_TOKEN"), 15, PRIVACY_SECRET, "the value that setenv() stored");
        expect(privacy, other + 20, 3, PRIVACY_NONE, "three bytes are no secret");
        expect(privacy, other + 40, 15, PRIVACY_NONE, "the value of another variable");
        expect(look(REDACT_ENV, "", NULL), other + 40, 15, PRIVACY_ENVIRONMENT,
               "CRASHPRE_REDACT=env: the value of another variable");
        unsetenv("NEW_TOKEN");
}

static void long_values(void)
{
        static char value[100000], copy[sizeof(value)];

        for (size_t i = 0; i < sizeof(value) - 1; i++)
                value[i] = (char)('a' + i * i % 26);
        setenv("LONG_KEY", value, 1);
        memcpy(copy, value, sizeof(value));
        expect(look(0, "", NULL), copy, sizeof(value) - 1, PRIVACY_SECRET, "a long value");
        expect(look(0, "", NULL), copy + 50000, 64, PRIVACY_SECRET, "a part of a long value");
        unsetenv("LONG_KEY");
}

static void paths(void)
{
        char *p = pages(1);

        strcpy(p, "\x11/data//users/ann/x and /home/bob/y");
        expect(look(0, "", "/data/users/ann"), p, 40, PRIVACY_NONE, "home directories");
        expect(look(REDACT_PATHS, "", "/data/users/ann"), p + 1, 16, PRIVACY_PATH, "CRASHPRE_REDACT=paths: $HOME");
        expect(look(REDACT_PATHS, "", "/data/users/ann"), p + 10, 7, PRIVACY_PATH,
               "CRASHPRE_REDACT=paths: a part of it");
        expect(look(REDACT_PATHS, "", "/data/users/ann"), p + 17, 7, PRIVACY_NONE,
               "CRASHPRE_REDACT=paths: the rest of the path");
        expect(look(REDACT_PATHS, "", NULL), strchr(p, 'b') - 6, 9, PRIVACY_PATH,
               "CRASHPRE_REDACT=paths: one in /home");
}

int main(int argc, char **argv, char **envp)
{
        if (argc == 1) {
                char *const args[] = { argv[0], strdup("--argument-to-hide"), strdup("-x"), NULL };
                char *const env[] = { strdup("A_TOKEN=hunter2-very-secret"), strdup("PLAIN_X=permitted"),
                                      strdup("OTHER=not permitted"), NULL };

                execve("/proc/self/exe", args, env);
                return 2;
        }
        flags();
        unknown();
        block(envp);
        arguments(argv);
        values("hunter2-very-secret");
        long_values();
        paths();
        return tap_done();
}
