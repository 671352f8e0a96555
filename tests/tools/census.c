/* SPDX-License-Identifier: MIT */
/* tests/tools/census.c: calls one function, whose name is the first argument, as often as the second argument says, so that its system calls can be
 * counted from outside. Each stands for a group of interposed functions. A third argument installs a seccomp filter first, by "prctl" or by
 * "syscall", that allows everything.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

extern char **environ;
static sigjmp_buf back;

static void nothing(int sig UNUSED)
{
}

static void jump_back(int sig UNUSED)
{
        siglongjmp(back, 1);
}

static void forked(void)
{
        pid_t pid = fork();

        if (pid == 0)
                _exit(0);
        waitpid(pid, NULL, 0);
}

static void vforked(void)
{
        pid_t pid = vfork();

        if (pid == 0)
                _exit(0);
        waitpid(pid, NULL, 0);
}

static void executed(void)
{
        pid_t pid = vfork();

        if (pid == 0) {
                execl("/nonexistent", "nonexistent", NULL);
                _exit(0);
        }
        waitpid(pid, NULL, 0);
}

static void *thread(void *p)
{
        return p;
}

static void threaded(void)
{
        pthread_t t;

        if (pthread_create(&t, NULL, thread, NULL) == 0)
                pthread_join(t, NULL);
}

static void threaded_own_stack(void)
{
        static char stack[1 << 17] __attribute__((aligned(4096)));
        pthread_attr_t attr;
        pthread_t t;

        pthread_attr_init(&attr);
        pthread_attr_setstack(&attr, stack, sizeof(stack));
        if (pthread_create(&t, &attr, thread, NULL) == 0)
                pthread_join(t, NULL);
}

static int thread_c11(void *p UNUSED)
{
        return 0;
}

static void threaded_c11(void)
{
        thrd_t t;

        if (thrd_create(&t, thread_c11, NULL) == thrd_success)
                thrd_join(t, NULL);
}

static void action(void)
{
        struct sigaction act = { .sa_handler = nothing }, old;

        sigaction(SIGSEGV, &act, &old);
}

static void action_read(void)
{
        struct sigaction old;

        sigaction(SIGSEGV, NULL, &old);
}

static void actions_default(void)
{
        signal(SIGABRT, SIG_DFL);
        signal(SIGSEGV, SIG_DFL);
        signal(SIGUSR1, SIG_DFL);
}

static void raised(void)
{
        raise(SIGSEGV);
}

static void raised_and_left(void)
{
        if (!sigsetjmp(back, 1))
                raise(SIGFPE);
}

static void raised_unwatched(void)
{
        raise(SIGUSR1);
}

static void masked(void)
{
        sigset_t set, old;

        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        sigprocmask(SIG_BLOCK, &set, &old);
        pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void masked_all(void)
{
        sigset_t set, old;

        sigfillset(&set);
        sigprocmask(SIG_BLOCK, &set, &old);
        sigprocmask(SIG_SETMASK, &old, NULL);
}

static void masked_one(void)
{
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGSEGV);
        sigprocmask(SIG_BLOCK, &set, NULL);
        sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void spawned(void)
{
        char *argv[] = { (char *)(uintptr_t) "true", NULL };
        pid_t pid;

        if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ) == 0)
                waitpid(pid, NULL, 0);
}

static void shell(void)
{
        (void)!system("exit 0");
}

static void piped(void)
{
        FILE *f = popen("exit 0", "r");

        if (f)
                pclose(f);
}

static void alternate_stack(void)
{
        static char stack[65536];
        stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) }, old;

        sigaltstack(&ss, NULL);
        sigaltstack(NULL, &old);
}

static void timer(void)
{
        struct sigevent event = { .sigev_notify = SIGEV_NONE };
        timer_t t;

        if (timer_create(CLOCK_MONOTONIC, &event, &t) == 0)
                timer_delete(t);
}

static void control(void)
{
        prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
        syscall(SYS_getppid);
}

static const struct {
        const char *name;
        void (*call)(void);
} calls[] = {
        { "nothing", NULL },
        { "fork", forked },
        { "vfork", vforked },
        { "exec", executed },
        { "pthread_create", threaded },
        { "pthread_create-stack", threaded_own_stack },
        { "thrd_create", threaded_c11 },
        { "sigaction", action },
        { "sigaction-read", action_read },
        { "signal-default", actions_default },
        { "raise", raised },
        { "raise-siglongjmp", raised_and_left },
        { "raise-unwatched", raised_unwatched },
        { "sigprocmask", masked },
        { "sigprocmask-all", masked_all },
        { "sigprocmask-one", masked_one },
        { "posix_spawn", spawned },
        { "system", shell },
        { "popen", piped },
        { "sigaltstack", alternate_stack },
        { "timer_create", timer },
        { "prctl", control },
};

static int filter_calls(const char *how)
{
        struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
        struct sock_fprog program = { 1, &allow };

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -1;
        return strcmp(how, "syscall") ? prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0)
                                      : (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

int main(int argc, char **argv)
{
        int times = argc > 2 ? atoi(argv[2]) : 0;

        if (argc > 3 && filter_calls(argv[3]) < 0)
                return 77;
        signal(SIGSEGV, nothing);
        signal(SIGFPE, jump_back);
        signal(SIGUSR1, nothing);
        for (size_t i = 0; argc > 1 && i < sizeof(calls) / sizeof(calls[0]); i++) {
                if (strcmp(argv[1], calls[i].name))
                        continue;
                for (int n = 0; calls[i].call && n < times; n++)
                        calls[i].call();
                return 0;
        }
        return 77;
}
