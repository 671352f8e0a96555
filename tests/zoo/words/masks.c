/* SPDX-License-Identifier: MIT */
/* tests/zoo/words/masks.c: programs that block signals, and what they see of it. */
#include "tests/zoo/zoo.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* sighold() and similar functions: old programs still call them */

static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS };
#define FAULTS (sizeof(faults) / sizeof(faults[0]))

static uint64_t bits(const sigset_t *set)
{
        uint64_t b;

        memcpy(&b, set, sizeof(b));
        return b;
}

static sigset_t set_of(uint64_t b)
{
        sigset_t set;

        sigemptyset(&set);
        memcpy(&set, &b, sizeof(b));
        return set;
}

static uint64_t full(void)
{
        sigset_t set;

        sigfillset(&set);
        return bits(&set);
}

static uint64_t one(int sig)
{
        return 1ull << (sig - 1);
}

static uint64_t all_faults(void)
{
        uint64_t b = 0;

        for (size_t i = 0; i < FAULTS; i++)
                b |= one(faults[i]);
        return b;
}

static uint64_t mask_now(void)
{
        sigset_t now;

        memset(&now, 0x5a, sizeof(now));
        if (pthread_sigmask(SIG_BLOCK, NULL, &now) != 0)
                zoo_broken("pthread_sigmask");
        return bits(&now);
}

static void say_mask(const char *what)
{
        char line[128];

        snprintf(line, sizeof(line), "%s: %016llx", what, (unsigned long long)mask_now());
        zoo_say(line);
}

static void set_mask(uint64_t b)
{
        const sigset_t set = set_of(b);

        if (sigprocmask(SIG_SETMASK, &set, NULL) < 0)
                zoo_broken("sigprocmask");
}

/* --- reading back --- */

static uint64_t sum;

static void note(uint64_t b)
{
        sum = (sum ^ b) * 0x100000001b3ull;
}

/* SIGSTKFLT is a marker in masks that block nearly everything (preload/signal/mask.h): the only difference. */
static uint64_t without_the_sign(uint64_t b)
{
        return b & ~one(SIGSTKFLT);
}

static void change(int how, uint64_t b, uint64_t seen)
{
        sigset_t set = set_of(b), old;

        sigemptyset(&old);
        note((uint64_t)pthread_sigmask(how, &set, &old));
        note(bits(&old) & seen);
        note(mask_now() & seen);
}

static uint64_t next_random(void)
{
        static uint64_t x = 88172645463325252ull;

        x ^= x << 13;
        x ^= x >> 7;
        return x ^= x << 17;
}

static void say_sum(const char *what)
{
        char line[128];

        snprintf(line, sizeof(line), "%s: sum %016llx", what, (unsigned long long)sum);
        zoo_say(line);
}

static void all_masks(void)
{
        const uint64_t most[] = { 0,
                                  full(),
                                  full() & ~all_faults(),
                                  all_faults(),
                                  one(SIGSTKFLT),
                                  full() & ~(all_faults() | one(SIGABRT) | one(SIGCONT)),
                                  full() & ~one(SIGSEGV) };

        for (size_t k = 0; k < sizeof(most) / sizeof(most[0]); k++) {
                set_mask(most[k]);
                say_mask("set");
                for (int sig = 1; sig <= 64; sig++)
                        for (int how = SIG_BLOCK; how <= SIG_SETMASK; how++) {
                                uint64_t seen = sig == SIGSTKFLT ? without_the_sign(~0ull) : ~0ull;

                                set_mask(most[k]);
                                change(how, one(sig), seen);
                                set_mask(most[k]);
                                change(how, full() & ~one(sig), seen);
                        }
        }
        say_sum("one signal of all masks");
        for (int i = 0; i < 20000; i++) {
                uint64_t b = next_random(), few = next_random() & next_random() & next_random() & next_random();

                change(SIG_SETMASK, i & 1 ? ~few : b, without_the_sign(~0ull));
                change((int)(b % 3), next_random(), without_the_sign(~0ull));
        }
        say_sum("random masks");
}

