/* SPDX-License-Identifier: MIT */
#include "report/helper/guard.h"

#include "report/place/store.h"
#include "unwind/core/terms/raw_format.h"
#include "unwind/core/terms/signames.h"
#include "unwind/core/terms/wire.h"
#include "unwind/target/arch.h"
#include "unwind/target/aside.h"
#include "unwind/target/clock.h"
#include "unwind/target/weight.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *volatile stage = "start";

/* The helper may overflow its stack: the recursion of a demangler is as deep as a symbol's name requires. */
static char alternate_stack[64 * 1024] __attribute__((aligned(16)));

#define DEATH_MS 1000 /* as long as a crashed process that nobody holds may take to die */

/* A second process that can complete the report if this one fails. */
static struct {
        volatile pid_t owner; /* the process that may activate it; 0: none any more */
        pid_t pid;            /* 0: none */
        int go;               /* a pipe for one of the letters below */
        bool owner_stuck;     /* set in the spare */
} spare;

enum { SPARE_QUIT = 'q', SPARE_CRASH = 'c', SPARE_LATE = 'l', SPARE_MEMORY = 'm' };

static size_t append(char *line, size_t used, size_t size, const char *s)
{
        while (*s && used + 1 < size)
                line[used++] = *s++;
        return used;
}

/* Called in a signal handler: uses only write(2) and arithmetic. */
static void report_failure(const char *before, int signal_number, const char *between)
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
                return; /* no raw report, or no space */
}

/* Activates the spare and waits for its end. Does not return if there is a spare that can continue. Children of the
 * helper that run this handler are not the spare's owner. */
