/* SPDX-License-Identifier: MIT */
/* tests/tools/delivery.c: which stack the kernel uses for a signal, what a handler finds above itself, and what else a program can notice of how
 * its handlers come to run. The first argument is the name of a scene (table at the end); prints what it sees.
 *
 * build-flags: -rdynamic -fno-omit-frame-pointer -fno-optimize-sibling-calls
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif

#define SIZE 65536
#define UNUSED __attribute__((unused))

static sigjmp_buf back;
static volatile sig_atomic_t calls;
static char *stack;

static void say(const char *text)
{
        char line[200];

        (void)!write(1, line, (size_t)snprintf(line, sizeof(line), "%s\n", text));
}

static void set(int sig, void (*handler)(int), int flags)
{
        struct sigaction act = { .sa_handler = handler, .sa_flags = flags };

        if (sigaction(sig, &act, NULL) < 0)
                _exit(77);
}

static int *volatile nowhere = NULL;

__attribute__((noinline)) void fault(void); /* exported: -rdynamic */
void fault(void)
{
        *nowhere = 1;
        __asm__ volatile("" ::: "memory");
}

static void nothing(int sig UNUSED)
{
}

static void jump_back(int sig UNUSED)
{
        calls++;
        siglongjmp(back, 1);
}

static void give_stack(size_t size, int flags)
{
        stack_t ss = { .ss_size = size, .ss_flags = flags };

        stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ss.ss_sp = stack;
        if (sigaltstack(&ss, NULL) < 0)
                _exit(77);
}

/* ---- an alternate stack that was given up without telling the kernel ---- */

static bool is_untouched(void)
{
        for (size_t i = 0; i < SIZE; i++)
                if (stack[i] != 0x55)
                        return false;
        return true;
}

static void lose_stack(const char *how)
{
        set(SIGHUP, nothing, SA_ONSTACK);
        give_stack(strcmp(how, "small") ? SIZE : 2048, 0);
        if (!strcmp(how, "unmap"))
                munmap(stack, SIZE);
        else
                memset(stack, 0x55, SIZE);
}

static void lost_fault(const char *how)
{
        lose_stack(how);
        set(SIGSEGV, jump_back, 0);
        if (!sigsetjmp(back, 1))
                fault();
        if (strcmp(how, "unmap"))
                say(is_untouched() ? "untouched" : "overwritten");
        say(calls ? "handled" : "not handled");
}

static void lost_sent(const char *how)
{
        const int sent[] = { SIGBUS, SIGFPE, SIGABRT, SIGTRAP };

        lose_stack(how);
        for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
                set(sent[i], jump_back, SA_RESTART);
                if (!sigsetjmp(back, 1))
                        raise(sent[i]);
        }
        if (strcmp(how, "unmap"))
                say(is_untouched() ? "untouched" : "overwritten");
        say(calls == 4 ? "handled" : "not handled");
}

static void lost_abort(const char *how)
{
        lose_stack(how);
        abort();
}

static void lost_default_fault(const char *how)
{
        lose_stack(how);
        fault();
}

static void *thread_that_loses(void *how)
{
        lost_fault(how);
        return NULL;
}

static void lost_in_thread(const char *how)
{
        pthread_t thread;

        pthread_create(&thread, NULL, thread_that_loses, (void *)(uintptr_t)how);
        pthread_join(thread, NULL);
}

/* ---- a stack overflow ---- */

static __attribute__((noinline)) int overflow(volatile int *p)
{
        volatile int here[256];

        here[0] = *p;
        return here[0] < 0 ? 0 : overflow(here) + here[0];
}

static void to_default(int sig)
{
        say("handler: back to the default action");
        signal(sig, SIG_DFL);
}

static void overflow_after_handler(const char *unused UNUSED)
{
        volatile int zero = 0;

        give_stack(SIZE, 0);
        set(SIGSEGV, to_default, SA_ONSTACK);
        overflow(&zero);
}

/* ---- what stands above a handler ---- */

static void say_frame(const char *label, void *pc)
{
        Dl_info info;
        char line[200];
        const char *name = dladdr(pc, &info) && info.dli_sname && !strchr(info.dli_fname, '.') ? info.dli_sname : "-";

        snprintf(line, sizeof(line), "%s %s", label, name);
        say(line);
}

