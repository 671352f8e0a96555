/* SPDX-License-Identifier: MIT */
/* tests/zoo/words/signals.c: signals that are sent, aborts, and programs with handlers of their own. */
#include "tests/zoo/zoo.h"

#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

static const int crash_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS };

/* --- signals that are sent --- */

ZOO_FRAME static void raise_word(const struct zoo_plan *plan)
{
        raise(zoo_signal_number(zoo_arg(plan, 0, "SEGV"))); /* CRASH: raise */
        zoo_say("raise returned");
}

ZOO_FRAME static void kill_self(const struct zoo_plan *plan)
{
        kill(getpid(), zoo_signal_number(zoo_arg(plan, 0, "SEGV"))); /* CRASH: kill-self */
        zoo_say("kill returned");
}

ZOO_FRAME static void queue_self(const struct zoo_plan *plan)
{
        const union sigval value = { .sival_int = 4711 };

        sigqueue(getpid(), zoo_signal_number(zoo_arg(plan, 0, "SEGV")), value); /* CRASH: queue-self */
        zoo_say("sigqueue returned");
}

/* By a timer of the process (timer_create(2)): a signal without a sender's pid. */
ZOO_FRAME static void timer_word(const struct zoo_plan *plan)
{
        struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
                                  .sigev_signo = zoo_signal_number(zoo_arg(plan, 0, "SEGV")),
                                  .sigev_value.sival_int = 4711 };
        const struct itimerspec soon = { .it_value.tv_nsec = 1000000 };
        timer_t timer;

        if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0 || timer_settime(timer, 0, &soon, NULL) < 0)
                zoo_broken("timer_create");
        for (int i = 0; i < 10000; i++)
                usleep(1000);
        zoo_say("no timer");
}

ZOO_FRAME static void abort_word(const struct zoo_plan *plan UNUSED)
{
        abort(); /* CRASH: abort */
}

ZOO_FRAME static void assert_word(const struct zoo_plan *plan)
{
        assert(plan->args == NULL); /* CRASH: assert */
}

/* The call that -D_FORTIFY_SOURCE generates for a memcpy to a buffer of known size. */
void *__memcpy_chk(void *to, const void *from, size_t n, size_t room);

ZOO_FRAME static void fortify(const struct zoo_plan *plan UNUSED)
{
        char from[32] = "", to[32];
        volatile size_t room = 16;

        __memcpy_chk(to, from, sizeof(from), room); /* CRASH: fortify */
        zoo_say(to);
}

ZOO_FRAME static void double_free(const struct zoo_plan *plan UNUSED)
{
        void *volatile p = malloc(100);
        void *volatile again = p;

        free(p);
        free(again); /* CRASH: double-free */
}

ZOO_FRAME static void invalid_free(const struct zoo_plan *plan UNUSED)
{
        static char data[64] __attribute__((aligned(16)));
        void *volatile p = data + 32;

        free(p); /* CRASH: invalid-free */
}

/* A filter that turns one harmless system call into SIGSYS. */
ZOO_FRAME static void sigsys(const struct zoo_plan *plan UNUSED)
{
        struct sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_swapoff, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP | 7),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog filter = { sizeof(code) / sizeof(code[0]), code };

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
                zoo_broken("seccomp");
        syscall(SYS_swapoff, ""); /* CRASH: sigsys */
        zoo_say("swapoff returned");
}

/* --- prefixes of a fault --- */

static const struct zoo_plan *in_handler;

static void run_in_handler(int sig UNUSED)
{
        zoo_go(in_handler);
}

static void handler_prefix(const struct zoo_plan *plan)
{
        in_handler = plan;
        signal(SIGUSR1, run_in_handler);
        raise(SIGUSR1);
}

