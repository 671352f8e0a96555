/* SPDX-License-Identifier: MIT */
/* tests/tools/libbypass.c: a plugin with a handler of its own for SIGSEGV, to be opened with RTLD_DEEPBIND (tests/tools/delivery.c). */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

void chain(void);
void reset(void);
void block(void);

static struct sigaction old;

static void say(const char *text)
{
        (void)!write(1, text, strlen(text));
}

static __attribute__((constructor)) void load(void)
{
        struct sigaction act;

        sigaction(SIGSEGV, NULL, &act);
        say(act.sa_handler == SIG_DFL ? "constructor: default\n" : "constructor: somebody's handler\n");
}

static void put_back(int sig, siginfo_t *info UNUSED, void *context UNUSED)
{
        say("plugin: put back\n");
        sigaction(sig, &old, NULL);
}

static void default_and_raise(int sig)
{
        say("plugin: default and raise\n");
        signal(sig, SIG_DFL);
        raise(sig);
}

void chain(void)
{
        struct sigaction act = { .sa_sigaction = put_back, .sa_flags = SA_SIGINFO };

        sigaction(SIGSEGV, &act, &old);
        say(old.sa_handler == SIG_DFL ? "before: default\n" : "before: somebody's handler\n");
}

void reset(void)
{
        signal(SIGSEGV, default_and_raise);
}

void block(void)
{
        sigset_t all, now;

        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, NULL);
        sigprocmask(SIG_BLOCK, NULL, &now);
        say(sigismember(&now, SIGSEGV) ? "blocked\n" : "not blocked\n");
}
