/* SPDX-License-Identifier: MIT */
/* tests/zoo/zoo.c: parses and runs the words, which are in tests/zoo/words/.
 *
 * build-flags: -fstack-protector-strong tests/zoo/words/memory.c tests/zoo/words/signals.c tests/zoo/words/threads.c tests/zoo/words/settings.c tests/zoo/words/stacks.c tests/zoo/words/processes.c tests/zoo/words/sandbox.c tests/zoo/words/masks.c tests/zoo/words/faults.c tests/zoo/words/actions.c tests/zoo/words/modes.c
 */
#include "tests/zoo/zoo.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct zoo_word *const tables[] = {
        memory_words,  fault_words,   stack_words, signal_words, thread_words, process_words,
        sandbox_words, setting_words, mask_words,  action_words, mode_words,
};

volatile bool zoo_silent_end;
volatile int zoo_racing, zoo_at_fault;

void zoo_say(const char *s)
{
        char line[256];
        size_t n = strnlen(s, sizeof(line) - 1);
        int saved = errno;

        memcpy(line, s, n);
        line[n] = '\n';
        if (write(STDOUT_FILENO, line, n + 1) < 0)
                _exit(2);
        errno = saved;
}

void zoo_broken(const char *what)
{
        fprintf(stderr, "zoo: %s: %s\n", what, strerror(errno));
        _exit(2);
}

const char *zoo_arg(const struct zoo_plan *plan, size_t n, const char *otherwise)
{
        for (size_t i = 0; plan->args[i]; i++)
                if (i == n)
                        return plan->args[i];
        return otherwise;
}

long zoo_setting(const char *name, long otherwise)
{
        const char *value = getenv(name);

        return value ? atol(value) : otherwise;
}

void *zoo_load(const char *name)
{
        char path[PATH_MAX + 64];
        ssize_t n = readlink("/proc/self/exe", path, PATH_MAX);

        if (n < 0)
                zoo_broken("/proc/self/exe");
        path[n] = '\0';
        snprintf(strrchr(path, '/'), 64, "/lib%s.so", name);
        return dlopen(path, RTLD_NOW);
}

void zoo_wait_for(const volatile int *flag, const char *what)
{
        const struct timespec tick = { .tv_nsec = 1000000 };

        for (int i = 0; !*flag; i++) {
                if (i == 10000) {
                        errno = ETIMEDOUT;
                        zoo_broken(what);
                }
                nanosleep(&tick, NULL);
        }
}

int zoo_signal_number(const char *name)
{
        if (strncmp(name, "SIG", 3) == 0)
                name += 3;
        if (strcmp(name, "RTMIN") == 0)
                return SIGRTMIN;
        for (int i = 1; i < NSIG; i++) {
                const char *known = sigabbrev_np(i);

                if (known && strcmp(known, name) == 0)
                        return i;
        }
        return atoi(name);
}

/* A whole word takes precedence over a prefix, so that a fault's name may begin like one. */
static const struct zoo_word *find(const char *word, bool prefix)
{
        for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
                for (const struct zoo_word *w = tables[t]; w->name; w++) {
                        size_t n = strlen(w->name);
                        bool is_prefix = w->name[n - 1] == '-';

                        if (prefix && is_prefix && strncmp(w->name, word, n) == 0)
                                return w;
                        if (!prefix && !is_prefix && strcmp(w->name, word) == 0)
                                return w;
                }
        return NULL;
}

ZOO_FRAME void zoo_go(const struct zoo_plan *plan)
{
        struct zoo_plan rest = *plan;
        const struct zoo_word *w = find(plan->word, false);

        if (!w) {
                w = find(plan->word, true);
                if (w)
                        rest.word += strlen(w->name);
        }
        if (!w) {
                fprintf(stderr, "zoo: unknown word '%s'; try: zoo list\n", plan->word);
                _exit(2);
        }
        if (rest.word == plan->word && zoo_racing && zoo_racing == getpid())
                zoo_at_fault = 1;
        w->run(&rest);
        __asm__ volatile("" ::: "memory"); /* not a tail call: this frame stays on the stack */
}

static int list(void)
{
        for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
                for (const struct zoo_word *w = tables[t]; w->name; w++)
                        puts(w->name);
        return 0;
}

/* Runs before main when "ctor-" has started the program again. */
__attribute__((constructor)) static void early(int argc, char **argv, char **envp)
{
        const char *word = getenv("ZOO_CTOR");

        (void)envp;
        if (word && argc > 1) {
                struct zoo_plan plan = { word, argv + 2 };

                zoo_go(&plan);
        }
}

int main(int argc, char **argv)
{
        struct zoo_plan plan;

        if (argc < 2) {
                fprintf(stderr, "usage: zoo [prefix-]...fault [argument...]; zoo list\n");
                return 2;
        }
        if (strcmp(argv[1], "list") == 0)
                return list();
        zoo_say("begin");
        setvbuf(stdout, NULL, _IOFBF, BUFSIZ);
        printf("buffered: printed by a run that ends in exit(), lost by one that dies\n");
        plan.word = argv[1];
        plan.args = argv + 2;
        zoo_go(&plan);
        if (!zoo_silent_end)
                zoo_say("end");
        return 0;
}
