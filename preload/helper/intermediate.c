/* SPDX-License-Identifier: MIT */
#include "preload/helper/intermediate.h"
#include "preload/base/keep.h"
#include "preload/base/syscalls.h"
#include "unwind/core/terms/clock.h"
#include "unwind/core/terms/signames.h"

#include <errno.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define STACK_SIZE 16384
#define HELPER_VARIABLES 128
#define HELPER_MEMORY (8ull << 30) /* address space the helper may want */
#define GRACE_NS 1000000000ull     /* beyond its deadline, for a helper that would see to it itself */
#define SLICE_NS 20000000ll        /* how often a wait looks by itself */
#define COLLECT_NS 2000000000ull   /* for the intermediate to go after its helper was killed or is done */
#define FIRST_FREE 16              /* where descriptors are parked while 0-6 are put in order */

/* Shared with the intermediate process, which runs in our memory, and with the helper's first instants before it
 * execs. */
static struct {
        int fd[WIRE_FD_DIR + 1];
        int pid;       /* whose intermediate that was: a forked child finds its parent's here */
        int number;    /* its own pid */
        int child_tid; /* cleared by the kernel when the intermediate is gone (CLONE_CHILD_CLEARTID) */
        const char *helper;
        const char *argv[2];
        char *envp[HELPER_VARIABLES + 1];
        uint64_t deadline_ns;
        struct intermediate_word word;
        uint8_t stack[STACK_SIZE] __attribute__((aligned(64)));
        uint8_t helper_stack[STACK_SIZE] __attribute__((aligned(64)));
} shared;

const struct intermediate_word *intermediate_word(void)
{
        return &shared.word;
}

static _Noreturn void leave(int status)
{
        for (;;) {
                sys_1(SYS_exit, status);
                sys_kill(sys_getpid(), SIGKILL); /* a seccomp filter refuses to let it go otherwise */
        }
}

/* The application's limits on memory, files and time are not the helper's. The hard ones stay where we may not lift
 * them. */
static void lift_limits(void)
{
        static const int resources[] = { RLIMIT_AS,     RLIMIT_DATA, RLIMIT_STACK,  RLIMIT_FSIZE,
                                         RLIMIT_NOFILE, RLIMIT_CPU,  RLIMIT_RTTIME, RLIMIT_CORE };

        for (unsigned i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
                struct rlimit limit;

                if (sys_4(SYS_prlimit64, 0, resources[i], 0, (long)&limit) < 0)
                        continue;
                limit.rlim_cur = limit.rlim_max;
                if (resources[i] == RLIMIT_CORE)
                        limit.rlim_cur = 0; /* a core of the helper would be taken for the application's */
                if ((resources[i] == RLIMIT_AS || resources[i] == RLIMIT_DATA) && limit.rlim_max < HELPER_MEMORY)
                        limit.rlim_cur = limit.rlim_max = HELPER_MEMORY;
                /* refused without privilege: it tries with what it has */
                sys_4(SYS_prlimit64, 0, resources[i], (long)&limit, 0);
        }
}

/* Where memory runs out, the kernel is to kill the helper and not the larger process that it reports on: that one has a
 * death of its own to die. Of this process alone: mm/oom_kill.c leaves a vfork child out while it shares our memory
 * (in_vfork), and fs/proc/base.c does not give its score to us. */
static void volunteer_for_oom(void)
{
        int fd = sys_openat(AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC, 0);

        if (fd < 0)
                return;
        sys_write(fd, "1000", 4);
        sys_close(fd);
}

