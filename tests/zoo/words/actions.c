/* SPDX-License-Identifier: MIT */
/* tests/zoo/words/actions.c: what a program reads back of its signal actions and alternate stacks, and how they work. */
#include "tests/zoo/zoo.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

static const int watched[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT };
#define WATCHED (sizeof(watched) / sizeof(watched[0]))

static void nothing_to_do(int sig UNUSED)
{
}

/* --- every combination of flags --- */

static const int flags[] = {
        SA_NOCLDSTOP,
        SA_NOCLDWAIT,
        SA_SIGINFO,
        SA_ONSTACK,
        SA_RESTART,
        SA_NODEFER,
        (int)SA_RESETHAND,
        0x04000000 /* SA_RESTORER */,
        0x400 /* SA_UNSUPPORTED */,
        0x800 /* SA_EXPOSE_TAGBITS */,
        0x02000000,
};
#define FLAGS (sizeof(flags) / sizeof(flags[0]))

static uint64_t sum;

static void note(uint64_t b)
{
        sum = (sum ^ b) * 0x100000001b3ull;
}

/* The address of the restorer may differ, but not whether there is one. */
static void note_action(const struct sigaction *act)
{
        uint64_t mask;

        memcpy(&mask, &act->sa_mask, sizeof(mask));
        note((uint64_t)(unsigned)act->sa_flags);
        note(act->sa_handler == nothing_to_do ? 4711 : (uint64_t)(uintptr_t)act->sa_handler);
        note(mask);
        note(act->sa_restorer != NULL);
}

static void set_action(int sig, unsigned combination, void (*handler)(int), uint64_t mask)
{
        struct sigaction act = { .sa_handler = handler }, old, now;

        for (size_t i = 0; i < FLAGS; i++)
                if (combination & 1u << i)
                        act.sa_flags |= flags[i];
        memcpy(&act.sa_mask, &mask, sizeof(mask));
        memset(&old, 0, sizeof(old));
        memset(&now, 0, sizeof(now));
        note((uint64_t)sigaction(sig, &act, &old));
        note((uint64_t)sigaction(sig, NULL, &now));
        note_action(&old);
        note_action(&now);
}

static void all_combinations(int sig)
{
        const uint64_t some[] = { 0, ~0ull, 1ull << (SIGUSR1 - 1), 1ull << (SIGSEGV - 1), 0x00ff00ff00ff00ffull };
        char line[100];

        sum = 0;
        for (unsigned combination = 0; combination < 1u << FLAGS; combination++)
                for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
                        set_action(sig, combination, nothing_to_do, some[i]);
                        set_action(sig, combination, combination & 1 ? SIG_IGN : SIG_DFL, some[i]);
                }
        snprintf(line, sizeof(line), "%s: sum %016llx", sigabbrev_np(sig), (unsigned long long)sum);
        zoo_say(line);
        signal(sig, SIG_DFL);
}

static void actions(const struct zoo_plan *plan UNUSED)
{
        for (size_t i = 0; i < WATCHED; i++)
                all_combinations(watched[i]);
        all_combinations(SIGUSR1);
        all_combinations(SIGCHLD);
}

/* --- sigset(3) and other obsolete functions --- */

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

void (*bsd_signal(int sig, void (*handler)(int)))(int); /* no longer declared */

/* 4.2BSD's (glibc: sysdeps/posix/sigvec.c), which no program can be linked with any more. */
struct old_sigvec {
        void (*handler)(int);
        int mask, flags;
};
int old_sigvec(int sig, const struct old_sigvec *vec, struct old_sigvec *old);
__asm__(".symver old_sigvec, sigvec@GLIBC_2.2.5");

static void say_handler(const char *what, void (*handler)(int))
{
        char line[128];

        snprintf(line, sizeof(line), "%s: %s", what,
                 handler == SIG_DFL         ? "default"
                 : handler == SIG_IGN       ? "ignore"
                 : handler == SIG_ERR       ? strerrorname_np(errno)
                 : handler == SIG_HOLD      ? "hold"
                 : handler == nothing_to_do ? "nothing_to_do"
                                            : "unknown");
        zoo_say(line);
}

static void say_action(const char *what, int sig)
{
        struct sigaction now;
        uint64_t mask;
        char line[128];

        if (sigaction(sig, NULL, &now) < 0)
                zoo_broken("sigaction");
        memcpy(&mask, &now.sa_mask, sizeof(mask));
        snprintf(line, sizeof(line), "%s: flags %#x mask %#llx", what, (unsigned)now.sa_flags,
                 (unsigned long long)mask);
        zoo_say(line);
        say_handler(what, now.sa_handler);
}

