/* SPDX-License-Identifier: MIT */
/* unwind/target/aside.c: see aside.h. */
#include "unwind/target/aside.h"
#include "unwind/target/clock.h"
#include "unwind/target/weight.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
        KILLED_MS = 100, /* for a child to end once it was killed: longer only if the file system ignores that */
        LEFT_MAX = 16,
};

static pid_t left[LEFT_MAX]; /* children that are to be reaped; 0: free */

/* ---- in the child ---- */

static void write_all(int fd, const char *p, size_t n)
{
        while (n) {
                ssize_t done = write(fd, p, n);

                if (done < 0 && errno == EINTR)
                        continue;
                if (done <= 0)
                        return;
                p += done;
                n -= (size_t)done;
        }
}

static _Noreturn void run_step(aside_step *step, void *ctx, char *buf, size_t size, int out)
{
        ssize_t n;

        weight_renew();
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(out, 0); /* every other descriptor is somebody's pipe, which must not stay open with this process */
        close_range(1, ~0u, 0);
        n = step(ctx, buf, size);
        write_all(0, (char *)&n, sizeof(n));
        if (n > 0)
                write_all(0, buf, (size_t)n);
        _exit(0);
}

/* ---- in the parent ---- */

/* Returns true if all `n` bytes came before `until`. */
static bool read_all(int fd, char *p, size_t n, uint64_t until)
{
        while (n) {
                uint64_t now = clock_now_ns();
                struct pollfd wait = { .fd = fd, .events = POLLIN };
                ssize_t got;

                if (now >= until)
                        return false;
                if (poll(&wait, 1, (int)((until - now) / 1000000) + 1) < 0 && errno != EINTR) {
                        const struct timespec nap = { .tv_nsec = 1000000 }; /* a seccomp filter refuses poll(2) */

                        nanosleep(&nap, NULL);
                }
                got = read(fd, p, n); /* non-blocking */
                if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
                        return false;
                if (got > 0) {
                        p += got;
                        n -= (size_t)got;
                }
        }
        return true;
}

static bool reaped(pid_t pid)
{
        pid_t got;

        do
                got = waitpid(pid, NULL, WNOHANG);
        while (got < 0 && errno == EINTR);
        return got != 0;
}

static void end(pid_t pid)
{
        kill(pid, SIGKILL);
        for (int ms = 0; ms < KILLED_MS; ms++) {
                const struct timespec nap = { .tv_nsec = 1000000 };

                if (reaped(pid))
                        return;
                nanosleep(&nap, NULL);
        }
        for (size_t i = 0; i < LEFT_MAX; i++) {
                if (!left[i]) {
                        left[i] = pid;
                        return;
                }
        }
}

void aside_collect(void)
{
        for (size_t i = 0; i < LEFT_MAX; i++)
                if (left[i] && reaped(left[i]))
                        left[i] = 0;
}

ssize_t aside_run(aside_step *step, void *ctx, void *buf, size_t size, uint64_t wait_ns)
{
        uint64_t until = clock_now_ns() + wait_ns;
        ssize_t n = -ETIMEDOUT;
        int ends[2], err;
        pid_t pid;

        if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
                return -errno;
        pid = aside_fork();
        err = errno;
        if (!pid) {
                fcntl(ends[1], F_SETFL, 0);
                run_step(step, ctx, buf, size, ends[1]);
        }
        close(ends[1]);
        if (pid < 0)
                n = -err;
        else if (!read_all(ends[0], (char *)&n, sizeof(n), until))
                n = -ETIMEDOUT;
        else if (n > 0 && ((size_t)n > size || !read_all(ends[0], buf, (size_t)n, until)))
                n = -ETIMEDOUT;
        close(ends[0]);
        if (pid > 0)
                end(pid);
        return n;
}

pid_t aside_fork(void)
{
        return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}