void say_frames(int sig);
void say_frames(int sig UNUSED)
{
        void *frame[32];
        int n = backtrace(frame, 32);

        for (int i = 0; i < 4 && i < n; i++)
                say_frame("frame", i == 2 ? frame[i] : (char *)frame[i] - 1); /* 2: the interrupted one */
        _exit(n > 3 ? 3 : 4);
}

static void say_registers(int sig UNUSED, siginfo_t *info, void *context)
{
        const ucontext_t *uc = context;
        char line[200];

        snprintf(line, sizeof(line), "code %d address %p link %p, info is %td from the context, return address %td",
                 info->si_code, info->si_code > 0 ? info->si_addr : NULL, (void *)uc->uc_link,
                 (char *)info - (char *)context, (char *)__builtin_frame_address(0) + sizeof(void *) - (char *)context);
        say(line);
        say_frame("return address in", __builtin_return_address(0));
}

void interrupted_fault(const char *flags);
void interrupted_fault(const char *flags)
{
        void *warm[2];

        backtrace(warm, 2); /* loads libgcc_s */
        if (!strcmp(flags, "onstack"))
                give_stack(SIZE, 0);
        set(SIGSEGV, say_frames, !strcmp(flags, "plain") ? 0 : SA_ONSTACK);
        fault();
}

static void registers(const char *unused UNUSED)
{
        struct sigaction act = { .sa_sigaction = say_registers, .sa_flags = SA_SIGINFO };

        for (int onstack = 0; onstack < 2; onstack++) {
                if (onstack)
                        give_stack(SIZE, 0);
                act.sa_flags |= onstack ? SA_ONSTACK : 0;
                sigaction(SIGSEGV, &act, NULL);
                sigaction(SIGUSR1, &act, NULL);
                raise(SIGSEGV);
                raise(SIGUSR1);
        }
}

/* ---- other ways to use stacks ---- */

static void say_stack(int sig UNUSED, siginfo_t *info UNUSED, void *context)
{
        const ucontext_t *uc = context;
        stack_t now;
        char line[200];

        sigaltstack(NULL, &now);
        snprintf(line, sizeof(line), "%s, flags %#x, in the context: %s, flags %#x",
                 (size_t)((char *)&line - stack) < SIZE ? "on it" : "not on it", (unsigned)now.ss_flags,
                 uc->uc_stack.ss_sp == stack ? "it" : "another",
                 uc->uc_stack.ss_sp == stack ? (unsigned)uc->uc_stack.ss_flags : 0);
        say(line);
}

static void with_flags(int more, int stack_flags, bool raw)
{
        struct sigaction act = { .sa_sigaction = say_stack, .sa_flags = SA_SIGINFO | more };
        stack_t ss = { .ss_size = SIZE, .ss_flags = stack_flags };

        stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ss.ss_sp = stack;
        if ((raw ? syscall(SYS_sigaltstack, &ss, NULL) : sigaltstack(&ss, NULL)) < 0)
                _exit(77);
        sigaction(SIGSEGV, &act, NULL);
        sigaction(SIGUSR1, &act, NULL);
        raise(SIGSEGV);
        raise(SIGUSR1);
        raise(SIGSEGV);
}

static void disarmed(const char *unused UNUSED)
{
        with_flags(SA_ONSTACK, (int)SS_AUTODISARM, false);
}

static void raw_stack(const char *unused UNUSED)
{
        with_flags(SA_ONSTACK, 0, true);
        with_flags(0, 0, true);
}

static ucontext_t outside, inside;

static void swap_out(int sig UNUSED)
{
        calls++;
        swapcontext(&inside, &outside);
        say("resumed in the handler");
}

static void run_swapped(void)
{
        raise(SIGSEGV);
        say("returned from the handler");
}

static void swapped(const char *flags)
{
        static char coroutine[SIZE];
        static ucontext_t begin;

        if (!strcmp(flags, "onstack"))
                give_stack(SIZE, 0);
        set(SIGSEGV, swap_out, (!strcmp(flags, "onstack") ? SA_ONSTACK : 0) | SA_NODEFER);
        getcontext(&begin);
        begin.uc_stack = (stack_t){ .ss_sp = coroutine, .ss_size = sizeof(coroutine) };
        begin.uc_link = &outside;
        makecontext(&begin, run_swapped, 0);
        swapcontext(&outside, &begin);
        say("outside");
        if (calls == 1) {
                calls++;
                swapcontext(&outside, &inside);
        }
        say("the end");
}