static void old_vector(int sig)
{
        for (int bits = 0; bits < 8; bits++) {
                const struct old_sigvec vec = { nothing_to_do, 1 << (SIGUSR1 - 1), bits };
                struct old_sigvec old = { NULL, -1, -1 };
                char line[128];
                int r = old_sigvec(sig, &vec, &old);

                snprintf(line, sizeof(line), "sigvec %d: %d, old mask %#x flags %#x", bits, r, (unsigned)old.mask,
                         (unsigned)old.flags);
                zoo_say(line);
                if (r == 0)
                        say_action("sigvec", sig);
        }
        old_sigvec(sig, &(const struct old_sigvec){ SIG_DFL, 0, 0 }, NULL);
}

static void old_actions(const struct zoo_plan *plan UNUSED)
{
        static const int some[] = { SIGSEGV, SIGABRT, SIGUSR1, SIGKILL, 0, 33, 64, 65 };

        for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
                int sig = some[i];

                say_handler("sigset", sigset(sig, nothing_to_do));
                say_handler("sigset hold", sigset(sig, SIG_HOLD));
                say_handler("sigset hold again", sigset(sig, SIG_HOLD));
                say_handler("sigset while held", sigset(sig, SIG_IGN));
                say_handler("sigset default", sigset(sig, SIG_DFL));
                zoo_say(sigignore(sig) < 0 ? strerrorname_np(errno) : "ignored");
                say_handler("bsd_signal", bsd_signal(sig, nothing_to_do));
                say_handler("signal SIG_ERR", signal(sig, SIG_ERR));
                zoo_say(siginterrupt(sig, 1) < 0 ? strerrorname_np(errno) : "interrupts");
                say_handler("signal", signal(sig, nothing_to_do));
                if (sig > 0 && sig != 33 && sig <= 64)
                        say_action("now", sig);
                old_vector(sig > 32 ? SIGUSR2 : sig);
                siginterrupt(sig, 0);
                signal(sig, SIG_DFL);
        }
}

/* --- SA_RESTART --- */

static volatile int taken, main_tid;
static int ends[2];

static void takes(int sig UNUSED)
{
        taken++;
}

/* Whether the thread is asleep in a system call. */
static int sleeps(int tid)
{
        char path[64], text[256] = "";
        FILE *f;
        const char *p;

        snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
        f = fopen(path, "r");
        if (!f)
                return 0;
        if (!fgets(text, sizeof(text), f))
                text[0] = 0;
        fclose(f);
        p = strrchr(text, ')');
        return p && p[1] && p[2] == 'S';
}

static void *interrupts(void *sig)
{
        for (int i = 0; i < 5000 && !sleeps(main_tid); i++)
                usleep(1000);
        syscall(SYS_tgkill, getpid(), main_tid, *(int *)sig);
        for (int i = 0; i < 5000 && !(taken && sleeps(main_tid)); i++)
                usleep(1000);
        if (write(ends[1], "x", 1) != 1)
                zoo_broken("write");
        return NULL;
}

static void read_once(int sig, int how)
{
        struct sigaction act = { .sa_handler = takes, .sa_flags = how };
        char line[100], byte;
        pthread_t thread;
        ssize_t n;

        taken = 0;
        main_tid = gettid();
        if (sigaction(sig, &act, NULL) < 0 || pipe(ends) < 0 || pthread_create(&thread, NULL, interrupts, &sig) != 0)
                zoo_broken("restart");
        do {
                n = read(ends[0], &byte, 1);
                snprintf(line, sizeof(line), "%s flags %#x: read %zd %s after %d", sigabbrev_np(sig), (unsigned)how, n,
                         n < 0 ? strerrorname_np(errno) : "", taken);
                zoo_say(line);
        } while (n < 0);
        pthread_join(thread, NULL);
        close(ends[0]);
        close(ends[1]);
        signal(sig, SIG_DFL);
}

static void restart(const struct zoo_plan *plan UNUSED)
{
        static const int some[] = { SIGSEGV, SIGABRT, SIGUSR1 };

        for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
                read_once(some[i], 0);
                read_once(some[i], SA_RESTART);
                read_once(some[i], SA_RESTART | SA_ONSTACK | SA_NODEFER);
        }
}

/* --- alternate stacks --- */

static char room[65536];

static void say_stack(const char *what, int r)
{
        stack_t now;
        char line[128];
        int err = r < 0 ? errno : 0;

        sigaltstack(NULL, &now);
        snprintf(line, sizeof(line), "%s: %s, now %s size %zu flags %#x", what, err ? strerrorname_np(err) : "done",
                 now.ss_sp == room ? "the program's"
                 : now.ss_sp       ? "another"
                                   : "none",
                 now.ss_size, (unsigned)now.ss_flags);
        zoo_say(line);
}

static void changes_stack(int sig UNUSED)
{
        const stack_t other = { .ss_sp = room, .ss_size = 32768 }, off = { .ss_flags = SS_DISABLE };

        say_stack("in the handler", 0);
        say_stack("another stack", sigaltstack(&other, NULL));
        say_stack("none", sigaltstack(&off, NULL));
}