static void say_result(const char *what, long result)
{
        char line[128];

        snprintf(line, sizeof(line), "%s: %ld %s", what, result, result < 0 ? strerrorname_np(errno) : "");
        zoo_say(line);
}

static void old_calls(void)
{
        sigset_t set = set_of(0);

        set_mask(0);
        say_result("sighold", sighold(SIGSEGV));
        say_mask("after sighold");
        say_result("sigrelse", sigrelse(SIGSEGV));
        say_result("sigblock", sigblock((int)(one(SIGBUS) | one(SIGINT))));
        say_result("sigsetmask", sigsetmask((int)full()));
        say_mask("after sigsetmask");
        set_mask(full());
        sigrelse(SIGFPE);
        say_mask("all but FPE");
        sighold(SIGFPE);
        say_mask("all again");
        say_result("sigset", (long)sigset(SIGSEGV, SIG_HOLD));
        say_result("sighold(0)", sighold(0));
        say_result("sigrelse(32)", sigrelse(32));
        say_result("sigprocmask(7)", sigprocmask(7, &set, NULL));
        say_result("sigprocmask(7, NULL)", sigprocmask(7, NULL, NULL));
        say_result("pthread_sigmask(7)", pthread_sigmask(7, &set, NULL));
        say_result("sigprocmask, bad pointer", sigprocmask(SIG_BLOCK, &set, (sigset_t *)8)); // NOLINT
        set_mask(0);
}

static void masks(const struct zoo_plan *plan UNUSED)
{
        all_masks();
        old_calls();
}

/* --- masks that travel --- */

static sigjmp_buf jump;
static ucontext_t place;
static volatile int turn;

static void *thread_says(void *what)
{
        say_mask(what);
        return NULL;
}

static void in_a_thread(const char *what)
{
        pthread_t thread;

        if (pthread_create(&thread, NULL, thread_says, (void *)(uintptr_t)what) != 0)
                zoo_broken("pthread_create");
        pthread_join(thread, NULL);
}

static void in_a_child(const char *what)
{
        pid_t pid = fork();

        if (pid == 0) {
                say_mask(what);
                _exit(0);
        }
        waitpid(pid, NULL, 0);
        pid = vfork();
        if (pid == 0) {
                say_mask(what);
                set_mask(one(SIGBUS));
                say_mask("a vfork child's own mask");
                _exit(0);
        }
        waitpid(pid, NULL, 0);
}

static void travels(const char *what)
{
        say_mask(what);
        in_a_thread("in a thread");
        in_a_child("in a child");
        say_mask("afterwards");
}

static void handler_travels(int sig UNUSED)
{
        travels("in a handler");
}

static void handler_jumps(int sig UNUSED)
{
        say_mask("before siglongjmp");
        siglongjmp(jump, 1);
}

static void handler_context(int sig UNUSED)
{
        setcontext(&place);
}

static void handler_changes(int sig)
{
        sigset_t set = set_of(one(sig) | one(SIGUSR2));

        say_mask("in the handler");
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
        say_mask("unblocked there");
        pthread_sigmask(SIG_BLOCK, &set, NULL);
        say_mask("and blocked again");
        set_mask(full());
        say_mask("everything blocked");
}

static void handler_context_mask(int sig UNUSED, siginfo_t *info UNUSED, void *context)
{
        ucontext_t *uc = context;
        char line[128];

        snprintf(line, sizeof(line), "interrupted mask: %016llx", (unsigned long long)bits(&uc->uc_sigmask));
        zoo_say(line);
        say_mask("in the handler");
        sigaddset(&uc->uc_sigmask, SIGUSR2);
}

static void handle(int sig, void (*handler)(int), uint64_t mask, int flags)
{
        struct sigaction act = { .sa_handler = handler, .sa_flags = flags, .sa_mask = set_of(mask) }, now;

        if (sigaction(sig, &act, NULL) < 0 || sigaction(sig, NULL, &now) < 0 || now.sa_handler != handler)
                zoo_broken("sigaction");
        if (bits(&now.sa_mask) != (mask & ~(one(SIGKILL) | one(SIGSTOP))))
                zoo_say("sa_mask reads back otherwise");
}

