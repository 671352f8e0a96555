/* SPDX-License-Identifier: MIT */
#include "preload/helper/intermediate.h"
#include "preload/base/keep.h"
#include "preload/base/syscalls.h"
#include "preload/facts/home.h"
#include "preload/raw/courier.h"
#include "unwind/core/terms/clock.h"
#include "unwind/core/terms/signames.h"

#include <errno.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define STACK_SIZE 16384
#define HELPER_VARIABLES 128
#define HELPER_MEMORY (8ull << 30) /* address space the helper may need */
#define GRACE_NS 1000000000ull     /* after its deadline, for a helper that enforces the deadline itself */
#define SLICE_NS 20000000ll        /* polling interval of a wait */
#define COLLECT_NS 2000000000ull   /* for the intermediate to exit after its helper */

/* Shared with the intermediate process, which runs in this process's memory, and with the helper process until its
 * execve. */
static struct {
        int fd[WIRE_FD_DIR + 1];
        bool traced;
        int courier;            /* a socket for courier_receive(), or -1 */
        int pid;                /* process that started it: a forked child has a copy of its parent's */
        struct childpid number; /* of the intermediate */
        int child_tid;          /* cleared by the kernel when the intermediate has exited (CLONE_CHILD_CLEARTID) */
        const char *argv[2];
        char *envp[HELPER_VARIABLES + 1];
        uint64_t deadline_ns;
        struct intermediate_state state;
        uint8_t stack[STACK_SIZE] __attribute__((aligned(64)));
        uint8_t helper_stack[STACK_SIZE] __attribute__((aligned(64)));
} shared;

const struct intermediate_state *intermediate_state(void)
{
        return &shared.state;
}

static _Noreturn void leave(int status)
{
        for (;;) {
                sys_1(SYS_exit, status);
                sys_kill_self(SIGKILL); /* if a seccomp filter refuses exit(2) */
        }
}

/* Raises the limits on memory, files and time that the helper would inherit from the application. Hard limits remain
 * unless the process may raise them. */
static void lift_limits(void)
{
        static const int resources[] = { RLIMIT_AS,  RLIMIT_DATA,   RLIMIT_STACK, RLIMIT_FSIZE,  RLIMIT_NOFILE,
                                         RLIMIT_CPU, RLIMIT_RTTIME, RLIMIT_CORE,  RLIMIT_MEMLOCK };

        for (unsigned i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
                struct rlimit limit;

                if (sys_4(SYS_prlimit64, 0, resources[i], 0, (long)&limit) < 0)
                        continue;
                limit.rlim_cur = limit.rlim_max;
                if (resources[i] == RLIMIT_CORE)
                        limit.rlim_cur = 0; /* a core dump of the helper could be mistaken for the application's */
                if ((resources[i] == RLIMIT_AS || resources[i] == RLIMIT_DATA) && limit.rlim_max < HELPER_MEMORY)
                        limit.rlim_cur = limit.rlim_max = HELPER_MEMORY;
                /* fails without privilege: the helper then runs with the inherited limit */
                sys_4(SYS_prlimit64, 0, resources[i], (long)&limit, 0);
        }
}

/* If memory runs out, the kernel must kill the helper and not the larger process that it reports on, which must die of
 * its own signal. The score applies to this process only: mm/oom_kill.c excludes a vfork child while it shares its
 * parent's memory (in_vfork), and fs/proc/base.c does not copy its score to the parent. */
static void raise_oom_score(void)
{
        int fd = sys_openat(AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC, 0);

        if (fd < 0)
                return;
        sys_write(fd, "1000", 4);
        sys_close(fd);
}

static long execute_file(int fd)
{
        if (shared.traced) /* only now: the tracer does not look before the execve */
                sys_4(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0);
        return sys_5(SYS_execveat, fd, (long)"", (long)shared.argv, (long)shared.envp, AT_EMPTY_PATH);
}

/* Executes the helper if its path leads to the file that was there at load time. The path cannot be trusted: the program may
 * have changed its root directory to that of a user. A script needs its descriptor open, as /dev/fd/N (execveat(2): ENOENT), and
 * an interpreter by its path, so it is executed only in the root from load. */
static void execute(void)
{
        struct fileid now = { 0 };
        int fd = sys_openat(AT_FDCWD, home.helper, O_PATH | O_CLOEXEC, 0);
        long err = fd < 0 ? fd : fileid_read(fd, "", &now);

        if (!err && !fileid_same(&now, &home.helper_file)) {
                shared.state.replaced = true;
                return;
        }
        if (fd >= 0 && !err)
                err = execute_file(fd);
        if (fd >= 0 && !home_root_has_changed()) {
                if (err == -ENOENT && sys_3(SYS_fcntl, fd, F_SETFD, 0) == 0)
                        err = execute_file(fd);
                if (err == -ENOSYS || err == -EPERM) /* a seccomp filter */
                        err = sys_3(SYS_execve, (long)home.helper, (long)shared.argv, (long)shared.envp);
        }
        shared.state.exec_error = (int)-err;
}

