/* SPDX-License-Identifier: MIT */
/* Stopping and releasing a process: process.h with children in the states of real programs. */
#include "tests/unit/tap.h"
#include "unwind/target/process.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)
#define PATIENCE_MS 60000 /* deadline for events that are fast unless the machine is busy */

/* Shared memory through which a child and the test communicate. */
static struct shared {
        volatile int ready, counter, stop;
        volatile pid_t tid, grandchild;
        volatile uint64_t death_ns, seen_ns;
} * shared;

static uint64_t now_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static void nap(void)
{
        struct timespec ms = { .tv_nsec = 1000000 };

        nanosleep(&ms, NULL);
}

static bool reaches(volatile int *what, int value)
{
        for (int i = 0; i < PATIENCE_MS && *what < value; i++)
                nap();
        return *what >= value;
}

static pid_t start(void (*body)(void))
{
        pid_t pid;

        memset(shared, 0, sizeof(*shared));
        pid = fork();
        if (!pid) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                body();
                _exit(0);
        }
        return pid;
}

static void finish(pid_t pid)
{
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
}

static int attach(pid_t pid, struct target **t)
{
        char why[512] = "";
        int err = process_attach(pid, now_ns() + PATIENCE_MS / 1000 * SECOND, t, why, sizeof(why));

        if (err)
                printf("# %s\n", why);
        return err;
}

static size_t with_registers(const struct target *t)
{
        size_t n = 0;

        for (size_t i = 0; i < t->thread_count; i++)
                n += t->threads[i].regs.known >> ARCH_REG_PC & 1;
        return n;
}

static void *wait_for_ever(void *arg)
{
        (void)arg;
        __sync_fetch_and_add(&shared->ready, 1);
        for (;;)
                pause();
        return NULL;
}

static void start_threads(int n)
{
        pthread_attr_t attr;
        pthread_t id;

        pthread_attr_init(&attr);
        pthread_attr_setstacksize(&attr, 65536);
        for (int i = 0; i < n; i++)
                pthread_create(&id, &attr, wait_for_ever, NULL);
}

/* ---- the ordinary case ---- */

static void many_threads(void)
{
        prctl(PR_SET_NAME, "many");
        start_threads(200);
        for (;; shared->counter++)
                sched_yield();
}

static void test_many_threads(void)
{
        pid_t pid = start(many_threads);
        struct target *t;
        int before;

        if (!reaches(&shared->ready, 200) || attach(pid, &t))
                exit(1);
        tap_is(t->thread_count, 201, "every thread is listed");
        tap_is(with_registers(t), 201, "every thread has registers");
        before = shared->counter;
        nap();
        tap_is((unsigned)shared->counter, (unsigned)before, "no thread runs");
        tap_is((unsigned)-process_load(t), 0, "mappings are read");
        tap_is((unsigned)-process_load(t), 0, "mappings may be read again");
        tap_ok(t->threads[0].tid == pid && strcmp(t->threads[0].name, "many") == 0, "names are read");
        process_release_all(t);
        tap_ok(reaches(&shared->counter, before + 100), "the process continues when it is released");
        target_free(t);
        finish(pid);
}

static void test_order_of_threads(void)
{
        pid_t pid = start(many_threads);
        struct arch_registers regs = { .known = 1u << ARCH_REG_PC };
        struct target *t;
        pid_t last;

        regs.v[ARCH_REG_PC] = 0x1234;
        if (!reaches(&shared->ready, 200) || attach(pid, &t))
                exit(1);
        last = t->threads[200].tid;
        tap_ok(process_set_crash(t, last, &regs) == 0 && t->threads[0].tid == last, "the crashed thread is put first");
        tap_ok(t->threads[1].tid == pid && t->threads[0].regs.v[ARCH_REG_PC] == 0x1234 &&
                       (t->threads[0].regs.known >> ARCH_REG_SP & 1),
               "the crash registers are used, the others are those read by ptrace");
        tap_is((unsigned)-process_set_crash(t, 1, &regs), ESRCH, "a thread that does not exist is rejected");
        target_free(t);
        finish(pid);
}

