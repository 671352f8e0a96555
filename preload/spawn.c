/* SPDX-License-Identifier: MIT */
#include "preload/spawn.h"
#include "preload/keep.h"
#include "preload/memmap.h"
#include "preload/output.h"
#include "preload/settings.h"
#include "preload/sigsafe.h"
#include "preload/syscalls.h"

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
#define SLICE_NS 20000000ll        /* how often the wait looks for a pending Ctrl-C */
#define NSEC_PER_S 1000000000ll
#define GRACE_NS 1000000000ull   /* beyond its deadline, for a helper that would see to it itself */
#define NAP_NS 1000000ll         /* between two looks where even that is refused */
#define COLLECT_NS 2000000000ull /* for the intermediate to go after its helper was killed or is done */
#define HELPER_FROM_LIBRARY "../libexec/crashpre/crashpre-helper"
#define FIRST_FREE 16 /* where descriptors are parked while 0-6 are put in order */

/* Shared with the intermediate process, which runs in our memory, and with the helper's first instants before it
 * execs. */
static struct {
        int fd[WIRE_FD_DIR + 1]; /* what becomes the helper's 0-6; -1: /dev/null or closed */
        int pid;                 /* whose intermediate that was: a forked child finds its parent's here */
        int intermediate;        /* its pid */
        int child_tid;           /* cleared by the kernel when the intermediate is gone (CLONE_CHILD_CLEARTID) */
        char helper[PATH_MAX];
        const char *argv[2];
        char *envp[HELPER_VARIABLES + 1];
        volatile int helper_pid;
        volatile int exec_error; /* 0, or errno of the last execve */
        volatile int ended;      /* the helper's wait status is in `status` */
        volatile int status;
        uint64_t deadline_ns;    /* CLOCK_MONOTONIC: when the handler stops waiting; 0: there is no clock */
        volatile bool overdue;   /* the intermediate had to kill the helper */
        volatile bool elsewhere; /* our children live in another pid namespace (unshare(2), CLONE_NEWPID) */
        uint8_t stack[STACK_SIZE] __attribute__((aligned(64)));
        uint8_t helper_stack[STACK_SIZE] __attribute__((aligned(64)));
} shared;

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
        static const int resources[] = { RLIMIT_AS,     RLIMIT_DATA, RLIMIT_STACK, RLIMIT_FSIZE,
                                         RLIMIT_NOFILE, RLIMIT_CPU,  RLIMIT_CORE };

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
        shared.helper_pid = sys_getpid(); /* before HELLO can be seen */
        if (shared.elsewhere)
                sys_5(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        for (int sig = 1; sig <= 64; sig++)
                if (sig != SIGSYS) /* until then a filter that traps is heard of by our handler; the helper resets it */
                        sys_sigaction(sig, &dfl, NULL);
        sys_sigprocmask(SIG_SETMASK, &none, NULL);
        lift_limits();
        volunteer_for_oom();
        shared.exec_error = (int)-sys_3(SYS_execve, (long)shared.helper, (long)shared.argv, (long)shared.envp);
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

bool spawn_stands_on(uint64_t sp)
{
        return sp - (uint64_t)shared.stack < sizeof(shared.stack) ||
               sp - (uint64_t)shared.helper_stack < sizeof(shared.helper_stack);
}

_Noreturn void spawn_end_by(int sig)
{
        shared.status = sig; /* as wait4 tells a death by signal */
        shared.ended = 1;
        leave(1);
}

/* Who traces a process holds all of its threads, the one that waits too: a helper that was stopped, or sleeps on a dead
 * file server, would hold them for ever. SIGCHLD is blocked: it waits to be asked for. */
static void await_helper(long pid, int *status)
{
        const uint64_t child = 1ull << (SIGCHLD - 1), end = shared.deadline_ns + GRACE_NS;
        long got = 0;

        while (shared.deadline_ns && got <= 0 && got != -ECHILD) {
                uint64_t now = sys_clock_ns(CLOCK_MONOTONIC), left = end > now ? end - now : 0;
                struct timespec time = { (time_t)(left / NSEC_PER_S), (long)(left % NSEC_PER_S) };
                long signal;

                got = sys_4(SYS_wait4, pid, (long)status, __WALL | WNOHANG, 0);
                if (got > 0 || got == -ECHILD)
                        break;
                if (!left) {
                        shared.overdue = true;
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

/* The intermediate: a child that shares our memory and nothing else, invisible to wait() (exit signal 0). execve
 * would reset the exit signal of a child to SIGCHLD (fs/exec.c: de_thread, begin_new_exec), so the helper is its
 * child and not ours. */
static void intermediate(void *unused)
{
        const struct kernel_sigaction dfl = { 0 };
        long pid;
        int status = 0;

        (void)unused;
        /* Outside its own namespace a parent has no number. Then the helper's means nothing to us, or another process;
         * it ends with the intermediate, whose number we have from clone. */
        shared.elsewhere = sys_0(SYS_getppid) != shared.pid;
        arrange_descriptors();
        sys_sigaction(SIGCHLD, &dfl, NULL); /* an inherited SIG_IGN would collect the helper unseen */
        pid = arch_clone(CLONE_VM | CLONE_VFORK | CLONE_UNTRACED | SIGCHLD, shared.helper_stack + STACK_SIZE, NULL,
                         become_helper, NULL);
        if (pid < 0) {
                shared.exec_error = (int)-pid;
                leave(1);
        }
        close_above(0); /* the helper alone holds the ends of the pipes now */
        await_helper(pid, &status);
        shared.status = status;
        shared.ended = 1;
        leave(0);
}

bool spawn_wait_is_over(void)
{
        const uint64_t ending =
                1ull << (SIGINT - 1) | 1ull << (SIGTERM - 1) | 1ull << (SIGHUP - 1) | 1ull << (SIGQUIT - 1);
        uint64_t pending = 0;

        return sys_sigpending(&pending) == 0 && pending & ending;
}

enum outcome { GOT_BYTE, ENDED, TIMED_OUT, INTERRUPTED, UNHEARD };

/* 1: there is something to read, or an end; 0: a slice of time is over. */
static int wait_slice(int fd)
{
        struct pollfd pfd = { .fd = fd, .events = POLLIN };
        struct timespec slice = { 0, SLICE_NS }, nap = { 0, NAP_NS };
        int n = sys_ppoll(&pfd, 1, &slice);

        if (n >= 0 || n == -EINTR)
                return n > 0;
        sys_2(SYS_nanosleep, (long)&nap, 0); /* a seccomp filter refuses to wait: look again and again */
        return 1;
}

/* Waits for one byte from the helper, whose pipe does not block. ENDED: it is gone, or closed its end. */
static enum outcome wait_byte(struct crash *c, int fd, char *byte)
{
        for (unsigned slices = 0;; slices++) {
                int n = wait_slice(fd);

                if (n > 0) {
                        ssize_t got = sys_read(fd, byte, 1);

                        if (got == 1)
                                return GOT_BYTE;
                        if (got != -EINTR && got != -EAGAIN)
                                return ENDED;
                        n = 0;
                }
                /* A child of the application may hold a copy of the pipe's other end: then the end of the helper is
                 * no end of file. */
                if (n == 0 && !__atomic_load_n(&shared.child_tid, __ATOMIC_ACQUIRE))
                        return ENDED;
                if (n == 0 && spawn_wait_is_over())
                        return INTERRUPTED;
                if (c->deadline_ns ? sys_clock_ns(CLOCK_MONOTONIC) >= c->deadline_ns
                                   : slices >= settings.timeout_s * (NSEC_PER_S / SLICE_NS))
                        return TIMED_OUT;
        }
}

/* Waits until the intermediate has left our memory. It can hang only in an execve that hangs. */
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

static void collect(long intermediate_pid)
{
        if (!wait_until_gone())
                return;
        while (sys_4(SYS_wait4, intermediate_pid, 0, __WALL, 0) == -EINTR)
                ;
}

static void kill_helper(long intermediate_pid)
{
        if (shared.elsewhere)
                sys_kill((int)intermediate_pid, SIGKILL);
        else if (shared.helper_pid > 0 && !shared.ended)
                sys_kill(shared.helper_pid, SIGKILL);
}

/* After the helper ended without its last word. */
static void tell_why_ended(struct crash *c)
{
        if (shared.exec_error && !shared.helper_pid)
                output_append_outcome(c, "could not be started, clone gave errno ", NULL, shared.exec_error);
        else if (shared.exec_error)
                output_append_outcome(c, "could not be started, execve gave errno ", shared.helper, shared.exec_error);
        else if (shared.ended && WIFSIGNALED(shared.status))
                output_append_outcome(c, "ended before its report was complete, by signal ", NULL,
                                      WTERMSIG(shared.status));
        else if (shared.ended)
                output_append_outcome(c, "ended before its report was complete, with status ", NULL,
                                      WEXITSTATUS(shared.status));
        else
                output_append_outcome(c, "closed its pipe and did not end", NULL, OUTPUT_NO_NUMBER);
}

static void finish_badly(struct crash *c, enum outcome why, long intermediate_pid)
{
        kill_helper(intermediate_pid);
        collect(intermediate_pid);
        if (why == TIMED_OUT || shared.overdue)
                output_append_outcome(c, "given up after CRASHPRE_TIMEOUT seconds: ", NULL, (int)settings.timeout_s);
        else if (why == INTERRUPTED)
                output_append_outcome(c, "the wait was ended by a pending INT, TERM, HUP or QUIT", NULL,
                                      OUTPUT_NO_NUMBER);
        else if (why == UNHEARD && !shared.ended)
                output_append_outcome(c, "could not be told of the crash", NULL, OUTPUT_NO_NUMBER);
        else
                tell_why_ended(c);
}

static bool send_wire(int fd, const struct wire_crash *wire)
{
        const char *p = (const char *)wire;
        size_t done = 0;

        while (done < sizeof(*wire)) { /* less than a pipe holds: does not block */
                ssize_t n = sys_write(fd, p + done, sizeof(*wire) - done);

                if (n > 0)
                        done += (size_t)n;
                else if (n != -EINTR)
                        return false;
        }
        return true;
}

/* HELLO, go, and then bytes until the one that ends the wait. */
static void converse(struct crash *c, const struct wire_crash *wire, int crash_fd, int status_fd, long intermediate_pid)
{
        char byte = 0;
        enum outcome got = wait_byte(c, status_fd, &byte);

        if (got == GOT_BYTE && byte == WIRE_HELLO) {
                /* Yama (Documentation/admin-guide/LSM/Yama.rst): with ptrace_scope 1 only a named tracer may attach.
                 * EINVAL: no Yama. */
                if (!shared.elsewhere)
                        sys_5(SYS_prctl, PR_SET_PTRACER, shared.helper_pid, 0, 0, 0);
                if (send_wire(crash_fd, wire))
                        do
                                got = wait_byte(c, status_fd, &byte);
                        while (got == GOT_BYTE && byte != WIRE_DONE);
                else
                        got = UNHEARD;
        }
        if (got != GOT_BYTE)
                finish_badly(c, got, intermediate_pid);
        else if (c->kind != WIRE_KIND_FATAL)
                collect(intermediate_pid);
        if (c->kind != WIRE_KIND_FATAL)
                sys_5(SYS_prctl, PR_SET_PTRACER, 0, 0, 0, 0);
}

/* CRASHPRE_HELPER, else beside the library, whose place the memory map tells: resolved, whatever LD_PRELOAD said. In
 * the build tree and in an installed prefix alike. */
static bool find_helper(void)
{
        const struct memmap_module *self = memmap_module_of(memmap_last(), (uint64_t)find_helper);
        size_t dir = self ? self->path_len : 0, at = 0;

        sigsafe_cat(shared.helper, sizeof(shared.helper), &at, settings.helper);
        if (at)
                return true;
        while (dir && self->path[dir - 1] != '/')
                dir--;
        if (!dir || dir + sizeof(HELPER_FROM_LIBRARY) > sizeof(shared.helper))
                return false;
        __builtin_memcpy(shared.helper, self->path, dir);
        sigsafe_cat(shared.helper, sizeof(shared.helper), &dir, HELPER_FROM_LIBRARY);
        return true;
}

/* Does an earlier intermediate still stand on the stack that the next one needs? Because collect() gave it up in a
 * system call that hangs, or because it is that of a vfork child which crashed in our memory just now. */
static bool earlier_one_is_here(const struct crash *c)
{
        return __atomic_load_n(&shared.child_tid, __ATOMIC_ACQUIRE) &&
               (shared.pid == c->pid || sys_shares_memory(shared.intermediate));
}

/* 0 or -errno, with all closed. */
static int make_pipes(int crash_pipe[2], int status_pipe[2])
{
        int err = (int)sys_2(SYS_pipe2, (long)crash_pipe, O_CLOEXEC);

        if (err < 0)
                return err;
        err = (int)sys_2(SYS_pipe2, (long)status_pipe, O_CLOEXEC | O_NONBLOCK);
        if (err < 0) {
                sys_close(crash_pipe[0]);
                sys_close(crash_pipe[1]);
        }
        return err;
}

/* After unshare(CLONE_NEWPID) the next child is the first process of a new namespace, and when it ends no other can
 * be made in it (pid_namespaces(7)): a helper would take that away from a program that goes on. */
static bool children_elsewhere(void)
{
        char own[64] = "", children[64] = "";

        return sys_readlink("/proc/thread-self/ns/pid", own, sizeof(own) - 1) > 0 &&
               (sys_readlink("/proc/thread-self/ns/pid_for_children", children, sizeof(children) - 1) <= 0 ||
                !sigsafe_streq(own, children));
}

void spawn_helper(struct crash *c, const struct wire_crash *wire)
{
        int crash_pipe[2], status_pipe[2], err;
        long pid;

        if (earlier_one_is_here(c) && !wait_until_gone()) {
                output_append_outcome(c, "not started: an earlier one has not gone", NULL, OUTPUT_NO_NUMBER);
                return;
        }
        if (!find_helper()) {
                output_append_outcome(c,
                                      "not started: the library's own place is unknown and CRASHPRE_HELPER is not set",
                                      NULL, OUTPUT_NO_NUMBER);
                return;
        }
        if (c->kind != WIRE_KIND_FATAL && children_elsewhere()) {
                output_append_outcome(c, "not started: the program's children live in another pid namespace", NULL,
                                      OUTPUT_NO_NUMBER);
                return;
        }
        err = make_pipes(crash_pipe, status_pipe);
        if (err) {
                output_append_outcome(c, "not started: pipe2 gave errno ", NULL, -err);
                return;
        }
        shared.argv[0] = "crashpre-helper";
        keep_helper_environment(shared.envp, HELPER_VARIABLES + 1);
        shared.fd[0] = shared.fd[1] = -1;
        shared.fd[2] = c->stderr_ok ? 2 : -1;
        shared.fd[WIRE_FD_CRASH] = crash_pipe[0];
        shared.fd[WIRE_FD_STATUS] = status_pipe[1];
        shared.fd[WIRE_FD_RAW] = c->raw_fd;
        shared.fd[WIRE_FD_DIR] = c->dir_fd;
        shared.helper_pid = shared.exec_error = shared.ended = 0;
        shared.deadline_ns = c->deadline_ns;
        shared.overdue = false;
        shared.pid = c->pid;
        shared.child_tid = -1; /* anything but 0 until the kernel clears it */
        pid = arch_clone(CLONE_VM | CLONE_UNTRACED | CLONE_CHILD_CLEARTID, shared.stack + STACK_SIZE, &shared.child_tid,
                         intermediate, NULL);
        shared.intermediate = (int)pid;
        sys_close(crash_pipe[0]);
        sys_close(status_pipe[1]);
        if (pid < 0) {
                shared.child_tid = 0;
                output_append_outcome(c, "could not be started, clone gave errno ", NULL, (int)-pid);
        } else {
                converse(c, wire, crash_pipe[1], status_pipe[0], pid);
        }
        sys_close(crash_pipe[1]);
        sys_close(status_pipe[0]);
}
