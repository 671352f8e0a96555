/* SPDX-License-Identifier: MIT */
#include "report/guard.h"

#include "report/store.h"
#include "unwind/core/raw_format.h"
#include "unwind/core/wire.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NSEC_PER_SEC UINT64_C(1000000000)

static const char *volatile stage = "start";

/* The helper may overflow its own stack: a demangler recurses as deep as a symbol's name wants. */
static char alternate_stack[64 * 1024] __attribute__((aligned(16)));

static size_t append(char *line, size_t used, size_t size, const char *s)
{
        while (*s && used + 1 < size)
                line[used++] = *s++;
        return used;
}

/* In a signal handler: write(2) and arithmetic alone. */
static void tell(const char *before, int signal_number, const char *between)
{
        const char *where = stage;
        char line[128], digits[] = { (char)('0' + signal_number / 10 % 10), (char)('0' + signal_number % 10), 0 };
        size_t used;

        if (!where)
                return;
        used = append(line, 0, sizeof(line), RAW_HELPER_PREFIX);
        used = append(line, used, sizeof(line), before);
        if (signal_number)
                used = append(line, used, sizeof(line), digits[0] == '0' ? digits + 1 : digits);
        used = append(line, used, sizeof(line), between);
        used = append(line, used, sizeof(line), where);
        line[used++] = '\n';
        if (write(WIRE_FD_RAW, line, used) < 0)
                return; /* nobody is left to be told */
}

static void on_crash(int signal_number)
{
        store_abandon();
        tell("died of signal ", signal_number, " during ");
        _exit(1);
}

static void on_alarm(int signal_number)
{
        (void)signal_number;
        store_abandon();
        tell("failed: the deadline passed", 0, " during ");
        _exit(1);
}

static void on_no_memory(void)
{
        store_abandon();
        tell("failed: out of memory", 0, " during ");
        _exit(1);
}

static void install(int signal_number, void (*handler)(int))
{
        struct sigaction action = { .sa_handler = handler, .sa_flags = SA_ONSTACK };

        sigfillset(&action.sa_mask);
        sigaction(signal_number, &action, NULL);
}

void guard_begin(long seconds)
{
        static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP };
        stack_t stack = { .ss_sp = alternate_stack, .ss_size = sizeof(alternate_stack) };
        sigset_t none;
        size_t i;
        int n;

        for (n = 1; n <= SIGRTMAX; n++)
                if (n != SIGKILL && n != SIGSTOP)
                        signal(n,
                               n == SIGPIPE || n == SIGXFSZ ? SIG_IGN : SIG_DFL); /* both are told by errno as well */
        sigaltstack(&stack, NULL);
        for (i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
                install(crashes[i], on_crash);
        install(SIGALRM, on_alarm);
        pool_on_no_memory(on_no_memory);
        guard_deadline(guard_now() + (uint64_t)seconds * NSEC_PER_SEC);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
}

void guard_stage(const char *name)
{
        stage = name;
}

uint64_t guard_now(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

void guard_deadline(uint64_t ns)
{
        uint64_t now = guard_now(), left = ns > now ? ns - now : 0;
        struct itimerval timer = { .it_value = { .tv_sec = (time_t)(left / NSEC_PER_SEC),
                                                 .tv_usec = (suseconds_t)(left % NSEC_PER_SEC / 1000) } };

        if (!timer.it_value.tv_sec && !timer.it_value.tv_usec)
                timer.it_value.tv_usec = 1; /* nothing would mean: no timer */
        setitimer(ITIMER_REAL, &timer, NULL);
}

__attribute__((format(printf, 2, 0))) static void outcome(const char *prefix, const char *format, va_list ap)
{
        char line[1024];
        size_t len, i;

        len = (size_t)snprintf(line, sizeof(line) / 2, "%s%s", RAW_HELPER_PREFIX, prefix);
        vsnprintf(line + len, sizeof(line) - len - 1, format, ap);
        len = strlen(line);
        for (i = 0; i < len; i++)
                if ((unsigned char)line[i] < 0x20 || (unsigned char)line[i] >= 0x7f)
                        line[i] = '?';
        line[len++] = '\n';
        if (write(WIRE_FD_RAW, line, len) < 0)
                return; /* no raw report, or no space for a line more */
}

void guard_outcome(const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        outcome("", format, ap);
        va_end(ap);
}

void guard_fail(const char *format, ...)
{
        char prefix[64];
        va_list ap;

        snprintf(prefix, sizeof(prefix), "failed %s: ", stage ? stage : "at the end");
        va_start(ap, format);
        outcome(prefix, format, ap);
        va_end(ap);
        _exit(1);
}