/* ---- other processes, other ways to see actions ---- */

static void vforked(const char *unused UNUSED)
{
        pid_t pid;
        int status;

        set(SIGSEGV, jump_back, 0);
        for (volatile int how = 0; how < 2; how++) {
                pid = vfork();
                if (pid == 0) {
                        for (int sig = 1; sig < 32; sig++)
                                signal(sig, how ? SIG_IGN : SIG_DFL);
                        _exit(5);
                }
                waitpid(pid, &status, 0);
                if (!sigsetjmp(back, 1))
                        fault();
        }
        say(calls == 2 ? "the parent's handler is still there" : "the parent's handler is lost");
        set(SIGABRT, SIG_IGN, 0);
        pid = vfork();
        if (pid == 0) {
                signal(SIGABRT, SIG_DFL);
                _exit(5);
        }
        waitpid(pid, &status, 0);
        raise(SIGABRT);
        say("SIGABRT is still ignored");
}

/* The kernel's struct sigaction (asm/signal.h). */
struct raw_action {
        void (*handler)(int, siginfo_t *, void *);
        unsigned long flags;
        void (*restorer)(void);
        uint64_t mask;
};
static struct raw_action raw_old;

static void chain(int sig, siginfo_t *info, void *context)
{
        say("the bypassing handler");
        if (raw_old.handler != (void (*)(int, siginfo_t *, void *))(uintptr_t)SIG_DFL)
                raw_old.handler(sig, info, context);
        else
                signal(sig, SIG_DFL);
}

/* As Go's run-time does: reads the kernel's action by a system call, installs its own, and calls the previous one. */
static void bypassed(const char *unused UNUSED)
{
        struct raw_action act = { .handler = chain, .flags = SA_SIGINFO | SA_ONSTACK | 0x04000000 };
        struct sigaction libc;
        struct raw_action for_restorer;

        set(SIGUSR1, nothing, 0);
        syscall(SYS_rt_sigaction, SIGUSR1, NULL, &for_restorer, 8);
        act.restorer = for_restorer.restorer;
        syscall(SYS_rt_sigaction, SIGSEGV, &act, &raw_old, 8);
        sigaction(SIGSEGV, NULL, &libc);
        say(libc.sa_sigaction == chain ? "read back" : "not read back");
        fault();
}

/* ---- abort() ---- */

static void exec_true(int sig UNUSED)
{
        execl("/bin/true", "true", NULL);
        _exit(9);
}

void aborted(const char *how);
void aborted(const char *how)
{
        set(SIGABRT, !strcmp(how, "return") ? nothing : !strcmp(how, "jump") ? jump_back : exec_true, 0);
        if (!sigsetjmp(back, 1))
                abort();
        say("jumped out");
        if (!sigsetjmp(back, 1))
                abort();
        say("jumped out again");
        raise(SIGHUP == 1 ? SIGCHLD : 0);
}

/* ---- SIGSTKFLT ---- */

static void say_got(int sig)
{
        say(sig == SIGSTKFLT ? "got it" : "got another");
}

static void is_pending(const char *label)
{
        sigset_t pending;

        sigpending(&pending);
        printf("%s: %s\n", label, sigismember(&pending, SIGSTKFLT) ? "pending" : "not pending");
        fflush(stdout);
}

static void stack_fault(const char *unused UNUSED)
{
        const int hardware[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS };
        const struct timespec now = { 0, 0 };
        sigset_t all, one, old;

        sigemptyset(&one);
        sigaddset(&one, SIGSTKFLT);
        for (size_t removed = 0; removed <= sizeof(hardware) / sizeof(hardware[0]); removed++) {
                sigfillset(&all);
                for (size_t i = 0; i < removed; i++)
                        sigdelset(&all, hardware[i]);
                sigprocmask(SIG_SETMASK, &all, NULL);
                kill(getpid(), SIGSTKFLT);
                is_pending("blocked");
                sigprocmask(SIG_BLOCK, NULL, &old);
                printf("%d %d\n", sigismember(&old, SIGSTKFLT), sigismember(&old, SIGSEGV));
                printf("waited: %d\n", sigtimedwait(&one, NULL, &now));
                is_pending("taken");
        }
        set(SIGSTKFLT, say_got, 0);
        kill(getpid(), SIGSTKFLT);
        sigprocmask(SIG_UNBLOCK, &one, NULL);
        sigfillset(&all);
        sigdelset(&all, SIGSTKFLT);
        sigprocmask(SIG_SETMASK, &all, NULL);
        raise(SIGSTKFLT);
        set(SIGSTKFLT, SIG_IGN, 0);
        raise(SIGSTKFLT);
        say("ignored");
        set(SIGSTKFLT, SIG_DFL, 0);
        raise(SIGSTKFLT);
}