/* ---- odd states ---- */

static void *run_on(void *arg)
{
        pthread_join(*(pthread_t *)arg, NULL);
        shared->ready = 1;
        for (;; shared->counter++)
                sched_yield();
        return NULL;
}

static void leader_ends(void)
{
        static pthread_t self;
        pthread_t id;

        self = pthread_self();
        pthread_create(&id, NULL, run_on, &self);
        pthread_exit(NULL);
}

static void test_dead_leader(void)
{
        pid_t pid = start(leader_ends);
        struct target *t;

        if (!reaches(&shared->ready, 1))
                exit(1);
        if (tap_ok(attach(pid, &t) == 0, "a process whose first thread has ended can be attached to")) {
                tap_is(t->thread_count, 1, "its remaining thread is listed");
                target_free(t);
        }
        finish(pid);
}

static void idle(void)
{
        shared->ready = 1;
        for (;; shared->counter++)
                sched_yield();
}

static char state_of(pid_t pid)
{
        char path[64], text[256] = "";
        FILE *f;

        snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
        f = fopen(path, "r");
        if (f) {
                if (!fgets(text, sizeof(text), f))
                        text[0] = '\0';
                fclose(f);
        }
        return strrchr(text, ')') ? strrchr(text, ')')[2] : '?';
}

static void test_stopped(void)
{
        pid_t pid = start(idle);
        struct target *t;
        int status;

        reaches(&shared->ready, 1);
        kill(pid, SIGSTOP);
        waitpid(pid, &status, WUNTRACED);
        if (tap_ok(attach(pid, &t) == 0, "a process stopped by SIGSTOP can be attached to")) {
                tap_is(with_registers(t), 1, "a stopped process has registers");
                target_free(t);
        }
        for (int i = 0; i < 100 && state_of(pid) != 'T'; i++)
                nap();
        tap_ok(state_of(pid) == 'T', "it is still stopped when it is released");
        kill(pid, SIGCONT);
        tap_ok(reaches(&shared->counter, shared->counter + 10), "SIGCONT continues it");
        finish(pid);
}

static void count(int sig)
{
        (void)sig;
        shared->counter++;
}

static void take_signals(void)
{
        struct sigaction action = { .sa_handler = count };

        sigaction(SIGUSR1, &action, NULL);
        shared->ready = 1;
        for (;;)
                sched_yield();
}

static void test_signals_survive(void)
{
        enum { ROUNDS = 200 };
        pid_t pid = start(take_signals);
        int lost = 0;

        reaches(&shared->ready, 1);
        for (int i = 1; i <= ROUNDS && !lost; i++) {
                struct target *t;

                kill(pid, SIGUSR1);
                if (attach(pid, &t))
                        break;
                target_free(t);
                lost = !reaches(&shared->counter, i);
        }
        tap_is((unsigned)shared->counter, ROUNDS, "signals sent while the process is stopped are delivered");
        finish(pid);
}

static void *end_at_once(void *arg)
{
        return arg;
}

static void churn(void)
{
        shared->ready = 1;
        for (;;) {
                pthread_t ids[8];

                for (int i = 0; i < 8; i++)
                        if (pthread_create(&ids[i], NULL, end_at_once, NULL))
                                _exit(1);
                for (int i = 0; i < 8; i++)
                        pthread_join(ids[i], NULL);
                shared->counter++;
        }
}

static void test_churn(void)
{
        pid_t pid = start(churn);
        int good = 0;

        reaches(&shared->ready, 1);
        for (int i = 0; i < 100; i++) {
                struct target *t;

                if (attach(pid, &t))
                        continue;
                good += t->thread_count >= 1 && with_registers(t) == t->thread_count;
                target_free(t);
        }
        tap_is((unsigned)good, 100, "threads that start and end during the attach are handled");
        tap_ok(reaches(&shared->counter, shared->counter + 10), "the process continues to start and end threads");
        finish(pid);
}

