/* SPDX-License-Identifier: MIT */
#include "preload/helper/spawn.h"
#include "preload/base/modmap.h"
#include "preload/base/sigsafe.h"
#include "preload/base/syscalls.h"
#include "preload/facts/settings.h"
#include "preload/helper/intermediate.h"
#include "preload/raw/output.h"
#include "unwind/core/terms/clock.h"
#include "unwind/core/terms/signames.h"
#include "unwind/core/terms/str.h"

#include <errno.h>
#include <limits.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define SLICE_NS 20000000ll /* how often the wait looks for a pending Ctrl-C */
#define NAP_NS 1000000ll    /* between two looks where even that is refused */
#define HELPER_FROM_LIBRARY "../libexec/crashpre/crashpre-helper"

static char helper_path[PATH_MAX];

bool spawn_wait_is_over(void)
{
        const uint64_t ending = SIGNAL_BIT(SIGINT) | SIGNAL_BIT(SIGTERM) | SIGNAL_BIT(SIGHUP) | SIGNAL_BIT(SIGQUIT);
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
                /* A child of the application may hold a copy of the pipe's other end: then the end of the helper is
                 * no end of file. Asked first: its last word may come between the two. */
                bool gone = intermediate_gone();
                int n = wait_slice(fd);

                if (n > 0) {
                        ssize_t got = sys_read(fd, byte, 1);

                        if (got == 1)
                                return GOT_BYTE;
                        if (got != -EINTR && got != -EAGAIN)
                                return ENDED;
                        n = 0;
                }
                if (n == 0 && gone)
                        return ENDED;
                if (n == 0 && spawn_wait_is_over())
                        return INTERRUPTED;
                if (c->wire.deadline_ns ? sys_clock_ns(CLOCK_MONOTONIC) >= c->wire.deadline_ns
                                        : slices >= settings.timeout_s * (NS_PER_S / SLICE_NS))
                        return TIMED_OUT;
        }
}

/* clone(2): EAGAIN is a limit on processes, of the user or of a control group (a container's). */
static void tell_clone_refused(struct crash *c, int err)
{
        output_append_outcome(
                c, "could not be started, clone gave errno ",
                err == EAGAIN ? "no more processes are allowed (RLIMIT_NPROC, or the container's pids.max)" : NULL,
                err);
}

/* After the helper ended without its last word. */
static void tell_why_ended(struct crash *c)
{
        const struct intermediate_word *w = intermediate_word();

        if (w->exec_error && !w->helper_pid)
                tell_clone_refused(c, w->exec_error);
        else if (w->exec_error)
                output_append_outcome(c, "could not be started, execve gave errno ", helper_path, w->exec_error);
        else if (w->ended && WIFSIGNALED(w->status))
                output_append_outcome(c, "ended before its report was complete, by signal ", NULL, WTERMSIG(w->status));
        else if (w->ended)
                output_append_outcome(c, "ended before its report was complete, with status ", NULL,
                                      WEXITSTATUS(w->status));
        else
                output_append_outcome(c, "closed its pipe and did not end", NULL, OUTPUT_NO_NUMBER);
}

static void finish_badly(struct crash *c, enum outcome why)
{
        const struct intermediate_word *w = intermediate_word();

        intermediate_kill_helper();
        intermediate_collect();
        if (why == TIMED_OUT || w->overdue)
                output_append_outcome(c, "given up after CRASHPRE_TIMEOUT seconds: ", NULL, (int)settings.timeout_s);
        else if (why == INTERRUPTED)
                output_append_outcome(c, "the wait was ended by a pending INT, TERM, HUP or QUIT", NULL,
                                      OUTPUT_NO_NUMBER);
        else if (why == UNHEARD && !w->ended)
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
static void converse(struct crash *c, int crash_fd, int status_fd)
{
        char byte = 0;
        enum outcome got = wait_byte(c, status_fd, &byte);

        if (got == GOT_BYTE && byte == WIRE_HELLO) {
                /* Yama (Documentation/admin-guide/LSM/Yama.rst): with ptrace_scope 1 only a named tracer may attach.
                 * EINVAL: no Yama. */
                if (!intermediate_word()->elsewhere)
                        sys_5(SYS_prctl, PR_SET_PTRACER, intermediate_word()->helper_pid, 0, 0, 0);
                c->wire.sent_ns = sys_clock_ns(CLOCK_MONOTONIC);
                if (send_wire(crash_fd, &c->wire))
                        do
                                got = wait_byte(c, status_fd, &byte);
                        while (got == GOT_BYTE && byte != WIRE_DONE);
                else
                        got = UNHEARD;
        }
        if (got != GOT_BYTE)
                finish_badly(c, got);
        else if (c->wire.kind != WIRE_KIND_FATAL)
                intermediate_collect();
        if (c->wire.kind != WIRE_KIND_FATAL)
                sys_5(SYS_prctl, PR_SET_PTRACER, 0, 0, 0, 0);
}

/* CRASHPRE_HELPER, else beside the library, whose place the memory map tells: resolved, whatever LD_PRELOAD said. In
 * the build tree and in an installed prefix alike. */
static bool find_helper(void)
{
        const struct modmap_module *self = modmap_find((uint64_t)find_helper);
        size_t dir = self ? self->path_len : 0, at = 0;

        str_cat(helper_path, sizeof(helper_path), &at, settings.helper);
        if (at)
                return true;
        while (dir && self->path[dir - 1] != '/')
                dir--;
        if (!dir || dir + sizeof(HELPER_FROM_LIBRARY) > sizeof(helper_path))
                return false;
        __builtin_memcpy(helper_path, self->path, dir);
        str_cat(helper_path, sizeof(helper_path), &dir, HELPER_FROM_LIBRARY);
        return true;
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
                !str_is(own, children));
}

void spawn_helper(struct crash *c)
{
        int crash_pipe[2], status_pipe[2], err;

        if (!intermediate_free(c->wire.pid)) {
                output_append_outcome(c, "not started: an earlier one has not gone", NULL, OUTPUT_NO_NUMBER);
                return;
        }
        if (!find_helper()) {
                output_append_outcome(c,
                                      "not started: the library's own place is unknown and CRASHPRE_HELPER is not set",
                                      NULL, OUTPUT_NO_NUMBER);
                return;
        }
        if (c->wire.kind != WIRE_KIND_FATAL && children_elsewhere()) {
                output_append_outcome(c, "not started: the program's children live in another pid namespace", NULL,
                                      OUTPUT_NO_NUMBER);
                return;
        }
        err = make_pipes(crash_pipe, status_pipe);
        if (err) {
                output_append_outcome(c, "not started: pipe2 gave errno ", NULL, -err);
                return;
        }
        err = intermediate_start(
                helper_path,
                (const int[]){
                        -1, -1, c->stderr_ok ? 2 : -1, [WIRE_FD_CRASH] = crash_pipe[0],
                        [WIRE_FD_STATUS] = status_pipe[1], [WIRE_FD_RAW] = c->raw_fd, [WIRE_FD_DIR] = c->dir_fd },
                c->wire.pid, c->wire.deadline_ns);
        sys_close(crash_pipe[0]);
        sys_close(status_pipe[1]);
        if (err)
                tell_clone_refused(c, -err);
        else
                converse(c, crash_pipe[1], status_pipe[0]);
        sys_close(crash_pipe[1]);
        sys_close(status_pipe[0]);
}
