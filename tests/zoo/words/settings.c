/* SPDX-License-Identifier: MIT */
/* tests/zoo/words/settings.c: scarce resources, busy loops, reports on request, and what a program can see of itself. */
#include "tests/zoo/zoo.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

/* --- scarce resources --- */

static void nofd_prefix(const struct zoo_plan *plan)
{
        const struct rlimit few = { 64, 64 };

        setrlimit(RLIMIT_NOFILE, &few);
        while (dup(STDERR_FILENO) >= 0)
                ;
        zoo_go(plan);
}

static void closed_prefix(const struct zoo_plan *plan)
{
        for (int fd = 0; fd < 64; fd++)
                close(fd);
        zoo_go(plan);
}

/* Less address space than is in use: no new mapping at all. */
static void lowmem_prefix(const struct zoo_plan *plan)
{
        const struct rlimit none = { 1 << 20, RLIM_INFINITY };

        setrlimit(RLIMIT_AS, &none);
        zoo_go(plan);
}

/* Like that with the hard limit, as set by ulimit -v: no child can have more. */
static void nomem_prefix(const struct zoo_plan *plan)
{
        const struct rlimit none = { 1 << 20, 1 << 20 };

        setrlimit(RLIMIT_AS, &none);
        zoo_go(plan);
}

static void nofile_prefix(const struct zoo_plan *plan)
{
        const struct rlimit none = { 0, 0 };

        signal(SIGXFSZ, SIG_DFL);
        setrlimit(RLIMIT_FSIZE, &none);
        zoo_go(plan);
}

/* Into ZOO_ROOT, an empty directory: no /proc, no /dev, no helper. */
static void chroot_prefix(const struct zoo_plan *plan)
{
        const char *root = getenv("ZOO_ROOT");

        if (!root || chroot(root) < 0 || chdir("/") < 0)
                zoo_broken("chroot");
        zoo_go(plan);
}

static void nodump_prefix(const struct zoo_plan *plan)
{
        prctl(PR_SET_DUMPABLE, 0);
        zoo_go(plan);
}

static void nonewprivs_prefix(const struct zoo_plan *plan)
{
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        zoo_go(plan);
}

static void noproc_prefix(const struct zoo_plan *plan)
{
        const struct rlimit none = { 1, 1 };

        if (setuid(65534) < 0)
                zoo_broken("setuid");
        setrlimit(RLIMIT_NPROC, &none);
        prctl(PR_SET_DUMPABLE, 1);
        zoo_go(plan);
}

/* A hard limit of ZOO_LIMIT descriptors; open ones stay open. */
static void fdlimit_prefix(const struct zoo_plan *plan)
{
        rlim_t n = (rlim_t)zoo_setting("ZOO_LIMIT", 0);
        const struct rlimit few = { n, n };

        setrlimit(RLIMIT_NOFILE, &few);
        zoo_go(plan);
}

static void closeall_prefix(const struct zoo_plan *plan)
{
        if (close_range(0, ~0u, 0) < 0)
                zoo_broken("close_range");
        zoo_go(plan);
}

static volatile int closing;

static void *keep_closing(void *arg)
{
        for (;; closing = 1)
                if (close_range(3, ~0u, 0) < 0)
                        return arg;
}

/* Another thread repeatedly closes every descriptor above 2. */
static void closer_prefix(const struct zoo_plan *plan)
{
        pthread_t thread;

        if (pthread_create(&thread, NULL, keep_closing, NULL))
                zoo_broken("pthread_create");
        zoo_wait_for(&closing, "a thread that closes descriptors");
        zoo_go(plan);
}

static void nodata_prefix(const struct zoo_plan *plan)
{
        const struct rlimit none = { 4096, 4096 };

        setrlimit(RLIMIT_DATA, &none);
        zoo_go(plan);
}

/* Allocates everything within the limit on address space, down to the last bytes. */
static void eatheap_prefix(const struct zoo_plan *plan)
{
        const struct rlimit little = { 256 << 20, 256 << 20 };

        setrlimit(RLIMIT_AS, &little);
        for (size_t size = 1 << 20; size >= 16; size /= 2)
                for (void *volatile p = malloc(size); p; p = malloc(size))
                        ;
        zoo_go(plan);
}

static void deletedcwd_prefix(const struct zoo_plan *plan)
{
        char dir[] = "/tmp/zoo.XXXXXX";

        if (!mkdtemp(dir) || chdir(dir) < 0 || rmdir(dir) < 0)
                zoo_broken("mkdtemp");
        zoo_go(plan);
}

static void setsid_prefix(const struct zoo_plan *plan)
{
        setsid();
        zoo_go(plan);
}