static void altstacks(const struct zoo_plan *plan UNUSED)
{
        const int some[] = { SIGUSR1, SIGSEGV, SIGABRT };
        const int modes[] = { 0, (int)(1u << 31) /* SS_AUTODISARM */, SS_ONSTACK, SS_ONSTACK | SS_DISABLE, 4 };
        const size_t sizes[] = { 0, 1, MINSIGSTKSZ - 1, MINSIGSTKSZ, sizeof(room) };

        for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
                for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
                        const stack_t stack = { .ss_sp = room, .ss_size = sizes[k], .ss_flags = modes[i] };

                        say_stack("set", sigaltstack(&stack, NULL));
                }
        for (size_t i = 0; i < 2 * sizeof(some) / sizeof(some[0]); i++) {
                const stack_t stack = { .ss_sp = room, .ss_size = sizeof(room), .ss_flags = modes[i & 1] };
                struct sigaction act = { .sa_handler = changes_stack, .sa_flags = SA_ONSTACK };

                say_stack("set", sigaltstack(&stack, NULL));
                sigaction(some[i / 2], &act, NULL);
                raise(some[i / 2]);
                say_stack("after the handler", 0);
        }
}

/* By pointer: the loader's look-up at the first call needs more stack than is left. */
static void (*volatile leave)(int) = _exit;

static void handler_on_little(int sig UNUSED)
{
        leave(7);
}

/* littlestack-rest: an SA_ONSTACK handler for SIGSEGV on a stack of $ZOO_ROOM bytes more than the kernel's least, between
 * guard pages. */
static void littlestack_prefix(const struct zoo_plan *plan)
{
        struct sigaction act = { .sa_handler = handler_on_little, .sa_flags = SA_ONSTACK };
        size_t least = getauxval(AT_MINSIGSTKSZ), page = 4096;
        stack_t stack = { .ss_size = (least > 2048 ? least : 2048) + (size_t)zoo_setting("ZOO_ROOM", 1024) };
        size_t mapped = (stack.ss_size + page - 1) / page * page;
        char *at = mmap(NULL, mapped + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (at == MAP_FAILED || mprotect(at + page, mapped, PROT_READ | PROT_WRITE) < 0)
                zoo_broken("mmap");
        stack.ss_sp = at + page; /* begins at the guard page below */
        if (sigaltstack(&stack, NULL) < 0 || sigaction(SIGSEGV, &act, NULL) < 0)
                zoo_broken("sigaltstack");
        zoo_go(plan);
}

static void say_result_of(const char *what, int result)
{
        char line[128];

        snprintf(line, sizeof(line), "%s: %d %s", what, result, result < 0 ? strerrorname_np(errno) : "");
        zoo_say(line);
}

static void badpointer(const struct zoo_plan *plan)
{
        const char *what = zoo_arg(plan, 0, "mask");
        char *volatile bad = NULL;

        bad += 8;
        say_result_of("old mask", sigprocmask(SIG_BLOCK, NULL, (sigset_t *)(void *)bad));
        say_result_of("alternate stack", sigaltstack((const stack_t *)(void *)bad, NULL));
        if (strcmp(what, "action") == 0)
                sigaction(SIGSEGV, (const struct sigaction *)(void *)bad, NULL);
        else if (strcmp(what, "mask") == 0)
                sigprocmask(SIG_BLOCK, (const sigset_t *)(void *)bad, NULL);
        else
                say_result_of("old alternate stack", sigaltstack(NULL, (stack_t *)(void *)bad));
}

/* nodata-rest, nobss-rest: the reporter's variables, with or without the data relocated by the loader, become
 * unreadable. */
static void take_away(int files_only)
{
        char line[512], last[512] = "";
        FILE *f = fopen("/proc/self/maps", "r");
        unsigned long from, to;
        char rights[8], *path;

        while (f && fgets(line, sizeof(line), f)) {
                if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3)
                        continue;
                path = strchr(line, '/');
                if (path)
                        strcpy(last, path);
                else if (files_only || strchr(line, '['))
                        last[0] = 0;
                if (strstr(last, "/libcrashpre") && rights[1] == 'w' &&
                    mprotect((void *)from, to - from, PROT_NONE) < 0)
                        zoo_broken("mprotect");
        }
        if (f)
                fclose(f);
}

static void nodata_prefix(const struct zoo_plan *plan)
{
        take_away(1);
        zoo_go(plan);
}

static void nobss_prefix(const struct zoo_plan *plan)
{
        take_away(0);
        zoo_go(plan);
}

const struct zoo_word action_words[] = {
        { "actions", actions },
        { "old-actions", old_actions },
        { "restart", restart },
        { "altstacks", altstacks },
        { "littlestack-", littlestack_prefix },
        { "badpointer", badpointer },
        { "nodata-", nodata_prefix },
        { "nobss-", nobss_prefix },
        { NULL, NULL },
};