static void raise_and_come_back(int sig)
{
        if (sigsetjmp(jump, 1) == 0)
                raise(sig);
        say_mask("after siglongjmp");
}

static void raise_and_find_back(int sig)
{
        turn = 0;
        getcontext(&place);
        if (turn++ == 0)
                raise(sig);
        say_mask("after setcontext");
}

static void handlers_of(int sig, uint64_t mask, int flags)
{
        handle(sig, handler_travels, mask, flags);
        raise(sig);
        handle(sig, handler_changes, mask, flags);
        raise(sig);
        say_mask("after the handler");
        handle(sig, handler_jumps, mask, flags);
        raise_and_come_back(sig);
        handle(sig, handler_context, mask, flags);
        raise_and_find_back(sig);
        handle(sig, (void (*)(int))(void *)handler_context_mask, mask, flags | SA_SIGINFO);
        raise(sig);
        say_mask("the handler changed the interrupted mask");
        set_mask(0);
}

static void there_and_back(uint64_t mask)
{
        set_mask(mask);
        travels("set");
        if (sigsetjmp(jump, 1) == 0) {
                set_mask(one(SIGUSR1));
                siglongjmp(jump, 1);
        }
        say_mask("after siglongjmp");
}

static void masks_travel(const struct zoo_plan *plan UNUSED)
{
        static const int signals[] = { SIGUSR1, SIGSEGV, SIGABRT };
        const uint64_t around[] = { 0, full(), full() & ~all_faults(), one(SIGSEGV) };
        const uint64_t inside[] = { 0, one(SIGUSR2), one(SIGBUS), full(), full() & ~all_faults() };

        for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++)
                there_and_back(around[i]);
        set_mask(0);
        for (size_t k = 0; k < sizeof(signals) / sizeof(signals[0]); k++)
                for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
                        handlers_of(signals[k], inside[i], 0);
                        handlers_of(signals[k], inside[i], SA_NODEFER);
                }
}

/* --- signals that are sent while they are blocked --- */

static void say_info(const char *what, int sig, const siginfo_t *info)
{
        char line[160];

        snprintf(line, sizeof(line), "%s: %s code %d %s value %d", what,
                 sig > 0 ? sigabbrev_np(sig) : strerrorname_np(errno), sig > 0 ? info->si_code : 0,
                 sig > 0 && info->si_pid == getpid() ? "from me" : "",
                 sig > 0 && info->si_code == SI_QUEUE ? info->si_value.sival_int : 0);
        zoo_say(line);
}

static void send(int how, int sig)
{
        const union sigval value = { .sival_int = 4711 };

        if (how == 0)
                kill(getpid(), sig);
        else if (how == 1)
                syscall(SYS_tgkill, getpid(), gettid(), sig);
        else
                sigqueue(getpid(), sig, value);
}

static void say_pending(void)
{
        sigset_t pending;
        char line[128];

        sigpending(&pending);
        snprintf(line, sizeof(line), "pending: %016llx", (unsigned long long)bits(&pending));
        zoo_say(line);
}

static void take_by_wait(void)
{
        const struct timespec now = { 0, 0 };
        const sigset_t set = set_of(full());
        siginfo_t info;
        int sig = sigtimedwait(&set, &info, &now);

        say_info("sigtimedwait", sig, &info);
}

static void take_by_descriptor(void)
{
        const sigset_t set = set_of(all_faults());
        int fd = signalfd(-1, &set, SFD_NONBLOCK);
        struct signalfd_siginfo info;
        char line[128];

        if (read(fd, &info, sizeof(info)) != sizeof(info)) {
                zoo_say("signalfd: nothing");
        } else {
                snprintf(line, sizeof(line), "signalfd: %s code %d", sigabbrev_np((int)info.ssi_signo), info.ssi_code);
                zoo_say(line);
        }
        close(fd);
}