/* Like that on an alternate stack of the program, of the smallest size that the kernel accepts. */
static void use_stack(size_t size, const struct zoo_plan *plan)
{
        size_t page = 4096, room = (size + page - 1) / page * page;
        char *at = mmap(NULL, room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        stack_t stack = { .ss_size = size };

        if (at == MAP_FAILED || mprotect(at + page, room, PROT_READ | PROT_WRITE) < 0)
                zoo_broken("mmap");
        stack.ss_sp = at + page + room - size; /* ends at the guard page above */
        if (sigaltstack(&stack, NULL) < 0)
                zoo_broken("sigaltstack");
        zoo_go(plan);
}

static void tinystack_prefix(const struct zoo_plan *plan)
{
        size_t least = getauxval(AT_MINSIGSTKSZ), usual = 2048;

        use_stack(least > usual ? least : usual, plan);
}

static void ownstack_prefix(const struct zoo_plan *plan)
{
        use_stack(65536, plan);
}

static void nostack_prefix(const struct zoo_plan *plan)
{
        const stack_t none = { .ss_flags = SS_DISABLE };

        sigaltstack(&none, NULL);
        zoo_go(plan);
}

static void on_altstack_prefix(const struct zoo_plan *plan)
{
        struct sigaction act = { .sa_handler = run_in_handler, .sa_flags = SA_ONSTACK };
        static char room[65536];
        const stack_t stack = { .ss_sp = room, .ss_size = sizeof(room) };

        in_handler = plan;
        sigaltstack(&stack, NULL);
        sigaction(SIGUSR1, &act, NULL);
        raise(SIGUSR1);
}

static void blocked_prefix(const struct zoo_plan *plan)
{
        sigset_t all;

        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, NULL);
        zoo_go(plan);
}

static void ignored_prefix(const struct zoo_plan *plan)
{
        for (size_t i = 0; i < sizeof(crash_signals) / sizeof(crash_signals[0]); i++)
                signal(crash_signals[i], SIG_IGN);
        zoo_go(plan);
}

/* --- handlers of the program's own, for every crash signal --- */

static __thread sigjmp_buf recovery;
static __thread ucontext_t recovery_context;
static volatile sig_atomic_t times;
static stack_t own_stack;

static void own_exit3(int sig UNUSED)
{
        zoo_say("handler: _exit(3)");
        _exit(3);
}

static void own_exit4(int sig UNUSED)
{
        zoo_say("handler: exit(4)");
        exit(4);
}

static void own_quick5(int sig UNUSED)
{
        zoo_say("handler: quick_exit(5)");
        quick_exit(5);
}

static void own_reset_raise(int sig)
{
        zoo_say("handler: default action and raise");
        signal(sig, SIG_DFL);
        raise(sig);
}

static void own_reset_return(int sig)
{
        zoo_say("handler: default action and return");
        signal(sig, SIG_DFL);
}

static void own_abort(int sig UNUSED)
{
        zoo_say("handler: abort");
        signal(SIGABRT, SIG_DFL);
        abort();
}

static void own_kill(int sig UNUSED)
{
        zoo_say("handler: kill -KILL");
        kill(getpid(), SIGKILL);
}

static void own_recover(int sig UNUSED)
{
        zoo_say("handler: siglongjmp");
        siglongjmp(recovery, 1);
}

static void own_hop(int sig UNUSED)
{
        siglongjmp(recovery, 1);
}

static void own_count(int sig)
{
        zoo_say("handler: return");
        if (++times == 5) {
                zoo_say("handler: enough");
                signal(sig, SIG_DFL);
        }
}

static void own_say(int sig UNUSED)
{
        zoo_say("handler: here");
}

static void own_crash(int sig UNUSED)
{
        volatile int *volatile p = NULL;

        zoo_say("handler: crash");
        *p = 1; /* CRASH: own-crash */
}

static void own_nested(int sig UNUSED)
{
        volatile int *volatile p = NULL;

        zoo_say("handler: nested");
        if (++times == 3)
                _exit(6);
        *p = 1; /* CRASH: own-nested */
}

static void own_onstack(int sig)
{
        const char *here = (const char *)&sig, *base = own_stack.ss_sp;

        zoo_say(here >= base && here < base + own_stack.ss_size ? "handler: on the program's alternate stack"
                                                                : "handler: elsewhere");
        signal(sig, SIG_DFL);
}

static const char *normal_stack;

static void own_offstack(int sig)
{
        ptrdiff_t away = normal_stack - (const char *)&sig;

        zoo_say(away > 0 && away < 65536 ? "handler: on the normal stack" : "handler: elsewhere");
        signal(sig, SIG_DFL);
}

static void own_info(int sig, siginfo_t *info, void *context)
{
        const ucontext_t *uc = context;
        char line[128];

        /* For a sent signal the field of the address contains the sender's pid. */
        snprintf(line, sizeof(line), "handler: signal %d code %d address %#lx pc %s", info->si_signo, info->si_code,
                 info->si_code > 0 ? (unsigned long)(uintptr_t)info->si_addr : 0ul,
                 uc->uc_mcontext.gregs[REG_RIP] ? "set" : "0");
        zoo_say(line);
        if (info->si_signo == sig)
                signal(sig, SIG_DFL);
}