/* ---- masks in a handler ---- */

static void say_blocked(const char *label)
{
        sigset_t now;
        char line[100];
        uint64_t bits;

        sigprocmask(SIG_BLOCK, NULL, &now);
        memcpy(&bits, &now, sizeof(bits));
        snprintf(line, sizeof(line), "%s %016llx", label, (unsigned long long)bits);
        say(line);
}

static void repaired(int sig UNUSED)
{
        calls++;
        if (calls % 2)
                say_blocked("in the handler");
}

/* A thread that has blocked all but the hardware signals, as many do, and a handler that returns, at one depth of the stack after another. */
static __attribute__((noinline)) void deeper(int depth)
{
        char here[3000];

        memset(here, depth, sizeof(here));
        __asm__ volatile("" ::"r"(here) : "memory");
        raise(SIGSEGV);
        say_blocked("between");
        if (depth)
                deeper(depth - 1);
        __asm__ volatile("" ::"r"(here) : "memory");
}

static void block_but_faults(void)
{
        sigset_t mask;

        sigfillset(&mask);
        sigdelset(&mask, SIGSEGV);
        sigdelset(&mask, SIGBUS);
        sigdelset(&mask, SIGFPE);
        sigdelset(&mask, SIGILL);
        sigdelset(&mask, SIGTRAP);
        sigdelset(&mask, SIGSYS);
        sigprocmask(SIG_SETMASK, &mask, NULL);
}

static void worker_mask(const char *unused UNUSED)
{
        block_but_faults();
        set(SIGSEGV, repaired, SA_NODEFER);
        deeper(5);
        set(SIGSEGV, nothing, 0);
        deeper(5);
        printf("%d calls\n", (int)calls);
}

static void fault_again(int sig UNUSED)
{
        if (calls++ < 3)
                fault();
        _exit(6);
}

static void worker_nested(const char *unused UNUSED)
{
        block_but_faults();
        set(SIGSEGV, fault_again, 0);
        fault();
}

/* As the JVM's: unblocks the signals of faults in its handler, which is prepared for more of them. */
static void unblock_and_fault(int sig)
{
        sigset_t one;

        if (calls++ == 3)
                _exit(6);
        sigemptyset(&one);
        sigaddset(&one, sig);
        pthread_sigmask(SIG_UNBLOCK, &one, NULL);
        fault();
}

/* `how`: the mask of the handler and that of the thread. */
static void nested_on_purpose(const char *how)
{
        struct sigaction act = { .sa_handler = unblock_and_fault };

        if (strstr(how, "full"))
                sigfillset(&act.sa_mask);
        if (strstr(how, "worker"))
                block_but_faults();
        sigaction(SIGSEGV, &act, NULL);
        fault();
}

static void default_again(int sig)
{
        signal(sig, SIG_DFL);
        raise(sig);
}

static void raised_again(const char *unused UNUSED)
{
        set(SIGFPE, default_again, 0);
        raise(SIGFPE);
}

/* ---- an application that blocks SIGSTKFLT, and masks that handlers leave behind ---- */

static void count(int sig UNUSED)
{
        calls++;
}

static void *raise_thrice(void *unused)
{
        for (int i = 0; i < 3; i++) {
                raise(SIGSEGV);
                say_blocked("between");
        }
        return unused;
}

static void block(uint64_t mask)
{
        sigset_t set;

        sigemptyset(&set);
        memcpy(&set, &mask, sizeof(mask));
        sigprocmask(SIG_SETMASK, &set, NULL);
}

static void on_thread(void *(*start)(void *))
{
        pthread_t thread;

        pthread_create(&thread, NULL, start, NULL);
        pthread_join(thread, NULL);
}