/* In the process that becomes the helper: its signal actions are its own copy, so resetting them touches nobody. */
static void become_helper(void *unused)
{
        const struct kernel_sigaction dfl = { 0 };
        const uint64_t none = 0;

        (void)unused;
        shared.word.helper_pid = sys_getpid(); /* before HELLO can be seen */
        if (shared.word.elsewhere)
                sys_5(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        for (int sig = 1; sig <= 64; sig++)
                if (sig != SIGSYS) /* until then a filter that traps is heard of by our handler; the helper resets it */
                        sys_sigaction(sig, &dfl, NULL);
        sys_sigprocmask(SIG_SETMASK, &none, NULL);
        /* The vDSO's clock reads the time stamp counter, and execve keeps it forbidden (prctl(2)). */
        sys_5(SYS_prctl, PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0);
        lift_limits();
        volunteer_for_oom();
        shared.word.exec_error = (int)-sys_3(SYS_execve, (long)shared.helper, (long)shared.argv, (long)shared.envp);
        leave(127);
}

static void close_above(int first)
{
        if (sys_3(SYS_close_range, first, ~0u, 0) == 0)
                return;
        for (int fd = first; fd < 4096; fd++) /* before Linux 5.9 */
                sys_close(fd);
}

/* This process has a copy of the table: whatever the application holds open (the writing end of a pipe that a shell
 * reads from, say) must not be held open by us as well. */
static void arrange_descriptors(void)
{
        int parked[WIRE_FD_DIR + 1];

        for (int i = 0; i <= WIRE_FD_DIR; i++)
                parked[i] = shared.fd[i] < 0 ? -1 : (int)sys_3(SYS_fcntl, shared.fd[i], F_DUPFD, FIRST_FREE);
        for (int i = 0; i < FIRST_FREE; i++)
                sys_close(i);
        for (int i = 0; i <= WIRE_FD_DIR; i++) {
                if (parked[i] >= 0)
                        sys_3(SYS_dup3, parked[i], i, 0);
                else if (i <= 2)
                        sys_openat(AT_FDCWD, "/dev/null", O_RDWR, 0); /* the lowest free one: i */
        }
        close_above(WIRE_FD_DIR + 1);
}

bool intermediate_stands_on(uint64_t sp)
{
        return sp - (uint64_t)shared.stack < sizeof(shared.stack) ||
               sp - (uint64_t)shared.helper_stack < sizeof(shared.helper_stack);
}

_Noreturn void intermediate_end_by(int sig)
{
        shared.word.status = sig; /* as wait4 tells a death by signal */
        shared.word.ended = 1;
        leave(1);
}

/* Who traces a process holds all of its threads, the one that waits too: a helper that was stopped, or sleeps on a dead
 * file server, would hold them for ever. SIGCHLD is blocked: it waits to be asked for. */
static void await_helper(long pid, int *status)
{
        const uint64_t child = SIGNAL_BIT(SIGCHLD), end = shared.deadline_ns + GRACE_NS;
        long got = 0;

        while (shared.deadline_ns && got <= 0 && got != -ECHILD) {
                uint64_t now = sys_clock_ns(CLOCK_MONOTONIC), left = end > now ? end - now : 0;
                struct timespec time = { (time_t)(left / NS_PER_S), (long)(left % NS_PER_S) };
                long signal;

                got = sys_4(SYS_wait4, pid, (long)status, __WALL | WNOHANG, 0);
                if (got > 0 || got == -ECHILD)
                        break;
                if (!left) {
                        shared.word.overdue = true;
                        sys_kill((int)pid, SIGKILL);
                        break;
                }
                signal = sys_4(SYS_rt_sigtimedwait, (long)&child, 0, (long)&time, KERNEL_SIGSET_SIZE);
                if (signal != SIGCHLD && signal != -EAGAIN && signal != -EINTR)
                        break; /* refused */
                if (got < 0 && got != -EINTR && signal == SIGCHLD)
                        return; /* wait4 is refused, and the signal all the word there is */
                got = 0;
        }
        while (got <= 0 && got != -ECHILD)
                got = sys_4(SYS_wait4, pid, (long)status, __WALL, 0) == -EINTR ? 0 : 1;
}

/* On `stack`. */
static void intermediate(void *unused)
{
        const struct kernel_sigaction dfl = { 0 };
        long pid;
        int status = 0;

        (void)unused;
        /* Outside its own namespace a parent has no number. Then the helper's means nothing to us, or another process;
         * it ends with the intermediate, whose number we have from clone. */
        shared.word.elsewhere = sys_0(SYS_getppid) != shared.pid;
        arrange_descriptors();
        sys_sigaction(SIGCHLD, &dfl, NULL); /* an inherited SIG_IGN would collect the helper unseen */
        pid = arch_clone(CLONE_VM | CLONE_VFORK | CLONE_UNTRACED | SIGCHLD, shared.helper_stack + STACK_SIZE, NULL,
                         become_helper, NULL);
        if (pid < 0) {
                shared.word.exec_error = (int)-pid;
                leave(1);
        }
        close_above(0); /* the helper alone holds the ends of the pipes now */
        await_helper(pid, &status);
        shared.word.status = status;
        shared.word.ended = 1;
        leave(0);
}

bool intermediate_gone(void)
{
        return !__atomic_load_n(&shared.child_tid, __ATOMIC_ACQUIRE);
}

static bool wait_until_gone(void)
{
        uint64_t give_up = sys_clock_ns(CLOCK_MONOTONIC) + COLLECT_NS;
        int tid;

        while ((tid = __atomic_load_n(&shared.child_tid, __ATOMIC_ACQUIRE)) != 0) {
                struct timespec slice = { 0, SLICE_NS };

                if (sys_futex(&shared.child_tid, FUTEX_WAIT, tid, &slice) == -EPERM)
                        sys_2(SYS_nanosleep, (long)&slice, 0); /* a seccomp filter */
                if (sys_clock_ns(CLOCK_MONOTONIC) >= give_up)
                        return false;
        }
        return true;
}

void intermediate_collect(void)
{
        if (!wait_until_gone())
                return;
        while (sys_4(SYS_wait4, shared.number, 0, __WALL, 0) == -EINTR)
                ;
}

void intermediate_kill_helper(void)
{
        if (shared.word.elsewhere)
                sys_kill(shared.number, SIGKILL);
        else if (shared.word.helper_pid > 0 && !shared.word.ended)
                sys_kill(shared.word.helper_pid, SIGKILL);
}

bool intermediate_free(int pid)
{
        return intermediate_gone() || (shared.pid != pid && !sys_shares_memory(shared.number)) || wait_until_gone();
}

int intermediate_start(const char *path, const int fd[WIRE_FD_DIR + 1], int pid, uint64_t deadline_ns)
{
        shared.helper = path;
        shared.argv[0] = "crashpre-helper";
        keep_helper_environment(shared.envp, HELPER_VARIABLES + 1);
        for (int i = 0; i <= WIRE_FD_DIR; i++)
                shared.fd[i] = fd[i];
        shared.word = (struct intermediate_word){ 0 };
        shared.deadline_ns = deadline_ns;
        shared.pid = pid;
        shared.child_tid = -1; /* anything but 0 until the kernel clears it */
        shared.number = (int)arch_clone(CLONE_VM | CLONE_UNTRACED | CLONE_CHILD_CLEARTID, shared.stack + STACK_SIZE,
                                        &shared.child_tid, intermediate, NULL);
        if (shared.number > 0)
                return 0;
        shared.child_tid = 0;
        return shared.number;
}