/* Runs in the process that becomes the helper: its signal actions are a copy, so resetting them affects no other
 * process. */
static void become_helper(void *unused)
{
        const struct kernel_sigaction dfl = { 0 };
        const uint64_t none = 0;

        (void)unused;
        childpid_set(&shared.state.helper, sys_getpid()); /* set before HELLO can be received */
        if (shared.state.elsewhere)
                sys_5(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        for (int sig = 1; sig <= 64; sig++)
                if (sig != SIGSYS) /* traps of a seccomp filter reach the handler until the execve */
                        sys_sigaction(sig, &dfl, NULL);
        sys_sigprocmask(SIG_SETMASK, &none, NULL);
        /* The vDSO's clock reads the time stamp counter, and a PR_TSC_SIGSEGV of the application would be inherited by
         * execve (prctl(2)). */
        sys_5(SYS_prctl, PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0);
        lift_limits();
        raise_oom_score();
        execute();
        leave(127);
}

static void close_above(int first)
{
        if (sys_3(SYS_close_range, first, ~0u, 0) == 0)
                return;
        for (int fd = first; fd < 4096; fd++) /* before Linux 5.9 */
                sys_close(fd);
}

static void duplicate(int from, int to)
{
        if (sys_3(SYS_dup3, from, to, 0) >= 0)
                return;
#ifdef SYS_dup2 /* for a seccomp filter that refuses the other */
        sys_2(SYS_dup2, from, to);
#endif
}

/* This process has a copy of the descriptor table: files that the application has open (for example the write end of a
 * pipe that a shell reads from) must not be kept open by this process. */
static void arrange_descriptors(void)
{
        sys_raise_limit(RLIMIT_NOFILE); /* this process's own */
        for (int i = 0; i <= WIRE_FD_DIR; i++) {
                if (shared.fd[i] == i)
                        sys_3(SYS_fcntl, i, F_SETFD, 0);
                if (shared.fd[i] < 0 || shared.fd[i] == i)
                        continue;
                for (int k = i + 1; k <= WIRE_FD_DIR; k++)
                        if (shared.fd[k] == i)
                                shared.fd[k] = (int)sys_3(SYS_fcntl, i, F_DUPFD, WIRE_FD_DIR + 1);
                duplicate(shared.fd[i], i);
        }
        for (int i = 0; i <= WIRE_FD_DIR; i++)
                if (shared.fd[i] < 0)
                        sys_close(i);
        close_above(WIRE_FD_DIR + 1);
        for (int i = 0; i <= 2; i++)
                if (shared.fd[i] < 0)
                        sys_openat(AT_FDCWD, "/dev/null", O_RDWR, 0); /* gets the lowest free descriptor, i */
}

/* The report is on a file system that may not answer: the descriptors are in the courier's socket. */
static void receive_from_courier(void)
{
        int fd[2];

        if (courier_receive(shared.courier, fd) < 0)
                return;
        shared.fd[WIRE_FD_DIR] = fd[0];
        shared.fd[WIRE_FD_RAW] = fd[1];
}

bool intermediate_stands_on(uint64_t sp)
{
        return sp - (uint64_t)shared.stack < sizeof(shared.stack) ||
               sp - (uint64_t)shared.helper_stack < sizeof(shared.helper_stack);
}

_Noreturn void intermediate_end_by(int sig)
{
        shared.state.status = sig; /* as wait4 encodes death by a signal */
        shared.state.ended = 1;
        leave(1);
}

/* The traced helper has stopped for a signal: a refused call returns an error, the SIGTRAP of its execve is not for it, other signals
 * are delivered (ptrace(2)). */
static void continue_helper(long pid, int status)
{
        int sig = WSTOPSIG(status);
        siginfo_t info = { .si_signo = 0 };

        if (sig == SIGSYS && sys_4(SYS_ptrace, PTRACE_GETSIGINFO, pid, 0, (long)&info) == 0 &&
            info.si_code == SYS_SECCOMP) {
                arch_trace_fail_call(pid);
                sig = 0;
        }
        sys_4(SYS_ptrace, PTRACE_CONT, pid, 0, sig == SIGTRAP ? 0 : sig);
}

static long wait_helper(long pid, int *status, int flags)
{
        long got;

        while ((got = sys_4(SYS_wait4, pid, (long)status, __WALL | flags, 0)) > 0 && WIFSTOPPED(*status))
                continue_helper(pid, *status);
        return got;
}

/* The helper, as tracer, keeps all threads of the process stopped, including the waiting one: a helper that was
 * stopped, or blocks on a dead file server, would stop them forever. SIGCHLD is blocked and received by
 * rt_sigtimedwait. */
static void await_helper(long pid, int *status)
{
        const uint64_t child = SIGNAL_BIT(SIGCHLD), end = shared.deadline_ns + GRACE_NS;
        long got = 0;

        while (shared.deadline_ns && got <= 0 && got != -ECHILD) {
                uint64_t now = sys_clock_ns(CLOCK_MONOTONIC), left = end > now ? end - now : 0;
                struct timespec time = { (time_t)(left / NS_PER_S), (long)(left % NS_PER_S) };
                long signal;

                got = wait_helper(pid, status, WNOHANG);
                if (got > 0 || got == -ECHILD)
                        break;
                if (!left) {
                        shared.state.overdue = true;
                        sys_kill((int)pid, SIGKILL);
                        break;
                }
                signal = sys_4(SYS_rt_sigtimedwait, (long)&child, 0, (long)&time, KERNEL_SIGSET_SIZE);
                if (signal != SIGCHLD && signal != -EAGAIN && signal != -EINTR)
                        break; /* refused */
                if (got < 0 && got != -EINTR && signal == SIGCHLD)
                        return; /* wait4 is refused; the signal is the only indication */
                got = 0;
        }
        while (got <= 0 && got != -ECHILD)
                got = wait_helper(pid, status, 0) == -EINTR ? 0 : 1;
}

/* Runs on `stack`. */
static void intermediate(void *unused)
{
        const struct kernel_sigaction dfl = { 0 };
        long pid, parent;
        int status = 0;

        (void)unused;
        /* A parent in another pid namespace has no pid in this one. Then the helper's pid is meaningless in the
         * parent's namespace, or denotes another process; the helper is killed by killing the intermediate, whose pid
         * was returned by clone. */
        parent = sys_0(SYS_getppid);
        shared.state.elsewhere = parent >= 0 && parent != shared.pid; /* negative: refused by a seccomp filter */
        if (shared.courier >= 0)
                receive_from_courier();
        arrange_descriptors();
        sys_sigaction(SIGCHLD, &dfl, NULL); /* with an inherited SIG_IGN wait4 would return no status */
        pid = arch_clone(CLONE_VM | CLONE_VFORK | CLONE_UNTRACED | SIGCHLD, shared.helper_stack + STACK_SIZE, NULL,
                         become_helper, NULL);
        if (pid < 0) {
                shared.state.exec_error = (int)-pid;
                leave(1);
        }
        close_above(0); /* now only the helper has the pipe ends open */
        await_helper(pid, &status);
        shared.state.status = status;
        shared.state.ended = 1;
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
        int pid = childpid_get(&shared.number);

        if (!wait_until_gone())
                return;
        while (pid && sys_4(SYS_wait4, pid, 0, __WALL, 0) == -EINTR)
                ;
}

void intermediate_kill_helper(void)
{
        if (shared.state.elsewhere)
                childpid_kill(&shared.number);
        else if (!shared.state.ended)
                childpid_kill(&shared.state.helper);
}

bool intermediate_free(int pid)
{
        return intermediate_gone() || (shared.pid != pid && !sys_shares_memory(childpid_get(&shared.number))) ||
               wait_until_gone();
}

int intermediate_start(const int fd[WIRE_FD_DIR + 1], int pid, uint64_t deadline_ns, bool traced)
{
        int number;

        shared.argv[0] = "crashpre-helper";
        keep_helper_environment(shared.envp, HELPER_VARIABLES + 1);
        for (int i = 0; i <= WIRE_FD_DIR; i++)
                shared.fd[i] = fd[i];
        shared.traced = traced;
        shared.courier = courier_socket();
        shared.state = (struct intermediate_state){ 0 };
        shared.deadline_ns = deadline_ns;
        shared.pid = pid;
        shared.child_tid = -1; /* anything but 0 until the kernel clears it */
        number = (int)arch_clone(CLONE_VM | CLONE_UNTRACED | CLONE_CHILD_CLEARTID, shared.stack + STACK_SIZE,
                                 &shared.child_tid, intermediate, NULL);
        childpid_set(&shared.number, number);
        if (number > 0)
                return 0;
        shared.child_tid = 0;
        return number;
}
