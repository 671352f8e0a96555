/* SPDX-License-Identifier: MIT */
/* tests/zoo/words/modes.c: programs that change kernel behaviour: scheduling, clocks, page faults handled by the
 * program, system calls handled by the program. */
#include "tests/zoo/zoo.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON 1
#endif

/* ---- schedulers ---- */

static void *spin(void *unused)
{
        (void)unused;
        for (;;)
                __asm__ volatile("pause");
        return NULL;
}

static void be_realtime(void)
{
        const struct sched_param fifo = { .sched_priority = 10 };

        if (sched_setscheduler(0, SCHED_FIFO, &fifo))
                zoo_broken("SCHED_FIFO");
}

/* Two threads of one real-time priority and one processor: as soon as this one waits for anything, the other runs
 * forever. */
static void fifo_prefix(const struct zoo_plan *plan)
{
        cpu_set_t one;
        pthread_t other;

        CPU_ZERO(&one);
        CPU_SET(sched_getcpu(), &one);
        if (sched_setaffinity(0, sizeof(one), &one))
                zoo_broken("sched_setaffinity");
        be_realtime();
        if (mlockall(MCL_CURRENT)) /* so that it does not wait for a page */
                zoo_broken("mlockall");
        if (pthread_create(&other, NULL, spin, NULL))
                zoo_broken("pthread_create");
        zoo_go(plan);
}

static void realtime_prefix(const struct zoo_plan *plan)
{
        be_realtime();
        zoo_go(plan);
}

/* The kernel's struct sched_attr in its first size. */
struct schedule {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
};

static void say_schedule(const struct zoo_plan *plan UNUSED)
{
        struct schedule a = { 0 };
        char line[128];

        if (syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0))
                zoo_broken("sched_getattr");
        snprintf(line, sizeof(line), "policy %u, flags %llu, priority %u", a.policy, (unsigned long long)a.flags,
                 a.priority);
        zoo_say(line);
}

/* It has five of ten milliseconds, and a child has none. */
static void deadline_prefix(const struct zoo_plan *plan)
{
        const struct schedule a = { .size = sizeof(a),
                                    .policy = 6 /* SCHED_DEADLINE */,
                                    .runtime = 5000000,
                                    .deadline = 10000000,
                                    .period = 10000000 };

        if (syscall(SYS_sched_setattr, 0, &a, 0))
                zoo_broken("SCHED_DEADLINE");
        zoo_go(plan);
}

/* Real-time, and killed after some milliseconds without a wait. */
static void rttime_prefix(const struct zoo_plan *plan)
{
        const struct rlimit little = { 10000, 20000 };

        be_realtime();
        if (setrlimit(RLIMIT_RTTIME, &little))
                zoo_broken("RLIMIT_RTTIME");
        zoo_go(plan);
}

/* ---- clocks ---- */

static void notsc_prefix(const struct zoo_plan *plan)
{
        if (prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0))
                zoo_broken("PR_SET_TSC");
        zoo_go(plan);
}

static ZOO_FRAME void read_counter(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile("rdtsc" : : : "rax", "rdx"); /* CRASH: rdtsc */
}

/* The clock of children, including the helper, is ZOO_SECONDS ahead of this process's. */
static void timens_prefix(const struct zoo_plan *plan)
{
        long seconds = zoo_setting("ZOO_SECONDS", 100000);
        char line[64];
        int fd, n = snprintf(line, sizeof(line), "monotonic %ld 0\n", seconds);

        if (unshare(CLONE_NEWTIME))
                zoo_broken("CLONE_NEWTIME");
        fd = open("/proc/self/timens_offsets", O_WRONLY);
        if (fd < 0 || write(fd, line, (size_t)n) != n)
                zoo_broken("timens_offsets");
        close(fd);
        zoo_go(plan);
}

/* ---- memory registered with userfaultfd ---- */

static char *unserved(size_t size)
{
        int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
        struct uffdio_api api = { .api = UFFD_API };
        struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
        char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        range.range.start = (uintptr_t)p;
        range.range.len = size;
        if (fd < 0 || p == MAP_FAILED || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &range))
                zoo_broken("userfaultfd");
        return p;
}

static void make_unserved(const struct zoo_plan *plan UNUSED)
{
        unserved(4096);
}

/* A register points to a page whose fault is never handled: a read of it blocks forever. */
static ZOO_FRAME void unserved_pointer(const struct zoo_plan *plan UNUSED)
{
        const char *p = unserved(1 << 20) + 5000;

        __asm__ volatile("movq %0, %%rdx\n\tmovl $1, 0x10(%%rax)"
                         :
                         : "r"(p), "a"(0L)
                         : "rdx", "memory"); /* CRASH: unserved-pointer */
}

/* The stack is such memory. */
static ZOO_FRAME void unserved_stack(const struct zoo_plan *plan UNUSED)
{
        const char *p = unserved(1 << 20) + 5000;

        __asm__ volatile("movq %0, %%rbp\n\tmovq %0, %%rsp\n\tmovl $1, 0"
                         :
                         : "r"(p)
                         : "memory"); /* CRASH: unserved-stack */
}

/* ---- system calls dispatched to the program ---- */

static volatile char selector; /* 0: let through; 1: SIGSYS */

static void emulate(int sig UNUSED, siginfo_t *info, void *context)
{
        greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;

        selector = 0;
        regs[REG_RAX] = info->si_syscall == SYS_getppid ? 4242 : -1;
}

static void userdispatch_prefix(const struct zoo_plan *plan)
{
        struct sigaction action = { .sa_sigaction = emulate, .sa_flags = SA_SIGINFO };
        char line[64];
        long got;

        if (sigaction(SIGSYS, &action, NULL) ||
            prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, &selector))
                zoo_broken("PR_SET_SYSCALL_USER_DISPATCH");
        for (int i = 0; i < 3; i++) {
                selector = 1;
                __asm__ volatile("syscall" : "=a"(got) : "a"(SYS_getppid) : "rcx", "r11", "memory");
                snprintf(line, sizeof(line), "its parent is %ld", got);
                zoo_say(line);
        }
        selector = zoo_setting("ZOO_SELECTOR", 0) != 0;
        zoo_go(plan);
}

const struct zoo_word mode_words[] = {
        { "fifo-", fifo_prefix },
        { "realtime-", realtime_prefix },
        { "deadline-", deadline_prefix },
        { "schedule", say_schedule },
        { "rttime-", rttime_prefix },
        { "notsc-", notsc_prefix },
        { "rdtsc", read_counter },
        { "timens-", timens_prefix },
        { "unserved", make_unserved },
        { "unserved-pointer", unserved_pointer },
        { "unserved-stack", unserved_stack },
        { "userdispatch-", userdispatch_prefix },
        { NULL, NULL },
};
