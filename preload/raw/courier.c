/* SPDX-License-Identifier: MIT */
#include "preload/raw/courier.h"
#include "preload/base/childpid.h"
#include "preload/base/syscalls.h"

#include <errno.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define STACK_SIZE 32768
#define SLICE_NS 20000000ll    /* polling interval, where a wake-up may be refused or missed */
#define END_NS 500000000ull    /* for the process to end by itself */
#define KILLED_NS 200000000ull /* for it to end once it was killed: longer only if the file system ignores that */
#define FD_PIPE 0              /* in the process */
#define FD_SOCKET 1

enum { WORKING = 1 };

/* Shared with the process. */
static struct {
        int child_tid; /* cleared by the kernel when it has exited */
        struct childpid number;
        bool active;
        int pipe_fd[2], socket_fd[2];
        courier_open *open;
        void *ctx;
        volatile int result; /* WORKING; 0: the file is open; -errno */
        volatile int err;    /* of the first write that failed */
        volatile uint64_t written;
        int changed; /* futex: incremented with each change of the three above */
        char buffer[4096];
        uint8_t stack[STACK_SIZE] __attribute__((aligned(64)));
} shared;

/* ---- in the process ---- */

static void announce(void)
{
        __atomic_add_fetch(&shared.changed, 1, __ATOMIC_RELEASE);
        sys_futex(&shared.changed, FUTEX_WAKE, 1, NULL);
}

_Noreturn void courier_end(void)
{
        for (;;) {
                sys_1(SYS_exit, 0);
                sys_kill_self(SIGKILL);
        }
}

struct rights {
        char byte;
        struct iovec iov;
        char control[CMSG_SPACE(2 * sizeof(int))]
                __attribute__((aligned(8))); /* a struct cmsghdr and the descriptors */
        struct msghdr message;
};

static void prepare(struct rights *r)
{
        *r = (struct rights){ .byte = 'f' };
        r->iov = (struct iovec){ &r->byte, 1 };
        r->message = (struct msghdr){ .msg_iov = &r->iov, .msg_iovlen = 1 };
        r->message.msg_control = r->control;
        r->message.msg_controllen = sizeof(r->control);
}

static void pass_on(const int fd[2])
{
        struct rights r;
        struct cmsghdr *header = (struct cmsghdr *)(void *)r.control;

        prepare(&r);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(2 * sizeof(int));
        __builtin_memcpy(CMSG_DATA(header), fd, 2 * sizeof(int));
        sys_3(SYS_sendmsg, FD_SOCKET, (long)&r.message, MSG_NOSIGNAL);
}

static void write_out(int fd, size_t n)
{
        size_t done = 0;

        while (!shared.err && done < n) {
                ssize_t got = sys_write(fd, shared.buffer + done, n - done);

                if (got > 0)
                        done += (size_t)got;
                else if (got != -EINTR)
                        shared.err = got < 0 ? (int)got : -EIO;
        }
        shared.written += done;
        announce();
}

static void run(void *unused)
{
        int fd[2] = { -1, -1 };
        ssize_t n;

        (void)unused;
        sys_3(SYS_dup3, shared.pipe_fd[0], FD_PIPE, 0); /* courier_start() has seen to it that both are above */
        sys_3(SYS_dup3, shared.socket_fd[1], FD_SOCKET, 0);
        if (sys_3(SYS_close_range, FD_SOCKET + 1, ~0u, 0) < 0)
                for (int i = FD_SOCKET + 1; i < 4096; i++) /* before Linux 5.9 */
                        sys_close(i);
        shared.result = shared.open(shared.ctx, fd);
        if (shared.result == 0)
                pass_on(fd);
        announce();
        if (shared.result)
                courier_end();
        while ((n = sys_read(FD_PIPE, shared.buffer, sizeof(shared.buffer))) > 0 || n == -EINTR)
                if (n > 0)
                        write_out(fd[1], (size_t)n);
        courier_end();
}

bool courier_stands_on(uint64_t sp)
{
        return sp - (uint64_t)shared.stack < sizeof(shared.stack);
}

/* ---- in the crashing process ---- */

bool courier_gone(void)
{
        return !__atomic_load_n(&shared.child_tid, __ATOMIC_ACQUIRE);
}

void courier_reset(void)
{
        shared.active = false;
        shared.pipe_fd[0] = shared.pipe_fd[1] = shared.socket_fd[0] = shared.socket_fd[1] = -1;
}

bool courier_active(void)
{
        return shared.active;
}

int courier_socket(void)
{
        return shared.active ? shared.socket_fd[0] : -1;
}

/* Waits for a change of `word` from `value`, a slice at most. */
static void wait_slice(int *word, int value)
{
        struct timespec slice = { 0, SLICE_NS };

        if (sys_futex(word, FUTEX_WAIT, value, &slice) == -EPERM)
                sys_2(SYS_nanosleep, (long)&slice, 0); /* a seccomp filter */
}