static void *takes(void *unused UNUSED)
{
        for (size_t i = 0; i < FAULTS; i++)
                for (int how = 0; how < 3; how++) {
                        send(how, faults[i]);
                        say_pending();
                        say_mask("blocked");
                        take_by_wait();
                        send(how, faults[i]);
                        take_by_descriptor();
                        take_by_wait();
                }
        return NULL;
}

static volatile int arrived;

static void *waits(void *unused UNUSED)
{
        const sigset_t set = set_of(full());
        int sig = 0;

        arrived = 1;
        for (int i = 0; i < 3 && sigwait(&set, &sig) == 0; i++) {
                zoo_say(sigabbrev_np(sig));
                arrived = i + 2;
        }
        return NULL;
}

static void say_count(int sig UNUSED)
{
        zoo_say("handler: here");
}

/* As in many daemons: all signals are blocked in all threads, and one thread waits for signals. */
static void one_thread_waits(void)
{
        pthread_t thread;

        if (pthread_create(&thread, NULL, waits, NULL) != 0)
                zoo_broken("pthread_create");
        for (int i = 0; i < 3; i++) {
                for (int n = 0; arrived < i + 1 && n < 10000; n++)
                        usleep(1000);
                send(i ? 2 * (i - 1) : 0, faults[i]);
        }
        pthread_join(thread, NULL);
        say_pending();
}

/* A mask that unblocks the signal during a wait. */
static void let_in(void)
{
        const struct timespec long_time = { 10, 0 };
        const sigset_t none = set_of(0);

        handle(SIGSEGV, say_count, 0, 0);
        for (int i = 0; i < 2; i++) {
                send(i, SIGSEGV);
                say_result("pselect", pselect(0, NULL, NULL, NULL, &long_time, &none));
                send(i, SIGSEGV);
                say_result("ppoll", ppoll(NULL, 0, &long_time, &none));
                say_mask("afterwards");
                take_by_wait();
        }
        signal(SIGSEGV, SIG_DFL);
}

/* Sent to a handler that is running: it waits for its end. */
static volatile int depth;

static void deferred(int sig)
{
        int first = turn++ == 0;

        zoo_say(depth++ ? "handler: nested" : "handler: begins");
        if (first) {
                raise(sig);
                say_pending();
        }
        zoo_say("handler: ends");
        depth--;
}

static void masks_hold(const struct zoo_plan *plan UNUSED)
{
        pthread_t thread;

        set_mask(full());
        takes(NULL);
        if (pthread_create(&thread, NULL, takes, NULL) == 0)
                pthread_join(thread, NULL);
        one_thread_waits();
        let_in();
        set_mask(0);
        for (size_t i = 0; i < FAULTS; i++) {
                turn = 0;
                handle(faults[i], deferred, 0, 0);
                raise(faults[i]);
                turn = 0;
                handle(faults[i], deferred, 0, SA_NODEFER);
                raise(faults[i]);
                signal(faults[i], SIG_DFL);
        }
}

static void pending_word(const struct zoo_plan *plan)
{
        set_mask(full());
        send(atoi(zoo_arg(plan, 1, "0")), zoo_signal_number(zoo_arg(plan, 0, "SEGV")));
        say_pending();
        set_mask(0); /* CRASH: pending */
        zoo_say("unblocked");
}

/* --- prefixes of a fault --- */

static const struct zoo_plan *rest;

static void go_on(int sig UNUSED)
{
        zoo_go(rest);
}

/* In a handler of an unwatched signal that blocks everything. */
static void fullhandler_prefix(const struct zoo_plan *plan)
{
        rest = plan;
        handle(SIGUSR1, go_on, full(), 0);
        raise(SIGUSR1);
}

static void *thread_goes_on(void *unused UNUSED)
{
        zoo_go(rest);
        return NULL;
}