/* Prints the mask in a handler, without the signals that are also blocked outside it. */
static void own_mask(int sig)
{
        sigset_t now;
        char line[128] = "handler: blocked:";

        sigprocmask(SIG_BLOCK, NULL, &now);
        for (int i = 1; i < 32; i++)
                if (sigismember(&now, i) == 1)
                        snprintf(line + strlen(line), sizeof(line) - strlen(line), " %s", sigabbrev_np(i));
        zoo_say(line);
        signal(sig, SIG_DFL);
}

/* The default action and the signal again, where it is not blocked, in ways that differ. */

ZOO_FRAME static void raise_below(int sig, int n)
{
        if (n > 0)
                raise_below(sig, n - 1);
        else
                raise(sig); /* CRASH: raise-below */
        zoo_say("raise returned");
}

static void own_raise_below(int sig)
{
        zoo_say("handler: default action and raise further down");
        signal(sig, SIG_DFL);
        raise_below(sig, 3);
        zoo_say("handler: returns");
}

static void own_raise_unblocked(int sig)
{
        sigset_t set;

        zoo_say("handler: unblock, default action and raise");
        sigemptyset(&set);
        sigaddset(&set, sig);
        sigprocmask(SIG_UNBLOCK, &set, NULL);
        signal(sig, SIG_DFL);
        raise(sig);
        zoo_say("raise returned");
}

static void own_raise_kill(int sig)
{
        signal(sig, SIG_DFL);
        kill(getpid(), sig);
        zoo_say("kill returned");
}

static void own_raise_thread(int sig)
{
        signal(sig, SIG_DFL);
        pthread_kill(pthread_self(), sig);
        zoo_say("pthread_kill returned");
}

static void own_raise_tgkill(int sig)
{
        signal(sig, SIG_DFL);
        syscall(SYS_tgkill, getpid(), gettid(), sig);
        zoo_say("tgkill returned");
}

static int elsewhere_sig;

static void raise_elsewhere(void)
{
        raise_below(elsewhere_sig, 1);
}

/* On a stack that is neither the interrupted nor the alternate one. */
static void own_raise_elsewhere(int sig)
{
        static char room[65536];
        static ucontext_t there, here;

        signal(sig, SIG_DFL);
        elsewhere_sig = sig;
        getcontext(&there);
        there.uc_stack.ss_sp = room;
        there.uc_stack.ss_size = sizeof(room);
        there.uc_link = &here;
        makecontext(&there, raise_elsewhere, 0);
        swapcontext(&here, &there);
}

static void own_hop_context(int sig UNUSED)
{
        setcontext(&recovery_context);
}

ZOO_FRAME static int own_deep(int sig)
{
        volatile char much[2048];

        much[0] = (char)sig;
        return own_deep(sig + much[0]) + much[0]; /* CRASH: own-deep */
}

static void own_deep_handler(int sig)
{
        zoo_say("handler: endless recursion");
        own_deep(sig);
}

struct own {
        const char *name;
        void (*handler)(int);
        void (*action)(int, siginfo_t *, void *);
        int flags;
};

static const struct own owns[] = {
        { "exit3-", own_exit3, NULL, 0 },
        { "exit4-", own_exit4, NULL, 0 },
        { "quick5-", own_quick5, NULL, 0 },
        { "raise-", own_reset_raise, NULL, 0 },
        { "return-", own_reset_return, NULL, 0 },
        { "below-", own_raise_below, NULL, 0 },
        { "belowopen-", own_raise_below, NULL, SA_NODEFER },
        { "unblock-", own_raise_unblocked, NULL, 0 },
        { "kill2-", own_raise_kill, NULL, SA_NODEFER },
        { "pthreadkill-", own_raise_thread, NULL, SA_NODEFER | SA_ONSTACK },
        { "tgkill-", own_raise_tgkill, NULL, SA_NODEFER },
        { "elsewhere-", own_raise_elsewhere, NULL, SA_NODEFER },
        { "deep-", own_deep_handler, NULL, 0 },
        { "deeponstack-", own_deep_handler, NULL, SA_ONSTACK },
        { "abort-", own_abort, NULL, 0 },
        { "kill-", own_kill, NULL, 0 },
        { "recover-", own_recover, NULL, 0 },
        { "hop-", own_hop, NULL, 0 },
        { "hoponstack-", own_hop, NULL, SA_ONSTACK },
        { "hopcontext-", own_hop_context, NULL, SA_ONSTACK },
        { "count-", own_count, NULL, 0 },
        { "once-", own_say, NULL, SA_RESETHAND },
        { "crash-", own_crash, NULL, 0 },
        { "nested-", own_nested, NULL, SA_NODEFER },
        { "onstack-", own_onstack, NULL, SA_ONSTACK },
        { "offstack-", own_offstack, NULL, 0 },
        { "info-", NULL, own_info, SA_SIGINFO },
        { "mask-", own_mask, NULL, 0 },
};