static bool collect(uint64_t wait_ns)
{
        uint64_t end = sys_clock_ns(CLOCK_MONOTONIC) + wait_ns;
        int pid;

        for (unsigned slices = 0; !courier_gone(); slices++) {
                int tid = __atomic_load_n(&shared.child_tid, __ATOMIC_ACQUIRE);

                if (sys_clock_ns(CLOCK_MONOTONIC) >= end || slices > wait_ns / SLICE_NS)
                        return false;
                if (tid)
                        wait_slice(&shared.child_tid, tid);
        }
        pid = childpid_get(&shared.number);
        while (pid && sys_4(SYS_wait4, pid, 0, __WALL, 0) == -EINTR)
                ;
        return true;
}

static void close_all(void)
{
        for (int i = 0; i < 2; i++) {
                if (shared.pipe_fd[i] >= 0)
                        sys_close(shared.pipe_fd[i]);
                if (shared.socket_fd[i] >= 0)
                        sys_close(shared.socket_fd[i]);
                shared.pipe_fd[i] = shared.socket_fd[i] = -1;
        }
}

static void give_up(void)
{
        close_all();
        shared.active = false;
        childpid_kill(&shared.number);
        collect(KILLED_NS);
}

static int make_channels(void)
{
        int err = (int)sys_2(SYS_pipe2, (long)shared.pipe_fd, O_CLOEXEC);

        if (err) {
                shared.pipe_fd[0] = shared.pipe_fd[1] = -1;
                return err;
        }
        err = (int)sys_4(SYS_socketpair, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, (long)shared.socket_fd);
        if (err)
                shared.socket_fd[0] = shared.socket_fd[1] = -1;
        /* the process uses 0 and 1 for its own; a program may have closed its own */
        for (int *fd = &shared.pipe_fd[0]; !err; fd = &shared.socket_fd[1]) {
                if (*fd <= FD_SOCKET) {
                        int higher = (int)sys_3(SYS_fcntl, *fd, F_DUPFD_CLOEXEC, FD_SOCKET + 1);

                        if (higher < 0)
                                return higher;
                        sys_close(*fd);
                        *fd = higher;
                }
                if (fd == &shared.socket_fd[1])
                        break;
        }
        return err;
}

int courier_start(courier_open *open, void *ctx, uint64_t wait_ns, int *pipe_fd)
{
        uint64_t end = sys_clock_ns(CLOCK_MONOTONIC) + wait_ns;
        int err, pid;

        if (!courier_gone())
                return -EBUSY; /* an earlier one uses the stack */
        for (int i = 0; i < 2; i++)
                shared.pipe_fd[i] = shared.socket_fd[i] = -1;
        err = make_channels();
        if (err) {
                close_all();
                return err;
        }
        shared.open = open;
        shared.ctx = ctx;
        shared.result = WORKING;
        shared.err = 0;
        shared.written = 0;
        shared.child_tid = -1;
        pid = (int)arch_clone(CLONE_VM | CLONE_UNTRACED | CLONE_CHILD_CLEARTID, shared.stack + STACK_SIZE,
                              &shared.child_tid, run, NULL);
        if (pid < 0) {
                shared.child_tid = 0;
                close_all();
                return pid;
        }
        childpid_set(&shared.number, pid);
        shared.active = true;
        for (unsigned slices = 0; shared.result == WORKING; slices++) {
                int changed = __atomic_load_n(&shared.changed, __ATOMIC_ACQUIRE);

                if (courier_gone() || sys_clock_ns(CLOCK_MONOTONIC) >= end || slices > wait_ns / SLICE_NS)
                        break;
                if (shared.result == WORKING)
                        wait_slice(&shared.changed, changed);
        }
        err = shared.result;
        if (err) {
                give_up();
                return err == WORKING ? -ETIMEDOUT : err;
        }
        sys_close(shared.pipe_fd[0]);
        sys_close(shared.socket_fd[1]);
        shared.pipe_fd[0] = shared.socket_fd[1] = -1;
        *pipe_fd = shared.pipe_fd[1];
        return 0;
}

int courier_sync(uint64_t sent, uint64_t wait_ns)
{
        uint64_t end = sys_clock_ns(CLOCK_MONOTONIC) + wait_ns;

        for (unsigned slices = 0; shared.written < sent && !shared.err; slices++) {
                int changed = __atomic_load_n(&shared.changed, __ATOMIC_ACQUIRE);

                if (courier_gone())
                        return -EPIPE;
                if (sys_clock_ns(CLOCK_MONOTONIC) >= end || slices > wait_ns / SLICE_NS)
                        return -ETIMEDOUT;
                if (shared.written < sent && !shared.err)
                        wait_slice(&shared.changed, changed);
        }
        return shared.err;
}

int courier_receive(int socket_fd, int fd[2])
{
        struct rights r;
        const struct cmsghdr *header = (const struct cmsghdr *)(const void *)r.control;
        ssize_t n;

        prepare(&r);
        n = sys_3(SYS_recvmsg, socket_fd, (long)&r.message, MSG_DONTWAIT);
        if (n < 0)
                return (int)n;
        if (r.message.msg_controllen < CMSG_LEN(2 * sizeof(int)) || header->cmsg_type != SCM_RIGHTS)
                return -EBADMSG;
        __builtin_memcpy(fd, CMSG_DATA(header), 2 * sizeof(int));
        return 0;
}

void courier_finish(void)
{
        if (!shared.active)
                return;
        close_all();
        shared.active = false;
        if (collect(END_NS))
                return;
        childpid_kill(&shared.number);
        collect(KILLED_NS);
}
