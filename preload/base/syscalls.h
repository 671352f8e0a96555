/* SPDX-License-Identifier: MIT */
/* preload/base/syscalls.h: the system calls of the crash path, by inline stubs that return -errno.
 *
 * Signal context: async-signal-safe; no errno, no cancellation point, no lazy binding.
 */
#ifndef CRASHPRE_PRELOAD_SYSCALLS_H
#define CRASHPRE_PRELOAD_SYSCALLS_H

#include "preload/base/arch.h"
#include "unwind/core/terms/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

#define KERNEL_SIGSET_SIZE 8 /* bytes; an argument of rt_sigaction(2) */

/* The kernel's struct sigaction (asm/signal.h), which is not libc's. */
struct kernel_sigaction {
        void *handler;
        unsigned long flags;
        uint64_t restorer;
        uint64_t mask;
};

#ifndef SA_RESTORER
#define SA_RESTORER 0x04000000
#endif

static inline long sys_0(long n)
{
        return arch_syscall(n, 0, 0, 0, 0, 0, 0);
}
static inline long sys_1(long n, long a)
{
        return arch_syscall(n, a, 0, 0, 0, 0, 0);
}
static inline long sys_2(long n, long a, long b)
{
        return arch_syscall(n, a, b, 0, 0, 0, 0);
}
static inline long sys_3(long n, long a, long b, long c)
{
        return arch_syscall(n, a, b, c, 0, 0, 0);
}
static inline long sys_4(long n, long a, long b, long c, long d)
{
        return arch_syscall(n, a, b, c, d, 0, 0);
}
static inline long sys_5(long n, long a, long b, long c, long d, long e)
{
        return arch_syscall(n, a, b, c, d, e, 0);
}

static inline int sys_getpid(void)
{
        return (int)sys_0(SYS_getpid);
}
static inline int sys_gettid(void)
{
        return (int)sys_0(SYS_gettid);
}
static inline ssize_t sys_read(int fd, void *p, size_t n)
{
        return sys_3(SYS_read, fd, (long)p, (long)n);
}
static inline ssize_t sys_write(int fd, const void *p, size_t n)
{
        return sys_3(SYS_write, fd, (long)p, (long)n);
}
static inline int sys_openat(int dir, const char *path, int flags, unsigned mode)
{
        return (int)sys_4(SYS_openat, dir, (long)path, flags, (long)mode);
}
static inline int sys_close(int fd)
{
        return (int)sys_1(SYS_close, fd);
}
static inline ssize_t sys_readlink(const char *path, char *buf, size_t n)
{
        return sys_4(SYS_readlinkat, AT_FDCWD, (long)path, (long)buf, (long)n);
}
static inline int sys_sigaction(int sig, const struct kernel_sigaction *act, struct kernel_sigaction *old)
{
        return (int)sys_4(SYS_rt_sigaction, sig, (long)act, (long)old, KERNEL_SIGSET_SIZE);
}
static inline int sys_sigprocmask(int how, const uint64_t *set, uint64_t *old)
{
        return (int)sys_4(SYS_rt_sigprocmask, how, (long)set, (long)old, KERNEL_SIGSET_SIZE);
}
static inline int sys_sigpending(uint64_t *set)
{
        return (int)sys_2(SYS_rt_sigpending, (long)set, KERNEL_SIGSET_SIZE);
}
static inline int sys_sigaltstack(const stack_t *ss, stack_t *old)
{
        return (int)sys_2(SYS_sigaltstack, (long)ss, (long)old);
}
static inline uint64_t sys_clock_ns(int clock)
{
        struct timespec ts = { 0, 0 };

        sys_2(SYS_clock_gettime, clock, (long)&ts);
        return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}
static inline int sys_ppoll(struct pollfd *fds, unsigned n, const struct timespec *timeout)
{
        return (int)sys_5(SYS_ppoll, (long)fds, n, (long)timeout, 0, 0);
}
static inline ssize_t sys_process_vm_readv(int pid, const struct iovec *local, const struct iovec *remote)
{
        return arch_syscall(SYS_process_vm_readv, pid, (long)local, 1, (long)remote, 1, 0);
}
static inline int sys_futex(int *word, int op, int value, const struct timespec *timeout)
{
        return (int)sys_4(SYS_futex, (long)word, op, value, (long)timeout);
}
/* Whether thread `tid` of another process shares this process's memory, as a vfork(2) child and its parent do. Also
 * false where kcmp(2) is refused. */
static inline bool sys_shares_memory(int tid)
{
        return sys_5(SYS_kcmp, sys_gettid(), tid, KCMP_VM, 0, 0) == 0;
}
/* Raises a soft limit of this process to the hard limit: soft limits are for the program's code, not for the report. */
static inline void sys_raise_limit(int resource)
{
        struct rlimit limit;

        if (sys_4(SYS_prlimit64, 0, resource, 0, (long)&limit) < 0 || limit.rlim_cur == limit.rlim_max)
                return;
        limit.rlim_cur = limit.rlim_max;
        sys_4(SYS_prlimit64, 0, resource, (long)&limit, 0);
}
static inline int sys_kill(int pid, int sig)
{
        return (int)sys_2(SYS_kill, pid, sig);
}
/* A seccomp filter may refuse getpid(2), and kill(2) of the -1 that it then returns (EPERM) would reach every process. */
static inline int sys_kill_self(int sig)
{
        int pid = sys_getpid();

        return pid > 0 ? sys_kill(pid, sig) : -ESRCH;
}
static inline _Noreturn void sys_exit_group(int status)
{
        for (;;) {
                sys_1(SYS_exit_group, status);
                sys_kill_self(9 /* SIGKILL */); /* if a seccomp filter refuses exit_group(2) */
        }
}

#endif