static const struct own *own_of(const char *word)
{
        for (size_t i = 0; i < sizeof(owns) / sizeof(owns[0]); i++)
                if (strncmp(owns[i].name, word, strlen(owns[i].name)) == 0)
                        return &owns[i];
        zoo_broken(word);
}

static void own_install(const struct own *own)
{
        struct sigaction act = { .sa_flags = own->flags };

        if (own->action)
                act.sa_sigaction = own->action;
        else
                act.sa_handler = own->handler;
        sigaddset(&act.sa_mask, SIGUSR2);
        for (size_t i = 0; i < sizeof(crash_signals) / sizeof(crash_signals[0]); i++)
                if (sigaction(crash_signals[i], &act, NULL) < 0)
                        zoo_broken("sigaction");
}

/* own-KIND-rest: a handler of that kind for every crash signal, then the rest. */
ZOO_FRAME static void own_prefix(const struct zoo_plan *plan)
{
        const struct own *own = own_of(plan->word);
        struct zoo_plan rest = { plan->word + strlen(own->name), plan->args };

        if (own->flags & SA_ONSTACK) {
                own_stack.ss_size = 65536;
                own_stack.ss_sp = malloc(own_stack.ss_size);
                sigaltstack(&own_stack, NULL);
        }
        normal_stack = (const char *)__builtin_frame_address(0);
        own_install(own);
        if (sigsetjmp(recovery, 1) == 0)
                zoo_go(&rest);
        else
                zoo_say("recovered");
}

/* recover-N rounds: a program that handles its faults regularly, as managed runtimes do. */
static void recover_often(const struct zoo_plan *plan)
{
        long rounds = atol(zoo_arg(plan, 0, "100"));
        struct zoo_plan fault = { zoo_arg(plan, 1, "null-write"), plan->args };

        own_install(own_of("hop-"));
        for (volatile long i = 0; i < rounds; i++)
                if (sigsetjmp(recovery, 1) == 0)
                        zoo_go(&fault);
        zoo_say("recovered each time");
}

static void *storm_thread(void *hop)
{
        const struct zoo_plan fault = { "null-write", NULL };
        char *room = malloc(65536);
        const stack_t stack = { .ss_sp = room, .ss_size = 65536 }, none = { .ss_flags = SS_DISABLE };
        long rounds = zoo_setting("ZOO_ROUNDS", 10000);

        sigaltstack(&stack, NULL);
        for (volatile long i = 0; i < rounds; i++) {
                volatile int back = 0;

                if (strcmp(hop, "hopcontext-") == 0) {
                        getcontext(&recovery_context);
                        if (back++ == 0)
                                zoo_go(&fault);
                } else if (sigsetjmp(recovery, 1) == 0) {
                        zoo_go(&fault);
                }
        }
        sigaltstack(&none, NULL);
        free(room);
        return NULL;
}

static void storm(const char *hop)
{
        pthread_t thread[4];

        own_install(own_of(hop));
        for (int i = 0; i < 4; i++)
                if (pthread_create(&thread[i], NULL, storm_thread, (void *)(uintptr_t)hop) != 0)
                        zoo_broken("pthread_create");
        for (int i = 0; i < 4; i++)
                pthread_join(thread[i], NULL);
        zoo_say("recovered each time");
}

