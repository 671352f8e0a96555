/* SPDX-License-Identifier: MIT */
#include "report/helper/stderr.h"
#include "report/helper/guard.h"
#include "report/text/text.h"
#include "unwind/target/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Maximum delay of a process by a full stderr without a reader. */
#define PATIENCE_MS 1000

/* Opens the same pipe or terminal again, so that O_NONBLOCK is not set for the application's descriptor. */
static int reopen_stderr(void)
{
        struct stat st;

        if (fstat(STDERR_FILENO, &st) || (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode)))
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

void stderr_write(const char *text, size_t len)
{
        char *converted = text_for_terminal(STDERR_FILENO, text, &len);

        write_all(converted, len);
        free(converted);
}