/* On a thread whose attributes block everything. */
static void attrmask_prefix(const struct zoo_plan *plan)
{
        sigset_t set = set_of(full()), back;
        pthread_attr_t attr;
        pthread_t thread;

        rest = plan;
        pthread_attr_init(&attr);
        if (pthread_attr_setsigmask_np(&attr, &set) != 0 || pthread_attr_getsigmask_np(&attr, &back) != 0 ||
            bits(&back) != bits(&set) || pthread_create(&thread, &attr, thread_goes_on, NULL) != 0)
                zoo_broken("pthread_attr_setsigmask_np");
        pthread_join(thread, NULL);
}

static pid_t jumper;

/* A jump into a frame of another thread is undefined: there, the fault comes again and kills. */
static void leave_by_longjmp(int sig)
{
        if (gettid() == jumper)
                siglongjmp(jump, 1);
        signal(sig, SIG_DFL);
}

/* Out of its handler by a longjmp that leaves the mask as it is: the signal stays blocked, and the second fault kills. */
static void longjmp_prefix(const struct zoo_plan *plan)
{
        jumper = gettid();
        handle(SIGSEGV, leave_by_longjmp, 0, 0);
        if (sigsetjmp(jump, 0) == 0)
                zoo_go(plan);
        say_mask("left by longjmp");
        zoo_go(plan);
}

/* --- programs that are started --- */

extern char **environ;

/* Prints its mask and ignored signals, unaffected by any preload. */
#define SHOW "/bin/sed", "-n", "-e", "/SigBlk/p", "-e", "/SigIgn/p", "/proc/self/status"

static void start(volatile int how)
{
        char *const argv[] = { SHOW, NULL }, *const none[] = { NULL };
        pid_t pid = -1;

        if (how == 0)
                posix_spawn(&pid, argv[0], NULL, NULL, argv, none);
        else if (how == 1)
                posix_spawnp(&pid, argv[0], NULL, NULL, argv, none);
        else if (how == 2)
                system("env -i "
                       "sed -n -e /SigBlk/p -e /SigIgn/p /proc/self/status");
        else if (how == 3)
                pclose(popen("env -i sed -n -e /SigBlk/p -e /SigIgn/p /proc/self/status", "w"));
        else if ((pid = how & 1 ? vfork() : fork()) == 0) {
                switch (how / 2) {
                case 2:
                        execve(argv[0], argv, none);
                        break;
                case 3:
                        execle(argv[0], SHOW, NULL, none);
                        break;
                case 4:
                        execvpe(argv[0], argv, none);
                        break;
                case 5:
                        environ = (char **)(uintptr_t)none;
                        execl(argv[0], SHOW, NULL);
                        break;
                case 6:
                        environ = (char **)(uintptr_t)none;
                        execlp(argv[0], SHOW, NULL);
                        break;
                case 7:
                        environ = (char **)(uintptr_t)none;
                        execv(argv[0], argv);
                        break;
                default:
                        environ = (char **)(uintptr_t)none;
                        execvp(argv[0], argv);
                        break;
                }
                _exit(9);
        }
        if (pid > 0)
                waitpid(pid, NULL, 0);
}

static void start_all(int sig UNUSED)
{
        char **kept = environ;

        for (int how = 0; how < 18; how++) {
                start(how);
                environ = kept; /* a vfork child shares it */
        }
        say_mask("afterwards");
}

static void masks_exec(const struct zoo_plan *plan UNUSED)
{
        set_mask(full());
        start_all(0);
        set_mask(full() & ~all_faults());
        start_all(0);
        set_mask(0);
        for (size_t i = 1; i < FAULTS; i++)
                signal(faults[i], SIG_IGN);
        handle(SIGSEGV, start_all, 0, 0);
        raise(SIGSEGV);
        say_result("execv", execv("/nonexistent", (char *[]){ "", NULL }));
        say_mask("afterwards");
}

const struct zoo_word mask_words[] = {
        { "masks", masks },
        { "masks-travel", masks_travel },
        { "masks-hold", masks_hold },
        { "masks-exec", masks_exec },
        { "pending", pending_word },
        { "fullhandler-", fullhandler_prefix },
        { "attrmask-", attrmask_prefix },
        { "longjmp-", longjmp_prefix },
        { NULL, NULL },
};
