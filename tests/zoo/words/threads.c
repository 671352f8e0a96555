/* SPDX-License-Identifier: MIT */
/* tests/zoo/words/threads.c: threads, locks they hold, and races to the exit. */
#include "tests/zoo/zoo.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

/* --- threads --- */

enum { MOST_THREADS = 1024 };

static void *run_plan(void *arg)
{
        zoo_go(arg);
        return NULL;
}

/* The plan must outlive the thread: the caller joins the thread or never returns. */
static pthread_t start(const pthread_attr_t *attr, void *(*run)(void *), const void *arg)
{
        union {
                const void *in;
                void *out;
        } u = { .in = arg };
        pthread_t thread;
        int err = pthread_create(&thread, attr, run, u.out);

        if (err) {
                errno = err;
                zoo_broken("pthread_create");
        }
        return thread;
}

/* It names itself: for another thread pthread_setname_np(3) opens a file, which this one could see among its
 * descriptors. */
static void *run_plan_named(void *plan)
{
        pthread_setname_np(pthread_self(), "zoo-worker");
        return run_plan(plan);
}

static void thread_prefix(const struct zoo_plan *plan)
{
        pthread_join(start(NULL, run_plan_named, plan), NULL);
}

static void smallstack_prefix(const struct zoo_plan *plan)
{
        pthread_attr_t attr;

        pthread_attr_init(&attr);
        pthread_attr_setstacksize(&attr, (size_t)PTHREAD_STACK_MIN);
        pthread_join(start(&attr, run_plan, plan), NULL);
}

/* Waits until a thread is in that state (proc(5)), or has ended. */
static void wait_for_state(int tid, char wanted)
{
        const struct timespec tick = { .tv_nsec = 1000000 };
        char path[64], line[256] = "";

        snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", getpid(), tid);
        for (int i = 0; i < 10000; i++) {
                FILE *f = fopen(path, "r");
                const char *state = f && fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;

                if (f)
                        fclose(f);
                if (!state || state[2] == wanted)
                        return;
                nanosleep(&tick, NULL);
        }
        zoo_broken("a thread does not come to its end or to rest");
}

/* An overflow of such a stack overwrites the memory below it, which contains tables that the main thread needs to reach
 * its wait. */
static void *run_plan_when_joined(void *plan)
{
        wait_for_state(getpid(), 'S');
        return run_plan(plan);
}

static void userstack_prefix(const struct zoo_plan *plan)
{
        static char room[65536] __attribute__((aligned(4096)));
        pthread_attr_t attr;

        pthread_attr_init(&attr);
        pthread_attr_setstack(&attr, room, sizeof(room));
        pthread_join(start(&attr, run_plan_when_joined, plan), NULL);
}

/* Two stacks in one mapping, as the kernel merges them, each with a guard region at its low end as glibc 2.42 makes it; the thread
 * has the lower one. */
