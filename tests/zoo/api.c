/* SPDX-License-Identifier: MIT */
/* tests/zoo/api.c: a program that uses crashpre.h: `api WORD`, one word for each documented behaviour of the header. */
#include "preload/crashpre.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile char *volatile bad = NULL; /* hidden from the compiler, which would warn, or leave the fault out */

static void crash(void)
{
        *bad = 1;
}

static int read_state(char *buf, size_t size)
{
        static const char state[] = "half way";

        memcpy(buf, state, sizeof(state) < size ? sizeof(state) : size);
        return (int)sizeof(state) - 1;
}

static int read_nothing(char *buf, size_t size)
{
        (void)buf;
        (void)size;
        return -1;
}

static int read_and_fault(char *buf, size_t size)
{
        (void)size;
        buf[0] = bad[16];
        return 1;
}

static void metadata(void)
{
        char key[100], value[400];

        crashpre_set("build", "first");
        crashpre_set("build", "second");
        crashpre_set("gone", "here");
        crashpre_set("gone", NULL);
        crashpre_set("odd", "line\nfeed \\ \"quoted\"");
        crashpre_set_int("answer", -42);
        crashpre_set_double("half", 0.5);
        crashpre_set_bool("yes", 1);
        crashpre_set_bool("no", 0);
        crashpre_set_volatile("state", read_state);
        crashpre_set_volatile("silent", read_nothing);
        memset(key, 'k', sizeof(key) - 1);
        key[sizeof(key) - 1] = 0;
        memset(value, 'v', sizeof(value) - 1);
        value[sizeof(value) - 1] = 0;
        crashpre_set(key, value);
        crash();
}

static void too_much(void)
{
        char key[16];

        for (int i = 0; i < 100; i++) {
                snprintf(key, sizeof(key), "key-%d", i);
                crashpre_set_int(key, i);
        }
        crash();
}

static void faulting_volatile(void)
{
        crashpre_set("before", "1");
        crashpre_set_volatile("bad", read_and_fault);
        crash();
}

static void breadcrumbs(void)
{
        for (int i = 0; i < 200; i++)
                crashpre_breadcrumb("step", "number %d", i);
        crashpre_breadcrumb("a category that is far too long to be kept whole", "%0300d", 7);
        crash();
}

static void *other_thread(void *arg)
{
        crashpre_push("other", "thread", "idle");
        pthread_barrier_wait(arg);
        for (;;)
                pause();
        return NULL;
}

static void context(void)
{
        pthread_barrier_t together;
        pthread_t thread;

        pthread_barrier_init(&together, NULL, 2);
        pthread_create(&thread, NULL, other_thread, &together);
        pthread_barrier_wait(&together);
        crashpre_push("parser", "Document", "load");
        crashpre_push("popped", NULL, NULL);
        crashpre_pop();
        crashpre_push("lexer", NULL, "token");
        crash();
}

static void deep_context(void)
{
        for (int i = 0; i < 20; i++)
                crashpre_push("level", "deep", i < 16 ? "kept" : "surplus");
        for (int i = 0; i < 5; i++)
                crashpre_pop();
        crash();
}

static int refuse(int sig)
{
        return sig != SIGSEGV;
}

static int said;

static int ask_for_another(int sig)
{
        (void)sig;
        said = crashpre_report("from within a report");
        return 1;
}

static int say_what_came(const char *path)
{
        (void)path;
        if (write(STDOUT_FILENO, said == -16 ? "busy\n" : "other\n", said == -16 ? 5 : 6) < 0) /* -EBUSY */
                return 0;
        return 0;
}

/* Requests a report during a report. */
static void request_within(void)
{
        crashpre_set_filter(ask_for_another);
        crashpre_set_after_report(say_what_came);
        crash();
}

static void filter(void)
{
        crashpre_set_filter(refuse);
        crash();
}

static int say_path(const char *path)
{
        (void)!write(STDOUT_FILENO, path, strlen(path));
        (void)!write(STDOUT_FILENO, "\n", 1);
        return 1;
}

static void after_report(void)
{
        crashpre_set_after_report(say_path);
        raise(SIGABRT);
        puts("went on");
}

static void after_fault(void)
{
        crashpre_set_after_report(say_path);
        crash();
}

static int crash_too(int sig)
{
        (void)sig;
        crash();
        return 0;
}

static int abort_too(int sig)
{
        (void)sig;
        abort();
}

static int crash_after(const char *path)
{
        (void)path;
        crash();
        return 0;
}

static int abort_after(const char *path)
{
        (void)path;
        abort();
}

/* The application's own functions, called in the crash, fail as well. */
static void filter_crashes(void)
{
        crashpre_set_filter(crash_too);
        crashpre_set_after_report(crash_after);
        crash();
}

static void filter_aborts(void)
{
        crashpre_set_filter(abort_too);
        crashpre_set_after_report(abort_after);
        crash();
}

/* ... or do not come back. */
static const char *how_to_stay_away;

static int stay_away(void)
{
        static pthread_mutex_t locked = PTHREAD_MUTEX_INITIALIZER;

        if (!strcmp(how_to_stay_away, "exit"))
                exit(7);
        if (!strcmp(how_to_stay_away, "_exit"))
                _exit(7);
        if (!strcmp(how_to_stay_away, "loop"))
                for (volatile int forever = 1; forever;)
                        ;
        pthread_mutex_lock(&locked);
        pthread_mutex_lock(&locked);
        return 0;
}

static int stay_away_in_filter(int sig)
{
        (void)sig;
        return stay_away();
}

static int stay_away_after(const char *path)
{
        (void)path;
        return stay_away();
}

static int stay_away_in_value(char *buf, size_t size)
{
        (void)buf;
        (void)size;
        return stay_away();
}

static void does_not_return(void)
{
        how_to_stay_away = getenv("STAY_AWAY");
        crashpre_set("before", "1");
        crashpre_set_volatile("value", stay_away_in_value);
        crashpre_set("behind", "2");
        crashpre_set_filter(stay_away_in_filter);
        crashpre_set_after_report(stay_away_after);
        crash();
}

static void disabled(void)
{
        crashpre_set_enabled(0);
        crash();
}

static void enabled_again(void)
{
        crashpre_set_enabled(0);
        crashpre_set_enabled(1);
        crash();
}

static void request(void)
{
        int first, second;

        errno = 77;
        first = crashpre_report("the first");
        second = crashpre_report("the second");
        printf("%d %d errno %d\n", first, second, errno);
}

static void last_report(void)
{
        const char *path = crashpre_last_report();

        printf("%s\n", path ? path : "none");
}

static const struct {
        const char *word;
        void (*run)(void);
} words[] = {
        { "metadata", metadata },
        { "too-much", too_much },
        { "faulting-volatile", faulting_volatile },
        { "breadcrumbs", breadcrumbs },
        { "context", context },
        { "deep-context", deep_context },
        { "filter", filter },
        { "filter-crashes", filter_crashes },
        { "does-not-return", does_not_return },
        { "filter-aborts", filter_aborts },
        { "request-within", request_within },
        { "after-report", after_report },
        { "after-fault", after_fault },
        { "disabled", disabled },
        { "enabled-again", enabled_again },
        { "request", request },
        { "last-report", last_report },
};

int main(int argc, char **argv)
{
        for (size_t i = 0; argc == 2 && i < sizeof(words) / sizeof(words[0]); i++)
                if (!strcmp(argv[1], words[i].word)) {
                        words[i].run();
                        return 0;
                }
        fprintf(stderr, "usage: api WORD\n");
        return 2;
}
