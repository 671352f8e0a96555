/* SPDX-License-Identifier: MIT */
/* tests/tools/storm.c: crashes in the middle of a storm.
 *
 *   storm crashes N           N processes crash at the same moment; this one waits for them, exit status 1 if one did not die of SIGSEGV
 *   storm forks N             threads fork children, N in total, that crash while this process crashes, too
 *   storm dlopen LIBRARY...   threads load and unload libraries while one crashes
 *   storm threads             threads start and end while one crashes
 *
 * STORM_DELAY_US: how long the storm lasts before the crash (default 2000).
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 4 };

static volatile int *volatile nowhere;
static char **libraries;
static size_t library_count;
static int forks_left;

static void crash(void)
{
        *nowhere = 1;
}

static int crashes(int n)
{
        int *gate = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), bad = 0, status;

        if (gate == MAP_FAILED)
                return 2;
        for (int i = 0; i < n; i++) {
                pid_t pid = fork();

                if (pid < 0)
                        return 2;
                if (!pid) {
                        __atomic_add_fetch(gate, 1, __ATOMIC_SEQ_CST);
                        while (__atomic_load_n(gate, __ATOMIC_SEQ_CST) < n)
                                usleep(100);
                        crash();
                }
        }
        while (wait(&status) > 0)
                bad += !WIFSIGNALED(status) || WTERMSIG(status) != SIGSEGV;
        printf("%d died in another way\n", bad);
        return bad > 0;
}

static void *fork_children(void *arg)
{
        while (__atomic_sub_fetch(&forks_left, 1, __ATOMIC_SEQ_CST) >= 0) {
                pid_t pid = fork();

                if (!pid)
                        crash();
        }
        return arg;
}

static void *load_libraries(void *arg)
{
        for (size_t i = (size_t)arg;; i++) {
                void *handle = dlopen(libraries[i % library_count], RTLD_NOW | RTLD_LOCAL);

                if (!handle) {
                        fprintf(stderr, "storm: %s\n", dlerror());
                        _exit(2);
                }
                dlclose(handle);
        }
        return NULL;
}

static void *end_at_once(void *arg)
{
        return arg;
}

static void *start_threads(void *arg)
{
        for (;;) {
                pthread_t thread;

                if (!pthread_create(&thread, NULL, end_at_once, arg))
                        pthread_join(thread, NULL);
        }
        return NULL;
}

static void *crash_later(void *unused)
{
        const char *delay = getenv("STORM_DELAY_US");

        usleep(delay ? (useconds_t)atoi(delay) : 2000);
        crash();
        return unused;
}

int main(int argc, char **argv)
{
        void *(*worker)(void *) = NULL;
        pthread_t thread;

        if (argc == 3 && !strcmp(argv[1], "crashes"))
                return crashes(atoi(argv[2]));
        if (argc == 3 && !strcmp(argv[1], "forks")) {
                forks_left = atoi(argv[2]);
                worker = fork_children;
        } else if (argc > 2 && !strcmp(argv[1], "dlopen")) {
                libraries = argv + 2;
                library_count = (size_t)argc - 2;
                worker = load_libraries;
        } else if (argc == 2 && !strcmp(argv[1], "threads")) {
                worker = start_threads;
        }
        if (!worker)
                return 2;
        for (size_t i = 0; i < WORKERS; i++)
                if (pthread_create(&thread, NULL, worker, (void *)i))
                        return 2;
        if (pthread_create(&thread, NULL, crash_later, NULL))
                return 2;
        for (;;)
                pause();
}