/* All signals but the real-time ones and those of faults, as a mask of 32 bits can hold them, or SIGSTKFLT alone. */
static void blocks_stack_fault(const char *how)
{
        const uint64_t one = UINT64_C(1) << (SIGSTKFLT - 1), low = 0x3ffbfa27;

        set(SIGSEGV, count, 0);
        raise_thrice(NULL);
        on_thread(raise_thrice);
        block(strcmp(how, "one") ? low : one);
        raise_thrice(NULL);
        on_thread(raise_thrice);
        on_thread(raise_thrice);
        block(0);
        raise_thrice(NULL);
        set(SIGSEGV, nothing, 0);
        block(strcmp(how, "one") ? low : one);
        deeper(5);
        printf("%d calls\n", (int)calls);
        fflush(stdout);
        calls = 0;
        set(SIGSEGV, fault_again, 0);
        fault();
}

static jmp_buf left;

static void leave_mask(int sig)
{
        longjmp(left, sig);
}

static __attribute__((noinline)) void raise_deeper(int depth, int sig)
{
        char here[3000];

        memset(here, depth, sizeof(here));
        __asm__ volatile("" ::"r"(here) : "memory");
        if (depth)
                raise_deeper(depth - 1, sig);
        else
                raise(sig);
        __asm__ volatile("" ::"r"(here) : "memory");
}

static __attribute__((noinline)) void leave_and_return(int depth)
{
        if (!setjmp(left))
                raise_deeper(depth, SIGFPE);
        say_blocked("left");
        raise(SIGSEGV);
        raise(SIGSEGV);
        raise(SIGSEGV);
        printf("%d calls\n", (int)calls);
}

static void left_behind(const char *how)
{
        set(SIGFPE, leave_mask, 0);
        set(SIGSEGV, count, 0);
        if (!strcmp(how, "deep"))
                raise(SIGSEGV);
        leave_and_return(strcmp(how, "deep") ? 0 : 10);
}

/* ---- memory that is made writable by a handler, in workers whose stacks lie side by side with alternate ones ---- */

#define WORKERS 32
#define PAGE 4096
static char *barrier_pages;

static void make_writable(int sig UNUSED, siginfo_t *info, void *context UNUSED)
{
        char *page = (char *)((uintptr_t)info->si_addr & ~(uintptr_t)(PAGE - 1)); // NOLINT(performance-no-int-to-ptr)

        __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
        if ((size_t)(page - barrier_pages) >= WORKERS * PAGE || mprotect(page, PAGE, PROT_READ | PROT_WRITE))
                _exit(9);
}

static void *barrier_worker(void *page)
{
        sigset_t mask;

        sigfillset(&mask);
        sigdelset(&mask, SIGSEGV);
        pthread_sigmask(SIG_SETMASK, &mask, NULL);
        for (int i = 0; i < 5; i++) {
                mprotect(page, PAGE, PROT_READ);
                *(volatile char *)page = 1;
        }
        return NULL;
}