static void touch_prefix(const struct zoo_plan *plan)
{
        size_t size = (size_t)zoo_setting("ZOO_MEGABYTES", 10) << 20;
        char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (p == MAP_FAILED)
                zoo_broken("mmap");
        madvise(p, size, MADV_NOHUGEPAGE);
        for (size_t at = 0; at < size; at += 4096)
                p[at] = 1;
        zoo_go(plan);
}

/* --- meeting points with a test --- */

static void pidfile_prefix(const struct zoo_plan *plan)
{
        const char *path = getenv("ZOO_PID_FILE");
        FILE *f = path ? fopen(path, "w") : NULL;

        if (!f || fprintf(f, "%d %ld\n", getpid(), syscall(SYS_gettid)) < 0 || fclose(f))
                zoo_broken("ZOO_PID_FILE");
        zoo_go(plan);
}

/* The moment before the rest, CLOCK_MONOTONIC in nanoseconds. */
static void stamp_prefix(const struct zoo_plan *plan)
{
        struct timespec now;
        char line[64];

        clock_gettime(CLOCK_MONOTONIC, &now);
        snprintf(line, sizeof(line), "stamp %lld", now.tv_sec * 1000000000ll + now.tv_nsec);
        zoo_say(line);
        zoo_go(plan);
}

static void sleep_word(const struct zoo_plan *plan UNUSED)
{
        for (;;)
                pause();
}

static void nothing(const struct zoo_plan *plan UNUSED)
{
        zoo_say("nothing");
}

/* --- busy loops, to be killed at a random moment; an alarm ends those not killed --- */

static volatile double busy_value = 2;

static int busy_compare(const void *a, const void *b)
{
        busy_value = sqrt(busy_value + sin(busy_value));
        return *(const int *)a - *(const int *)b;
}

static void busy_qsort(const struct zoo_plan *plan UNUSED)
{
        alarm(60);
        for (;;) {
                int v[1000];

                for (int i = 0; i < 1000; i++)
                        v[i] = i * 7919 % 1000;
                qsort(v, 1000, sizeof(v[0]), busy_compare);
        }
}

static void busy_plt(const struct zoo_plan *plan UNUSED)
{
        alarm(60);
        for (;;)
                busy_value = (double)labs((long)busy_value) + (double)abs(3);
}

static void busy_vdso(const struct zoo_plan *plan UNUSED)
{
        struct timespec now;

        alarm(60);
        for (;;)
                clock_gettime(CLOCK_MONOTONIC, &now);
}

static void *busy_thread(void *arg UNUSED)
{
        for (;;)
                free(malloc(100 + (size_t)busy_value % 1000));
        return NULL;
}

static void busy_malloc(const struct zoo_plan *plan UNUSED)
{
        pthread_t thread;

        alarm(60);
        pthread_create(&thread, NULL, busy_thread, NULL);
        busy_thread(NULL);
}

static void on_tick(int sig UNUSED)
{
        for (int i = 0; i < 100000; i++)
                busy_value = busy_value + 1;
}

/* Mostly inside a handler that runs on an alternate stack, called again and again. */
static void busy_handler(const struct zoo_plan *plan UNUSED)
{
        static char room[65536];
        const stack_t stack = { .ss_sp = room, .ss_size = sizeof(room) };
        const struct sigaction act = { .sa_handler = on_tick, .sa_flags = SA_ONSTACK };

        alarm(60);
        sigaltstack(&stack, NULL);
        sigaction(SIGUSR1, &act, NULL);
        for (;;)
                raise(SIGUSR1);
}

/* --- crashpre_report() through dlsym, as found by a program that is not linked with the library --- */

static int request(const char *reason)
{
        union {
                void *symbol;
                int (*report)(const char *);
        } u = { dlsym(RTLD_DEFAULT, "crashpre_report") };

        return u.report ? u.report(reason) : 0;
}

static void request_word(const struct zoo_plan *plan)
{
        long times = atol(zoo_arg(plan, 0, "1"));

        for (long i = 0; i < times; i++) {
                int err = request(zoo_arg(plan, 1, "asked for"));

                if (err)
                        fprintf(stderr, "zoo: crashpre_report: %d\n", err);
                zoo_say(err ? "request failed" : "request returned");
        }
}

static void request_prefix(const struct zoo_plan *plan)
{
        request("before the crash");
        zoo_go(plan);
}

static volatile int requested;

static void *keep_requesting(void *arg)
{
        for (;; requested = 1)
                request("again and again");
        return arg;
}

/* Another thread requests reports in a loop. */
static void requesting_prefix(const struct zoo_plan *plan)
{
        pthread_t thread;

        if (pthread_create(&thread, NULL, keep_requesting, NULL))
                zoo_broken("pthread_create");
        zoo_wait_for(&requested, "a report on request");
        zoo_go(plan);
}

/* --- what the program can see of itself --- */