static void guardregion_prefix(const struct zoo_plan *plan)
{
        enum { STACK = 256 << 10, GUARD = 16 << 10 };
        char *room = mmap(NULL, (size_t)2 * STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        pthread_attr_t attr;

        if (room == MAP_FAILED || madvise(room, GUARD, ZOO_GUARD_INSTALL) || madvise(room + STACK, GUARD, ZOO_GUARD_INSTALL))
                zoo_broken("MADV_GUARD_INSTALL");
        pthread_attr_init(&attr);
        pthread_attr_setstack(&attr, room, STACK);
        pthread_join(start(&attr, run_plan_when_joined, plan), NULL);
}

static void detached_prefix(const struct zoo_plan *plan)
{
        pthread_attr_t attr;

        pthread_attr_init(&attr);
        pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
        start(&attr, run_plan, plan);
        for (;;)
                pause();
}

static int run_plan_c11(void *arg)
{
        zoo_go(arg);
        return 0;
}

static void thrd_prefix(const struct zoo_plan *plan)
{
        struct zoo_plan copy = *plan;
        thrd_t thread;

        if (thrd_create(&thread, run_plan_c11, &copy) != thrd_success)
                zoo_broken("thrd_create");
        thrd_join(thread, NULL);
}

static void cleanup_plan(void *plan)
{
        zoo_go(plan);
}

static void *wait_to_be_cancelled(void *plan)
{
        pthread_cleanup_push(cleanup_plan, plan);
        for (;;)
                pause();
        pthread_cleanup_pop(0);
        return NULL;
}

/* In the clean-up of a thread that was cancelled. */
static void cancelled_prefix(const struct zoo_plan *plan)
{
        pthread_t thread = start(NULL, wait_to_be_cancelled, plan);

        pthread_cancel(thread);
        pthread_join(thread, NULL);
}

static pthread_key_t plan_key;

static void *leave_plan_behind(void *plan)
{
        pthread_setspecific(plan_key, plan);
        return NULL;
}

static void *do_nothing(void *arg)
{
        return arg;
}

/* In the destructor of thread-specific data, on the smallest stack there is. */
static void keydtor_prefix(const struct zoo_plan *plan)
{
        pthread_attr_t attr;

        pthread_join(start(NULL, do_nothing, NULL),
                     NULL); /* keys that others create at the first thread are created before */
        pthread_key_create(&plan_key, cleanup_plan);
        pthread_attr_init(&attr);
        pthread_attr_setstacksize(&attr, (size_t)PTHREAD_STACK_MIN);
        pthread_join(start(&attr, leave_plan_behind, plan), NULL);
}

/* What the compilers call for a thread_local with a destructor (Itanium C++ ABI). */
int __cxa_thread_atexit_impl(void (*fn)(void *), void *arg, void *dso);
extern void *__dso_handle;

static void *leave_local_behind(void *plan)
{
        __cxa_thread_atexit_impl(cleanup_plan, plan, &__dso_handle);
        return NULL;
}

static void tlsdtor_prefix(const struct zoo_plan *plan)
{
        pthread_attr_t attr;

        pthread_attr_init(&attr);
        pthread_attr_setstacksize(&attr, (size_t)PTHREAD_STACK_MIN);
        pthread_join(start(&attr, leave_local_behind, plan), NULL);
}

static void *outlive_main(void *plan)
{
        wait_for_state(getpid(), 'Z');
        zoo_go(plan);
        _exit(0);
}

/* The main thread has ended: most of /proc/self is empty from now on. */
static void leaderless_prefix(const struct zoo_plan *plan)
{
        static struct zoo_plan copy;

        copy = *plan;
        start(NULL, outlive_main, &copy);
        pthread_exit(NULL);
}

static pthread_barrier_t together;

static void *run_together(void *arg)
{
        pthread_barrier_wait(&together);
        zoo_go(arg);
        return NULL;
}

/* ZOO_THREADS threads (default 2) do the rest at the same moment. */
static void two_prefix(const struct zoo_plan *plan)
{
        static pthread_t threads[MOST_THREADS];
        long n = zoo_setting("ZOO_THREADS", 2);

        if (n > MOST_THREADS)
                zoo_broken("ZOO_THREADS");
        pthread_barrier_init(&together, NULL, (unsigned)n);
        for (long i = 0; i < n; i++)
                threads[i] = start(NULL, run_together, plan);
        for (long i = 0; i < n; i++)
                pthread_join(threads[i], NULL);
}

static void *run_abort(void *arg UNUSED)
{
        pthread_barrier_wait(&together);
        abort();
}

/* One thread does the rest while another aborts. */
static void either_prefix(const struct zoo_plan *plan)
{
        pthread_t other;

        pthread_barrier_init(&together, NULL, 2);
        other = start(NULL, run_abort, NULL);
        pthread_barrier_wait(&together);
        zoo_go(plan);
        pthread_join(other, NULL);
}

static volatile int idle_tids[MOST_THREADS];

static void *idle(void *arg)
{
        if (arg)
                *(volatile int *)arg = (int)syscall(SYS_gettid);
        pthread_barrier_wait(&together);
        for (;;)
                pause();
        return NULL;
}

/* Waits until a thread is blocked in pause(2), as far as this kernel reports it. */
static void wait_for_pause(int tid)
{
        const struct timespec tick = { .tv_nsec = 1000000 };
        char path[64], line[64];

        snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
        for (int i = 0; i < 10000; i++) {
                FILE *f = fopen(path, "r");
                bool known = f && fgets(line, sizeof(line), f);

                if (f)
                        fclose(f);
                if (!known || atoi(line) == SYS_pause)
                        return;
                nanosleep(&tick, NULL);
        }
}

static void many_prefix(const struct zoo_plan *plan)
{
        long n = zoo_setting("ZOO_THREADS", 16);

        if (n > MOST_THREADS)
                zoo_broken("ZOO_THREADS");
        pthread_barrier_init(&together, NULL, (unsigned)n + 1);
        for (long i = 0; i < n; i++)
                start(NULL, idle, (const void *)(uintptr_t)&idle_tids[i]);
        pthread_barrier_wait(&together);
        for (long i = 0; i < n; i++)
                wait_for_pause(idle_tids[i]);
        zoo_go(plan);
}

static volatile int raw_thread_done;

static int run_raw_thread(void *arg)
{
        zoo_go(arg);
        raw_thread_done = 1;
        syscall(SYS_exit, 0); /* shares the thread pointer with main: must not run libc's exit code */
        return 0;
}

/* A thread created without pthread_create(). */
static void rawthread_prefix(const struct zoo_plan *plan)
{
        static char room[262144] __attribute__((aligned(16)));
        struct zoo_plan copy = *plan;
        int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;

        if (clone(run_raw_thread, room + sizeof(room), flags, &copy) < 0)
                zoo_broken("clone");
        zoo_wait_for(&raw_thread_done, "raw thread");
}

/* --- threads that start and end, in every way a thread can end --- */

static volatile int cleaned;

static void clean(void *arg UNUSED)
{
        cleaned++;
}

static void *leave(void *how)
{
        pthread_cleanup_push(clean, NULL);
        if (how == (void *)1)
                pthread_exit(how);
        if (how == (void *)2)
                for (;;)
                        pause();
        pthread_cleanup_pop(1);
        return how;
}

static long mappings(void)
{
        FILE *f = fopen("/proc/self/maps", "r");
        long n = 0;

        for (int c; f && (c = getc(f)) != EOF;)
                n += c == '\n';
        if (f)
                fclose(f);
        return n;
}

static void churn_round(void)
{
        for (uintptr_t how = 0; how < 4; how++) {
                pthread_t thread = start(NULL, leave, (void *)(how % 3));
                void *result = NULL;

                if (how == 2)
                        pthread_cancel(thread);
                pthread_join(thread, &result);
                if (result != (how == 2 ? PTHREAD_CANCELED : (void *)(how % 3)))
                        zoo_say("a thread's result is wrong");
        }
}

static void churn_word(const struct zoo_plan *plan)
{
        long before;

        for (int i = 0; i < 10; i++)
                churn_round();
        before = mappings();
        cleaned = 0;
        for (int i = 0; i < 250; i++)
                churn_round();
        /* A cancelled thread may end before it pushes its cleanup handler. */
        zoo_say(cleaned >= 750 && cleaned <= 1000 ? "all cleaned up" : "clean-up is missing");
        zoo_say(mappings() <= before + 4 ? "no mapping is left behind" : "mappings are left behind");
        zoo_go(&(const struct zoo_plan){ "nothing", plan->args });
}

/* --- threads that start and end all the time --- */

static volatile int begun[4];

static void *start_and_end(void *arg)
{
        pthread_attr_t attr;

        pthread_attr_init(&attr);
        pthread_attr_setstacksize(&attr, 65536);
        for (;;) {
                pthread_t pair[2];

                for (int i = 0; i < 2; i++)
                        pair[i] = start(&attr, do_nothing, NULL);
                *(volatile int *)arg = 1;
                for (int i = 0; i < 2; i++)
                        pthread_join(pair[i], NULL);
        }
        return NULL;
}

static void flux_prefix(const struct zoo_plan *plan)
{
        for (int i = 0; i < 4; i++)
                start(NULL, start_and_end, (const void *)(uintptr_t)&begun[i]);
        for (int i = 0; i < 4; i++)
                zoo_wait_for(&begun[i], "threads that come and go");
        zoo_go(plan);
}

/* --- races: a worker faults while the main thread exits --- */

static void *fault_now(void *arg)
{
        zoo_go(arg);
        zoo_at_fault = 1; /* there was none in this process */
        return NULL;
}

/* Whether a file was written to the directory ZOO_RACE_DIR, by which main detects that the worker's crash is being
 * reported. */
static bool reported(const char *path)
{
        DIR *dir = opendir(path);
        const struct dirent *entry;
        bool found = false;

        while (dir && !found && (entry = readdir(dir)))
                found = entry->d_name[0] != '.';
        if (dir)
                closedir(dir);
        return found;
}

static void leaves(const char *path)
{
        FILE *f = path ? fopen(path, "w") : NULL;

        if (path && (!f || fprintf(f, "%d\n", getpid()) < 0 || fclose(f)))
                zoo_broken("ZOO_RACE_FILE");
}

/* Starts the worker and returns 20 ms after its fault, whatever its prefixes do before it. Without a reporter, the fault has ended the process long before.
 * The file ZOO_RACE_FILE, if set, then contains the pid: main exits, and a helper that waits for the file certainly
 * loses the race. */
static void race(const struct zoo_plan *plan)
{
        const struct timespec tick = { .tv_nsec = 1000000 }, later = { .tv_nsec = 20000000 };
        const char *dir = getenv("ZOO_RACE_DIR");

        zoo_silent_end = true;
        zoo_racing = getpid();
        start(NULL, fault_now, plan);
        zoo_wait_for(&zoo_at_fault, "worker");
        for (int i = 0; dir && i < 3000 && !reported(dir); i++)
                nanosleep(&tick, NULL);
        nanosleep(&later, NULL);
        leaves(getenv("ZOO_RACE_FILE"));
}

static void race_return(const struct zoo_plan *plan)
{
        race(plan); /* and main returns 0 */
}

static void race_exit(const struct zoo_plan *plan)
{
        race(plan);
        exit(0);
}

static void race_quick(const struct zoo_plan *plan)
{
        race(plan);
        _exit(0);
}

static void race_exec(const struct zoo_plan *plan)
{
        race(plan);
        execl("/bin/true", "true", (char *)NULL);
}

/* --- locks held by another thread, forever --- */

static volatile int parked;

static void park(int sig UNUSED)
{
        parked = 1;
        for (;;)
                pause();
}

/* Accesses a free chunk with corrupted links: libc faults with the arena's lock held. */
ZOO_FRAME static void *fault_in_malloc(void *arg UNUSED)
{
        volatile uintptr_t *volatile chunk = malloc(3000);
        void *volatile between = malloc(3000);

        free((void *)(uintptr_t)chunk);
        chunk[0] = 0x4141414141410000;
        chunk[1] = 0x4141414141410000;
        between = malloc(5000); /* CRASH: malloc */
        return between;
}

/* All threads share one arena, and there is a second thread, so that libc really takes the lock. */
static void malloc_word(const struct zoo_plan *plan UNUSED)
{
        mallopt(M_ARENA_MAX, 1);
        mallopt(M_MMAP_THRESHOLD, 1 << 30);
        pthread_barrier_init(&together, NULL, 2);
        start(NULL, idle, NULL);
        pthread_barrier_wait(&together);
        fault_in_malloc(NULL);
}

static void mallocheld_prefix(const struct zoo_plan *plan)
{
        mallopt(M_ARENA_MAX, 1);
        mallopt(M_MMAP_THRESHOLD, 1 << 30);
        signal(SIGSEGV, park);
        start(NULL, fault_in_malloc, NULL);
        zoo_wait_for(&parked, "a thread inside malloc");
        zoo_go(plan);
}

static void *load_plugin(void *arg UNUSED)
{
        zoo_load("plugin");
        zoo_broken("libplugin.so");
}

static void loaderheld_prefix(const struct zoo_plan *plan)
{
        int fds[2];
        char number[16], byte;

        if (pipe(fds) < 0)
                zoo_broken("pipe");
        snprintf(number, sizeof(number), "%d", fds[1]);
        setenv("ZOO_PARK_FD", number, 1);
        start(NULL, load_plugin, NULL);
        if (read(fds[0], &byte, 1) != 1)
                zoo_broken("plugin");
        zoo_go(plan);
}

static int park_in_callback(struct dl_phdr_info *info UNUSED, size_t size UNUSED, void *arg UNUSED)
{
        park(0);
        return 0;
}

static void *iterate(void *arg)
{
        dl_iterate_phdr(park_in_callback, arg);
        return NULL;
}

static void phdrheld_prefix(const struct zoo_plan *plan)
{
        start(NULL, iterate, NULL);
        zoo_wait_for(&parked, "a thread inside dl_iterate_phdr");
        zoo_go(plan);
}

static void *hold_stdio(void *arg UNUSED)
{
        flockfile(stdout);
        flockfile(stderr);
        park(0);
        return NULL;
}

static void stdioheld_prefix(const struct zoo_plan *plan)
{
        start(NULL, hold_stdio, NULL);
        zoo_wait_for(&parked, "a thread that holds stdio");
        zoo_go(plan);
}

/* --- locks that the crashing thread holds itself --- */

static const struct zoo_plan *in_callback;

static int run_in_callback(struct dl_phdr_info *info UNUSED, size_t size UNUSED, void *arg UNUSED)
{
        zoo_go(in_callback);
        return 1;
}

static void inphdr_prefix(const struct zoo_plan *plan)
{
        in_callback = plan;
        dl_iterate_phdr(run_in_callback, NULL);
}

static void instdio_prefix(const struct zoo_plan *plan)
{
        flockfile(stdout);
        flockfile(stderr);
        zoo_go(plan);
        funlockfile(stderr);
        funlockfile(stdout);
}

static void timer_expired(union sigval plan)
{
        sigset_t mask;
        char text[80];
        int n = 0;

        pthread_sigmask(SIG_BLOCK, NULL, &mask);
        for (int sig = 1; sig < 32; sig++)
                n += sigismember(&mask, sig);
        snprintf(text, sizeof(text), "expired, %d of 31 signals blocked, SEGV %d", n, sigismember(&mask, SIGSEGV));
        zoo_say(text);
        zoo_go(plan.sival_ptr);
}

/* In the thread that libc creates for a timer's expiration, after more timers than the library has records. */
static void timer_prefix(const struct zoo_plan *plan)
{
        const struct itimerspec soon = { .it_value = { .tv_nsec = 1 } };
        struct sigevent event = { .sigev_notify = SIGEV_THREAD, .sigev_notify_function = timer_expired };
        timer_t timer;

        event.sigev_value.sival_ptr = (void *)(uintptr_t)plan;
        for (int i = 0; i < 3000; i++) {
                if (timer_create(CLOCK_MONOTONIC, &event, &timer))
                        zoo_broken("timer_create");
                if (timer_delete(timer))
                        zoo_broken("timer_delete");
        }
        if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &soon, NULL))
                zoo_broken("timer_settime");
        for (;;)
                pause();
}

const struct zoo_word thread_words[] = {
        { "malloc", malloc_word },
        { "churn", churn_word },
        { "thread-", thread_prefix },
        { "smallstack-", smallstack_prefix },
        { "userstack-", userstack_prefix },
        { "guardregion-", guardregion_prefix },
        { "detached-", detached_prefix },
        { "thrd-", thrd_prefix },
        { "timer-", timer_prefix },
        { "cancelled-", cancelled_prefix },
        { "keydtor-", keydtor_prefix },
        { "tlsdtor-", tlsdtor_prefix },
        { "leaderless-", leaderless_prefix },
        { "flux-", flux_prefix },
        { "inphdr-", inphdr_prefix },
        { "instdio-", instdio_prefix },
        { "two-", two_prefix },
        { "either-", either_prefix },
        { "many-", many_prefix },
        { "rawthread-", rawthread_prefix },
        { "race-return-", race_return },
        { "race-exit-", race_exit },
        { "race-quick-", race_quick },
        { "race-exec-", race_exec },
        { "mallocheld-", mallocheld_prefix },
        { "loaderheld-", loaderheld_prefix },
        { "phdrheld-", phdrheld_prefix },
        { "stdioheld-", stdioheld_prefix },
        { NULL, NULL },
};