static void write_barrier(const char *unused UNUSED)
{
        struct sigaction act = { .sa_sigaction = make_writable, .sa_flags = SA_SIGINFO };
        pthread_t thread[WORKERS];

        barrier_pages = mmap(NULL, WORKERS * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        sigaction(SIGSEGV, &act, NULL);
        for (int i = 0; i < WORKERS; i++)
                if (pthread_create(&thread[i], NULL, barrier_worker, barrier_pages + i * PAGE))
                        _exit(77);
        for (int i = 0; i < WORKERS; i++)
                pthread_join(thread[i], NULL);
        printf("%d faults\n", (int)calls);
}

/* ---- more handlers at a time than usual ---- */

#define MANY 300
static pthread_barrier_t all_there;
static volatile int wrong;

static void look(int sig UNUSED)
{
        sigset_t now;

        pthread_barrier_wait(&all_there);
        sigprocmask(SIG_BLOCK, NULL, &now);
        if (!sigismember(&now, SIGSEGV) || sigismember(&now, SIGSTKFLT))
                __atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
        pthread_barrier_wait(&all_there);
}

static void *raise_once(void *unused)
{
        raise(SIGSEGV);
        return unused;
}

static void many_handlers(const char *unused UNUSED)
{
        pthread_t thread[MANY];
        pthread_attr_t attr;

        set(SIGSEGV, look, 0);
        pthread_barrier_init(&all_there, NULL, MANY);
        pthread_attr_init(&attr);
        pthread_attr_setstacksize(&attr, SIZE);
        for (int i = 0; i < MANY; i++)
                if (pthread_create(&thread[i], &attr, raise_once, NULL))
                        _exit(77);
        for (int i = 0; i < MANY; i++)
                pthread_join(thread[i], NULL);
        printf("%d wrong masks\n", wrong);
}

/* ---- ignored signals, and other programs ---- */

static void ignored_again(const char *how)
{
        set(SIGABRT, SIG_IGN, SA_RESTART);
        if (!strcmp(how, "exec"))
                execl("/nonexistent", "nonexistent", NULL);
        else if (system("true"))
                _exit(77);
        raise(SIGABRT);
        say("ignored");
        abort();
}

/* ---- no room for a record of who sent a signal ---- */

static void unrecorded(const char *unused UNUSED)
{
        const struct rlimit none = { 0, 0 };

        setrlimit(RLIMIT_SIGPENDING, &none);
        abort();
}

/* ---- the loader's lock ---- */

static void *open_slowly(void *path)
{
        dlopen(path, RTLD_NOW);
        return NULL;
}

static void starts_true(void (*start)(void))
{
        pid_t pid = fork();

        if (pid == 0) {
                start();
                _exit(9);
        }
        waitpid(pid, NULL, 0);
}

static void exec_it(void)
{
        execl("/bin/true", "true", NULL);
}

/* Another thread is in dlopen() until all of this is done. */
static void loading(const char *unused UNUSED)
{
        struct sigevent event = { .sigev_notify = SIGEV_NONE };
        int in[2], out[2];
        pthread_t thread;
        timer_t timer;
        char byte;

        dlopen("/nonexistent.so", RTLD_NOW);
        if (pipe(in) < 0 || pipe(out) < 0 || dup2(in[0], 100) < 0 || dup2(out[1], 101) < 0)
                _exit(77);
        pthread_create(&thread, NULL, open_slowly, getenv("PLUGIN"));
        if (read(out[0], &byte, 1) != 1)
                _exit(77);
        starts_true(exec_it);
        say(system("true") ? "system failed" : "system");
        say(timer_create(CLOCK_MONOTONIC, &event, &timer) ? "timer_create failed" : "timer_create");
        say(dlerror() ? "dlerror() has its text" : "dlerror() has lost its text");
        (void)!write(in[1], &byte, 1);
        pthread_join(thread, NULL);
}

/* ---- strict mode ---- */

static void strict(const char *unused UNUSED)
{
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) < 0)
                _exit(77);
        fault();
}

/* ---- a plugin ---- */

/* `how`: "now" or "lazy", "deep" or "flat", and an entry of libbypass.so, as in "lazy-deep-chain". */
static void plugged(const char *how)
{
        int mode = (strncmp(how, "now", 3) ? RTLD_LAZY : RTLD_NOW) | (strstr(how, "deep") ? RTLD_DEEPBIND : 0);
        void *plugin = dlopen(getenv("PLUGIN"), mode), *entry;
        void (*call)(void);

        if (!plugin || !(entry = dlsym(plugin, strrchr(how, '-') + 1)))
                _exit(77);
        memcpy(&call, &entry, sizeof(call));
        call();
        fault();
}

static const struct {
        const char *name;
        void (*play)(const char *argument);
} scenes[] = {
        { "lost-fault", lost_fault },
        { "lost-sent", lost_sent },
        { "lost-abort", lost_abort },
        { "lost-default-fault", lost_default_fault },
        { "lost-in-thread", lost_in_thread },
        { "overflow-after-handler", overflow_after_handler },
        { "frames", interrupted_fault },
        { "registers", registers },
        { "disarmed", disarmed },
        { "raw-stack", raw_stack },
        { "swapped", swapped },
        { "vforked", vforked },
        { "bypassed", bypassed },
        { "aborted", aborted },
        { "stkflt", stack_fault },
        { "worker-mask", worker_mask },
        { "worker-nested", worker_nested },
        { "nested-on-purpose", nested_on_purpose },
        { "raised-again", raised_again },
        { "plugged", plugged },
        { "unrecorded", unrecorded },
        { "loading", loading },
        { "strict", strict },
        { "blocks-stack-fault", blocks_stack_fault },
        { "left-behind", left_behind },
        { "write-barrier", write_barrier },
        { "many-handlers", many_handlers },
        { "ignored-again", ignored_again },
};

int main(int argc, char **argv)
{
        if (argc < 2)
                return 77;
        for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
                if (!strcmp(argv[1], scenes[i].name)) {
                        scenes[i].play(argc > 2 ? argv[2] : "");
                        return 0;
                }
        return 77;
}