static int wait_to_stop(void *arg)
{
        (void)arg;
        while (!shared->stop)
                nap();
        return 0;
}

/* The parent in vfork(2) sleeps uninterruptibly until its child is done. */
static void sleep_in_vfork(void)
{
        static char stack[65536] __attribute__((aligned(16)));
        pthread_t id;

        pthread_create(&id, NULL, wait_for_ever, NULL);
        reaches(&shared->ready, 1);
        clone(wait_to_stop, stack + sizeof(stack), CLONE_VM | CLONE_VFORK, NULL);
        shared->counter = 1;
        for (;;)
                pause();
}

static void test_uninterruptible(void)
{
        pid_t pid = start(sleep_in_vfork);
        uint64_t begin;
        struct target *t;

        reaches(&shared->ready, 1);
        for (int i = 0; i < PATIENCE_MS && state_of(pid) != 'D'; i++)
                nap();
        begin = now_ns();
        if (tap_ok(attach(pid, &t) == 0, "a process with a thread in uninterruptible sleep can be attached to")) {
                tap_ok(now_ns() - begin < PATIENCE_MS / 2000 * SECOND, "the attach does not wait until the deadline");
                tap_ok(t->thread_count == 2 && with_registers(t) == 1,
                       "the sleeping thread is listed without registers");
                shared->stop = 1;
                /* Only a stopped thread can be detached: PTRACE_DETACH of one that has merely left its sleep fails with
                 * ESRCH (ptrace(2)), and it then stops and is never continued. */
                for (int i = 0; i < PATIENCE_MS && state_of(pid) != 't'; i++)
                        nap();
                target_free(t);
        }
        shared->stop = 1;
        tap_ok(reaches(&shared->counter, 1), "it continues when its sleep ends");
        finish(pid);
}

/* ---- refusals ---- */

static void test_other_tracer(void)
{
        pid_t pid = start(idle), tracer, self = getpid();
        char why[512] = "", wanted[64];
        struct target *t;
        int err;

        reaches(&shared->ready, 1);
        tracer = fork();
        if (!tracer) {
                prctl(PR_SET_NAME, "rival");
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (getppid() != self || ptrace(PTRACE_SEIZE, pid, NULL, NULL))
                        _exit(1);
                shared->stop = 1;
                for (;;)
                        pause();
        }
        reaches(&shared->stop, 1);
        err = process_attach(pid, now_ns() + SECOND, &t, why, sizeof(why));
        snprintf(wanted, sizeof(wanted), "process %d (rival)", (int)tracer);
        tap_ok(err == -EPERM && strstr(why, wanted), "another tracer is named: %s", why);
        finish(tracer);
        finish(pid);
}

static void test_no_process(void)
{
        pid_t pid = start(idle);
        char why[512] = "";
        struct target *t;
        int err;

        finish(pid);
        err = process_attach(pid, now_ns() + SECOND, &t, why, sizeof(why));
        tap_ok(err == -ESRCH && strstr(why, "no such process"), "a process that has ended is reported: %s", why);
        err = process_open(pid, &t, why, sizeof(why));
        tap_ok(err == -ENOENT, "a process that has ended is reported without ptrace: %s", why);
}

/* ---- memory ---- */