static void activate_spare(char why)
{
        int status = 0;
        pid_t done;

        if (!spare.pid || (spare.owner && getpid() != spare.owner))
                return;
        if (spare.owner && write(spare.go, &why, 1) < 0)
                return;
        do
                done = waitpid(spare.pid, &status, 0);
        while (done < 0 && errno == EINTR);
        if (spare.owner && done == spare.pid)
                _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static void on_crash(int signal_number)
{
        store_abandon();
        report_failure("died of signal ", signal_number, " during ");
        activate_spare(SPARE_CRASH);
        _exit(1);
}

/* An inherited seccomp filter may raise a signal for a system call (SECCOMP_RET_TRAP): makes the call return an error
 * like any other. */
static void on_bad_call(int signal_number, siginfo_t *info, void *context)
{
        if (info->si_code != SYS_SECCOMP)
                on_crash(signal_number);
        arch_set_result(context, -ENOSYS);
}

static void on_alarm(int signal_number)
{
        (void)signal_number;
        store_abandon();
        report_failure("failed: the deadline passed", 0, " during ");
        activate_spare(SPARE_LATE);
        _exit(1);
}

static void on_no_memory(void)
{
        store_abandon();
        report_failure("failed: out of memory", 0, " during ");
        activate_spare(SPARE_MEMORY);
        _exit(1);
}

static void install(int signal_number, void (*handler)(int))
{
        struct sigaction action = { .sa_handler = handler, .sa_flags = SA_ONSTACK };

        sigfillset(&action.sa_mask);
        sigaction(signal_number, &action, NULL);
}

void guard_refused_calls(void)
{
        struct sigaction bad_call = { .sa_flags = SA_ONSTACK | SA_SIGINFO };
        sigset_t one;

        bad_call.sa_sigaction = on_bad_call;
        sigaction(SIGSYS, &bad_call, NULL);
        sigemptyset(&one);
        sigaddset(&one, SIGSYS);
        sigprocmask(SIG_UNBLOCK, &one, NULL);
}

void guard_begin(long seconds)
{
        static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP };
        stack_t stack = { .ss_sp = alternate_stack, .ss_size = sizeof(alternate_stack) };
        sigset_t none;
        size_t i;
        int n;

        for (n = 1; n <= SIGRTMAX; n++)
                if (n != SIGKILL && n != SIGSTOP && n != SIGSYS)
                        signal(n,
                               n == SIGPIPE || n == SIGXFSZ ? SIG_IGN : SIG_DFL); /* both are also reported by errno */
        sigaltstack(&stack, NULL);
        for (i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
                install(crashes[i], on_crash);
        install(SIGALRM, on_alarm);
        pool_on_no_memory(on_no_memory);
        guard_deadline(clock_now_ns() + (uint64_t)seconds * NS_PER_S);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
}

void guard_stage(const char *name)
{
        stage = name;
}

void guard_deadline(uint64_t ns)
{
        uint64_t now = clock_now_ns(), left = ns > now ? ns - now : 0;
        struct itimerval timer = { .it_value = { .tv_sec = (time_t)(left / NS_PER_S),
                                                 .tv_usec = (suseconds_t)(left % NS_PER_S / 1000) } };

        if (!timer.it_value.tv_sec && !timer.it_value.tv_usec)
                timer.it_value.tv_usec = 1; /* zero would disable the timer */
        setitimer(ITIMER_REAL, &timer, NULL);
}

/* ---- the spare ---- */

static const char *failure_text(char why)
{
        switch (why) {
        case SPARE_CRASH:
                return "crashed";
        case SPARE_LATE:
                return "took too long";
        case SPARE_MEMORY:
                return "took all memory";
        }
        return "was killed";
}

/* A seccomp filter may refuse getppid(2), which then returns a negative value. */
static bool owner_is_gone(void)
{
        pid_t parent = getppid();

        return parent > 0 && parent != spare.owner;
}

/* Does not block. */
static bool read_letter(int fd, char *why)
{
        fcntl(fd, F_SETFL, O_NONBLOCK);
        return read(fd, why, 1) == 1;
}

/* Returns the letter received, 0 if the owner has ended without one. Returns SPARE_LATE, too, if the owner hangs in the
 * kernel, where its timer's signal has no effect. */
static char await_letter(int fd, uint64_t until)
{
        const struct timespec nap = { .tv_nsec = 10000000 };
        struct pollfd p[] = { { .fd = fd, .events = POLLIN },
                              { .fd = (int)syscall(SYS_pidfd_open, spare.owner, 0), .events = POLLIN } };
        uint64_t now;
        char why = 0;

        while ((now = clock_now_ns()) < until) {
                int n = owner_is_gone() ? 1 : poll(p, 2, (int)((until - now) / 1000000) + 1);

                if (n > 0) {
                        read_letter(fd, &why); /* it may have been written just before the owner's end */
                        return why;
                }
                if (n < 0 && errno != EINTR) { /* a seccomp filter refuses poll(2): poll by reading */
                        if (read_letter(fd, &why))
                                return why;
                        nanosleep(&nap, NULL);
                }
        }
        spare.owner_stuck = true;
        return SPARE_LATE;
}

/* After the helper was killed the crashed process no longer waits: the terminal may already show a prompt, and a pipe
 * may have no reader. */
static void redirect_stderr(int null)
{
        if (null >= 0)
                dup2(null, STDERR_FILENO);
}

/* If memory was short, the kernel would next choose the crashed process, while it dies. Until then nothing is done that takes
 * memory, such as opening a file. */
static void await_end(int process)
{
        struct pollfd p = { .fd = process, .events = POLLIN };

        if (process >= 0)
                poll(&p, 1, DEATH_MS);
}

const char *guard_spare(uint64_t soft_ns, uint64_t hard_ns, pid_t dying)
{
        int ends[2], null, process;
        char why;

        spare.owner = getpid();
        if (pipe2(ends, O_CLOEXEC))
                return NULL;
        weight_try();
        spare.go = ends[1];
        spare.pid = aside_fork();
        if (spare.pid) {
                close(ends[0]);
                if (spare.pid < 0)
                        close(ends[1]);
                else
                        guard_deadline(soft_ns);
                spare.pid = spare.pid < 0 ? 0 : spare.pid;
                return NULL;
        }
        close(ends[1]);
        weight_renew();
        null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        process = dying > 0 ? (int)syscall(SYS_pidfd_open, dying, 0) : -1;
        why = await_letter(ends[0], soft_ns + (hard_ns - soft_ns) / 4);
        if (why == SPARE_QUIT)
                _exit(0);
        if (!why) {
                redirect_stderr(null);
                await_end(process);
        }
        close(ends[0]);
        close(null);
        close(process);
        guard_deadline(hard_ns);
        return failure_text(why);
}

void guard_spare_leave(void)
{
        if (spare.owner_stuck && spare.owner > 1) /* a seccomp filter may have refused getpid(2) */
                kill(spare.owner, SIGKILL);
        _exit(0);
}

void guard_spare_dismiss(uint64_t hard_ns)
{
        const char quit = SPARE_QUIT;

        guard_deadline(hard_ns);
        if (!spare.pid)
                return;
        spare.owner = 0;
        if (write(spare.go, &quit, 1) < 0)
                kill(spare.pid, SIGKILL);
        close(spare.go);
}

void guard_spare_collect(void)
{
        if (!spare.pid)
                return;
        while (waitpid(spare.pid, NULL, 0) < 0 && errno == EINTR)
                ;
        spare.pid = 0;
}

/* ---- the outcome line ---- */

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
                return; /* no raw report, or no space for another line */
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