/* Four threads recover from faults all at once, by each way out of a handler; then the rest. */
static void storm_prefix(const struct zoo_plan *plan)
{
        storm("hop-");
        storm("hoponstack-");
        storm("hopcontext-");
        for (size_t i = 0; i < sizeof(crash_signals) / sizeof(crash_signals[0]); i++)
                signal(crash_signals[i], SIG_DFL);
        zoo_go(plan);
}

/* --- what the program reads back of what it set --- */

static void say_action(const char *what, const struct sigaction *act)
{
        char line[200];
        const char *handler = act->sa_handler == SIG_DFL      ? "default"
                              : act->sa_handler == SIG_IGN    ? "ignore"
                              : act->sa_handler == own_say    ? "own_say"
                              : act->sa_sigaction == own_info ? "own_info"
                                                              : "unknown";

        snprintf(line, sizeof(line), "%s: %s flags %#x mask %d%d%d", what, handler,
                 (unsigned)act->sa_flags & ~0x04000000u, sigismember(&act->sa_mask, SIGUSR1),
                 sigismember(&act->sa_mask, SIGUSR2), sigismember(&act->sa_mask, SIGSEGV));
        zoo_say(line);
}

static void read_back(const char *what, int sig)
{
        struct sigaction act;

        memset(&act, 0x5a, sizeof(act));
        if (sigaction(sig, NULL, &act) < 0)
                zoo_say("sigaction failed");
        else
                say_action(what, &act);
}

static const char *handler_name(void (*handler)(int))
{
        return handler == SIG_DFL   ? "default"
               : handler == SIG_IGN ? "ignore"
               : handler == SIG_ERR ? "error"
               : handler == own_say ? "own_say"
                                    : "unknown";
}

#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* siginterrupt: old programs still call it */

static void set_and_read(int sig)
{
        struct sigaction act = { .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK | SA_RESTART }, old;

        zoo_say(sigabbrev_np(sig));
        read_back("at start", sig);
        act.sa_sigaction = own_info;
        sigaddset(&act.sa_mask, SIGUSR1);
        memset(&old, 0x5a, sizeof(old));
        sigaction(sig, &act, &old);
        say_action("old of sigaction", &old);
        read_back("after sigaction", sig);
        zoo_say(handler_name(signal(sig, SIG_IGN)));
        read_back("after signal(SIG_IGN)", sig);
        zoo_say(handler_name(signal(sig, own_say)));
        read_back("after signal(own_say)", sig);
        zoo_say(handler_name(sysv_signal(sig, own_say)));
        read_back("after sysv_signal", sig);
        zoo_say(handler_name(ssignal(sig, SIG_DFL)));
        read_back("after ssignal(SIG_DFL)", sig);
        siginterrupt(sig, 1);
        signal(sig, own_say);
        read_back("signal after siginterrupt", sig);
        siginterrupt(sig, 0);
        read_back("after siginterrupt(0)", sig);
}

static void readback(const struct zoo_plan *plan UNUSED)
{
        static const int refused[] = { SIGKILL, SIGSTOP, 0, -1, 32, 999 };
        struct sigaction act = { .sa_handler = own_say };
        char line[128];

        for (size_t i = 0; i < sizeof(crash_signals) / sizeof(crash_signals[0]); i++)
                set_and_read(crash_signals[i]);
        set_and_read(SIGUSR1);
        for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
                int err = sigaction(refused[i], &act, NULL) < 0 ? errno : 0;
                const char *old = handler_name(signal(refused[i], own_say));

                snprintf(line, sizeof(line), "signal %d: %s, %s %s", refused[i], strerrorname_np(err), old,
                         strerrorname_np(errno));
                zoo_say(line);
        }
}

const struct zoo_word signal_words[] = {
        { "raise", raise_word },
        { "kill-self", kill_self },
        { "queue-self", queue_self },
        { "timer", timer_word },
        { "abort", abort_word },
        { "assert", assert_word },
        { "fortify", fortify },
        { "double-free", double_free },
        { "invalid-free", invalid_free },
        { "sigsys", sigsys },
        { "recover-often", recover_often },
        { "readback", readback },
        { "handler-", handler_prefix },
        { "tinystack-", tinystack_prefix },
        { "ownstack-", ownstack_prefix },
        { "nostack-", nostack_prefix },
        { "on-altstack-", on_altstack_prefix },
        { "blocked-", blocked_prefix },
        { "ignored-", ignored_prefix },
        { "own-", own_prefix },
        { "storm-", storm_prefix },
        { NULL, NULL },
};