static void deny(long call)
{
        struct sock_filter filter[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static const char text_in_child[] = "read me";

static bool reads(struct target *t)
{
        char text[sizeof(text_in_child)] = "";

        return target_read(t, (uint64_t)(uintptr_t)text_in_child, text, sizeof(text)) == 0 &&
               strcmp(text, text_in_child) == 0;
}

/* In a separate process, because the filter cannot be removed. */
static void test_memory_by_file(void)
{
        pid_t pid = start(idle), reader;
        int status = -1;

        reaches(&shared->ready, 1);
        reader = fork();
        if (!reader) {
                struct target *t;

                deny(SYS_process_vm_readv);
                if (attach(pid, &t) || process_load(t))
                        _exit(1);
                _exit(reads(t) && t->modules.n >= 3 ? 0 : 2);
        }
        waitpid(reader, &status, 0);
        tap_is((unsigned)status, 0, "without process_vm_readv memory is read through /proc/PID/mem");
        finish(pid);
}

static void test_memory_outlives(void)
{
        pid_t pid = start(idle);
        struct target *t;
        char byte;

        reaches(&shared->ready, 1);
        if (attach(pid, &t) || process_load(t))
                exit(1);
        tap_ok(reads(t), "memory of the process is read");
        tap_is((unsigned)-target_read(t, 8, &byte, 1), EFAULT, "an unmapped address causes an error");
        tap_is((unsigned)-target_read(t, UINT64_MAX - 4, &byte, 8), EFAULT,
               "a read past the end of the address space causes an error");
        process_release_all(t);
        finish(pid);
        tap_ok(reads(t), "memory read before is readable after the process has died");
        target_free(t);
}

/* ---- death ---- */

static void *die(void *arg)
{
        (void)arg;
        shared->tid = (pid_t)syscall(SYS_gettid);
        shared->ready++;
        while (!shared->stop)
                ;
        shared->death_ns = now_ns();
        kill(getpid(), SIGKILL);
        return NULL;
}

static void die_with_threads(void)
{
        pthread_t id;

        start_threads(50);
        reaches(&shared->ready, 50);
        pthread_create(&id, NULL, die, NULL);
        for (;;)
                pause();
}

/* The real parent is a process other than the tracer, as in real use. */
static void parent_of_dying(void)
{
        pid_t pid = fork();
        int status;

        if (!pid) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                die_with_threads();
        }
        shared->grandchild = pid;
        if (waitpid(pid, &status, 0) == pid) {
                shared->seen_ns = now_ns();
                shared->counter = status;
        }
}

static void test_death(void)
{
        pid_t parent = start(parent_of_dying);
        uint64_t begin;
        struct target *t;

        if (!reaches(&shared->ready, 51) || attach(shared->grandchild, &t))
                exit(1);
        process_release_thread(t, shared->tid);
        shared->stop = 1;
        begin = now_ns();
        process_hold_until_death(t, begin + 5 * SECOND);
        tap_ok(now_ns() - begin < SECOND, "holding ends when the process ends");
        waitpid(parent, NULL, 0);
        tap_is((unsigned)shared->counter, SIGKILL, "its parent receives the original wait status");
        tap_ok(shared->seen_ns - shared->death_ns < SECOND / 10, "the parent receives it after %llu us",
               (unsigned long long)(shared->seen_ns - shared->death_ns) / 1000);
        target_free(t);
}

static void test_no_death(void)
{
        pid_t pid = start(many_threads);
        uint64_t begin;
        struct target *t;

        if (!reaches(&shared->ready, 200) || attach(pid, &t))
                exit(1);
        process_release_thread(t, pid);
        begin = now_ns();
        process_hold_until_death(t, begin + SECOND / 20);
        tap_ok(now_ns() - begin < SECOND, "without a death, holding ends at the deadline");
        tap_ok(reaches(&shared->counter, shared->counter + 100) && state_of(pid) != 't', "all threads are released");
        target_free(t);
        finish(pid);
}

int main(void)
{
        shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        test_many_threads();
        test_order_of_threads();
        test_dead_leader();
        test_stopped();
        test_signals_survive();
        test_churn();
        test_uninterruptible();
        test_other_tracer();
        test_no_process();
        test_memory_by_file();
        test_memory_outlives();
        test_death();
        test_no_death();
        return tap_done();
}