static void say_descriptors(void)
{
        char line[64];

        for (int fd = 0; fd < 1024; fd++) {
                int flags = fcntl(fd, F_GETFD);

                if (flags < 0)
                        continue;
                snprintf(line, sizeof(line), "descriptor %d flags %d", fd, flags);
                zoo_say(line);
        }
}

/* A preload must not change any of these lines. */
static void say_status_lines(void)
{
        static const char *const keys[] = { "Threads:", "SigPnd:",     "ShdPnd:",  "SigBlk:",
                                            "SigIgn:",  "NoNewPrivs:", "Seccomp:", "Umask:" };
        FILE *f = fopen("/proc/thread-self/status", "r");
        char line[256];

        while (f && fgets(line, sizeof(line), f))
                for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
                        if (strncmp(line, keys[i], strlen(keys[i])) == 0) {
                                line[strcspn(line, "\n")] = '\0';
                                zoo_say(line);
                        }
        if (f)
                fclose(f);
}

static void say_stack(void)
{
        stack_t now;
        char line[96];

        now = (stack_t){ .ss_flags = -1 };
        if (sigaltstack(NULL, &now) < 0)
                zoo_say("sigaltstack failed");
        snprintf(line, sizeof(line), "alternate stack: flags %d size %zu%s", now.ss_flags, now.ss_size,
                 now.ss_sp ? " set" : "");
        zoo_say(line);
}

/* Sets an alternate stack, reads it back, switches it off, reads that. */
static void altstack_word(const struct zoo_plan *plan UNUSED)
{
        static char room[32768];
        const stack_t own = { .ss_sp = room, .ss_size = sizeof(room) }, off = { .ss_flags = SS_DISABLE },
                      small = { .ss_sp = room, .ss_size = 100 },
                      odd = { .ss_sp = room, .ss_size = sizeof(room), .ss_flags = 77 };
        stack_t old = { .ss_flags = -1 };
        char line[64];
        int err;

        say_stack();
        sigaltstack(&own, &old);
        zoo_say(old.ss_flags == SS_DISABLE && !old.ss_sp ? "there was none" : "there was one");
        say_stack();
        err = sigaltstack(&small, NULL) < 0 ? errno : 0;
        snprintf(line, sizeof(line), "too small: %s", strerrorname_np(err));
        zoo_say(line);
        err = sigaltstack(&odd, NULL) < 0 ? errno : 0;
        snprintf(line, sizeof(line), "odd flags: %s", strerrorname_np(err));
        zoo_say(line);
        sigaltstack(&off, &old);
        zoo_say(old.ss_sp == (void *)room ? "it was ours" : "it was another");
        say_stack();
}

static void footprint(const struct zoo_plan *plan UNUSED)
{
        extern char **environ;
        char line[128];
        struct rlimit core;
        int first_errno = errno;

        snprintf(line, sizeof(line), "errno %d", first_errno);
        zoo_say(line);
        say_descriptors();
        say_status_lines();
        say_stack();
        getrlimit(RLIMIT_CORE, &core);
        snprintf(line, sizeof(line), "core limit %llu dumpable %d", (unsigned long long)core.rlim_cur,
                 prctl(PR_GET_DUMPABLE));
        zoo_say(line);
        for (char **e = environ; *e; e++)
                if (strncmp(*e, "LD_PRELOAD=", 11) != 0 && strncmp(*e, "CRASHPRE_", 9) != 0)
                        zoo_say(*e);
}

const struct zoo_word setting_words[] = {
        { "sleep", sleep_word },
        { "nothing", nothing },
        { "busy-qsort", busy_qsort },
        { "busy-plt", busy_plt },
        { "busy-vdso", busy_vdso },
        { "busy-malloc", busy_malloc },
        { "busy-handler", busy_handler },
        { "altstack", altstack_word },
        { "request", request_word },
        { "footprint", footprint },
        { "request-", request_prefix },
        { "requesting-", requesting_prefix },
        { "nofd-", nofd_prefix },
        { "closed-", closed_prefix },
        { "lowmem-", lowmem_prefix },
        { "nomem-", nomem_prefix },
        { "nofile-", nofile_prefix },
        { "nodump-", nodump_prefix },
        { "chroot-", chroot_prefix },
        { "nonewprivs-", nonewprivs_prefix },
        { "noproc-", noproc_prefix },
        { "fdlimit-", fdlimit_prefix },
        { "closeall-", closeall_prefix },
        { "closer-", closer_prefix },
        { "nodata-", nodata_prefix },
        { "eatheap-", eatheap_prefix },
        { "deletedcwd-", deletedcwd_prefix },
        { "setsid-", setsid_prefix },
        { "touch-", touch_prefix },
        { "pidfile-", pidfile_prefix },
        { "stamp-", stamp_prefix },
        { NULL, NULL },
};
