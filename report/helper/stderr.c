/* SPDX-License-Identifier: MIT */
#include "report/helper/stderr.h"
#include "report/helper/guard.h"
#include "report/text/text.h"
#include "unwind/target/aside.h"
#include "unwind/target/clock.h"
#include "unwind/target/mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Maximum delay of a process by a full stderr without a reader. */
#define PATIENCE_MS 1000

/* The type of the file, or 0. Unlike fstat(2), asks no file server. */
static mode_t type_of_stderr(void)
{
        struct statx x;
        struct stat st;

        if (!statx(STDERR_FILENO, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &x))
                return x.stx_mode & S_IFMT;
        if ((errno == ENOSYS || errno == EPERM) && !fstat(STDERR_FILENO, &st)) /* a seccomp filter */
                return st.st_mode & S_IFMT;
        return 0;
}

int stderr_device(void)
{
        return S_ISCHR(type_of_stderr()) ? STDERR_FILENO : -1;
}

/* Opens the same pipe or terminal again, so that O_NONBLOCK is not set for the application's descriptor. */
static int reopen_stderr(void)
{
        mode_t type = type_of_stderr();

        if (!S_ISFIFO(type) && !S_ISCHR(type))
                return -1;
        return open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static void write_all(const char *text, size_t len)
{
        uint64_t deadline = clock_now_ns() + PATIENCE_MS * NS_PER_MS;
        int own = reopen_stderr(), fd = own >= 0 ? own : STDERR_FILENO;

        while (len) {
                struct pollfd p = { .fd = fd, .events = POLLOUT };
                uint64_t now = clock_now_ns();
                size_t piece =
                        own >= 0 || len < 512 ? len : 512; /* a writable pipe accepts a small piece without blocking */
                ssize_t n;

                if (now >= deadline || poll(&p, 1, (int)((deadline - now) / NS_PER_MS) + 1) <= 0 ||
                    !(p.revents & POLLOUT))
                        break;
                n = send(fd, text, piece, MSG_DONTWAIT | MSG_NOSIGNAL);
                if (n < 0 && errno == ENOTSOCK)
                        n = write(fd, text, piece);
                if (n < 0 && errno != EAGAIN && errno != EINTR)
                        break;
                if (n > 0) {
                        text += n;
                        len -= (size_t)n;
                }
        }
        if (own >= 0)
                close(own);
}

/* A write to a file of a server that does not answer never returns, nor does any other call for it: a child does that, which is
 * left behind then. It has no other descriptor, in which somebody would wait for its end. */
static void write_aside(const char *text, size_t len)
{
        uint64_t deadline = clock_now_ns() + PATIENCE_MS * NS_PER_MS;
        const struct timespec nap = { .tv_nsec = 1000000 };
        pid_t pid = aside_fork();

        if (!pid) {
                close_range(STDERR_FILENO + 1, ~0u, 0);
                write_all(text, len);
                _exit(0);
        }
        while (pid > 0 && !waitpid(pid, NULL, WNOHANG)) {
                if (clock_now_ns() >= deadline) {
                        kill(pid, SIGKILL);
                        return;
                }
                nanosleep(&nap, NULL);
        }
}

void stderr_write(const char *text, size_t len)
{
        char *converted = text_for_terminal(stderr_device(), text, &len);

        if (S_ISREG(type_of_stderr()) && mountinfo_of_descriptor(STDERR_FILENO) == MOUNT_UNKNOWN)
                write_aside(converted, len);
        else
                write_all(converted, len);
        free(converted);
}
