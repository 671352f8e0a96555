/* SPDX-License-Identifier: MIT */
#include "preload/helper/spawn.h"
#include "preload/base/sigsafe.h"
#include "preload/base/syscalls.h"
#include "preload/facts/home.h"
#include "preload/facts/settings.h"
#include "preload/helper/intermediate.h"
#include "preload/raw/courier.h"
#include "preload/raw/output.h"
#include "unwind/core/terms/clock.h"
#include "unwind/core/terms/signames.h"
#include "unwind/core/terms/str.h"

#include <errno.h>
#include <limits.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define SLICE_NS 20000000ll /* interval at which the wait checks for a pending Ctrl-C */
#define NAP_NS 1000000ll    /* polling interval if ppoll(2) is refused */

bool spawn_wait_is_over(void)
{
        const uint64_t ending = SIGNAL_BIT(SIGINT) | SIGNAL_BIT(SIGTERM) | SIGNAL_BIT(SIGHUP) | SIGNAL_BIT(SIGQUIT);
        uint64_t pending = 0;

        return sys_sigpending(&pending) == 0 && pending & ending;
}

enum outcome { GOT_BYTE, ENDED, TIMED_OUT, INTERRUPTED, SEND_FAILED };

/* Returns 1 if a byte or an end of file can be read, 0 after SLICE_NS. */
static int wait_slice(int fd)
{
        struct pollfd pfd = { .fd = fd, .events = POLLIN };
        struct timespec slice = { 0, SLICE_NS }, nap = { 0, NAP_NS };
        int n = sys_ppoll(&pfd, 1, &slice);

        if (n >= 0 || n == -EINTR)
                return n > 0;
        sys_2(SYS_nanosleep, (long)&nap, 0); /* a seccomp filter refuses ppoll(2): poll by reading */
        return 1;
}

/* Waits for one byte from the helper, whose pipe is non-blocking. ENDED: it has exited, or closed its end. */
static enum outcome wait_byte(struct crash *c, int fd, char *byte)
{
        for (unsigned slices = 0;; slices++) {
                /* A child of the application may have a copy of the pipe's other end; then there is no end of file when
                 * the helper exits. Checked before the read, since the helper may write its last byte between the
                 * two. */
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
static void report_clone_error(struct crash *c, int err)
{
        output_append_outcome(
                c, "not started: clone: ",
                err == EAGAIN ? "no more processes are allowed (RLIMIT_NPROC, or the container's pids.max)" : NULL,
                -err);
}

/* By the kernel, if memory is short; nobody else kills this process alone. */
static bool was_killed(void)
{
        const struct intermediate_state *w = intermediate_state();

        return w->ended && WIFSIGNALED(w->status) && WTERMSIG(w->status) == SIGKILL;
}

/* The exit statuses of ld.so(8), of report/model/pool.c, and of a helper that finds its descriptors closed. NULL: another one. */
static const char *status_words(int status)
{
        switch (status) {
        case 127:
                return "the loader could not load its libraries";
        case 125:
                return "out of memory";
        case 2:
                return "too many open files (RLIMIT_NOFILE)";
        default:
                return NULL;
        }
}

/* Called after the helper ended without WIRE_DONE. */
static void report_early_end(struct crash *c)
{
        const struct intermediate_state *w = intermediate_state();

        if (w->exec_error && !childpid_get(&w->helper))
                report_clone_error(c, w->exec_error);
        else if (w->replaced)
                output_append_outcome(c, "not started: it is another file than when the program started", home.helper,
                                      OUTPUT_NO_NUMBER);
        else if (w->exec_error)
                output_append_outcome(c, "not started: execve: ", home.helper, -w->exec_error);
        else if (was_killed())
                output_append_outcome(c, "was killed before its report was complete, as happens if memory is short",
                                      NULL, OUTPUT_NO_NUMBER);
        else if (w->ended && WIFSIGNALED(w->status))
                output_append_outcome(c, "ended before its report was complete, by signal ", NULL, WTERMSIG(w->status));
        else if (w->ended && status_words(WEXITSTATUS(w->status)))
                output_append_outcome(c, "gave up", status_words(WEXITSTATUS(w->status)), OUTPUT_NO_NUMBER);
        else if (w->ended)
                output_append_outcome(c, "ended before its report was complete, with status ", NULL,
                                      WEXITSTATUS(w->status));
        else
                output_append_outcome(c, "closed its pipe without exiting", NULL, OUTPUT_NO_NUMBER);
}

static void finish_failed(struct crash *c, enum outcome why)
{
        const struct intermediate_state *w = intermediate_state();

        if (why == TIMED_OUT || w->overdue)
                output_append_outcome(c, "given up after CRASHPRE_TIMEOUT seconds: ", NULL, (int)settings.timeout_s);
        else if (why == INTERRUPTED)
                output_append_outcome(c, "the wait was ended by a pending INT, TERM, HUP or QUIT", NULL,
                                      OUTPUT_NO_NUMBER);
        else if (why == SEND_FAILED && !w->ended)
                output_append_outcome(c, "the crash data could not be sent to it", NULL, OUTPUT_NO_NUMBER);
        else
                report_early_end(c);
}

static bool send_wire(int fd, const struct wire_crash *wire)
{
        const char *p = (const char *)wire;
        size_t done = 0;

        while (done < sizeof(*wire)) { /* smaller than the pipe's buffer: does not block */
                ssize_t n = sys_write(fd, p + done, sizeof(*wire) - done);

                if (n > 0)
                        done += (size_t)n;
                else if (n != -EINTR)
                        return false;
        }
        return true;
}

/* What a helper has done. */
struct attempt {
        enum outcome end; /* GOT_BYTE: WIRE_DONE or WIRE_ENDING */
        bool began;       /* it has sent HELLO */
        bool written;     /* its report is complete */
};

/* Receives HELLO, sends the crash data ("go"), then receives bytes until WIRE_DONE. */
static struct attempt run_protocol(struct crash *c, int crash_fd, int status_fd)
{
        char byte = 0;
        enum outcome got = wait_byte(c, status_fd, &byte);
        struct attempt a = { .began = got == GOT_BYTE && byte == WIRE_HELLO };

        if (a.began) {
                /* Yama (Documentation/admin-guide/LSM/Yama.rst): with ptrace_scope 1 only a declared tracer may attach.
                 * EINVAL: no Yama. */
                if (!intermediate_state()->elsewhere)
                        sys_5(SYS_prctl, PR_SET_PTRACER, childpid_get(&intermediate_state()->helper), 0, 0, 0);
                c->wire.sent_ns = sys_clock_ns(CLOCK_MONOTONIC);
                if (send_wire(crash_fd, &c->wire))
                        do {
                                got = wait_byte(c, status_fd, &byte);
                                a.written |= got == GOT_BYTE && byte == WIRE_WRITTEN;
                        } while (got == GOT_BYTE && byte != WIRE_DONE && byte != WIRE_ENDING);
                else
                        got = SEND_FAILED;
        }
        a.end = got;
        if (got != GOT_BYTE) {
                intermediate_kill_helper();
                intermediate_collect();
        } else if (c->wire.kind != WIRE_KIND_FATAL || byte == WIRE_ENDING) {
                intermediate_collect();
        }
        if (c->wire.kind != WIRE_KIND_FATAL)
                sys_5(SYS_prctl, PR_SET_PTRACER, 0, 0, 0, 0);
        return a;
}

/* Returns 0, or -errno with all descriptors closed. */
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

/* After unshare(CLONE_NEWPID) the next child is the first process of a new namespace, and after it has ended no other
 * process can be created there (pid_namespaces(7)): a helper would make the namespace unusable for a program that
 * continues. */
static bool children_elsewhere(void)
{
        char own[64] = "", children[64] = "";

        return sys_readlink("/proc/thread-self/ns/pid", own, sizeof(own) - 1) > 0 &&
               (sys_readlink("/proc/thread-self/ns/pid_for_children", children, sizeof(children) - 1) <= 0 ||
                !str_is(own, children));
}

/* Returns whether that was permitted. */
static bool write_oom_score(const char *text, size_t len)
{
        int fd = sys_openat(AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC, 0);
        ssize_t n = fd < 0 ? fd : sys_write(fd, text, len);

        if (fd >= 0)
                sys_close(fd);
        return n >= 0;
}

static size_t read_oom_score(char *text, size_t size)
{
        int fd = sys_openat(AT_FDCWD, "/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC, 0);
        ssize_t n = fd < 0 ? 0 : sys_read(fd, text, size);

        if (fd >= 0)
                sys_close(fd);
        return n > 0 ? (size_t)n : 0;
}

/* Returns 0 with the result in *a, or -errno. */
static int attempt(struct crash *c, struct attempt *a, bool traced)
{
        int crash_pipe[2], status_pipe[2], err = make_pipes(crash_pipe, status_pipe);

        if (err) {
                output_append_outcome(c, "not started: pipe2: ", NULL, err);
                return err;
        }
        err = intermediate_start(
                (const int[]){
                        -1, -1,
                        c->stderr_ok ? 2 : -1, [WIRE_FD_CRASH] = crash_pipe[0], [WIRE_FD_STATUS] = status_pipe[1],
                        [WIRE_FD_RAW] = courier_active() ? -1 : c->raw_fd, [WIRE_FD_DIR] = c->dir_fd },
                c->wire.pid, c->wire.deadline_ns, traced);
        sys_close(crash_pipe[0]);
        sys_close(status_pipe[1]);
        if (err)
                report_clone_error(c, -err);
        else
                *a = run_protocol(c, crash_pipe[1], status_pipe[0]);
        sys_close(crash_pipe[1]);
        sys_close(status_pipe[0]);
        return err;
}

/* Whether another helper may succeed, which does not look at the process: this one failed by itself, with that work begun. If
 * memory is short, the next one to be killed could be the program, which has to die of its own signal. */
static bool is_worth_another(const struct crash *c, const struct attempt *a)
{
        return a->end != GOT_BYTE && a->end != INTERRUPTED && !(a->end == ENDED && was_killed()) && a->began &&
               !a->written && c->raw_fd >= 0 && !courier_active() && intermediate_gone();
}

/* Whether a seccomp filter has ended the helper before it could say HELLO. */
static bool was_refused(const struct attempt *a)
{
        const struct intermediate_state *w = intermediate_state();

        return a->end == ENDED && !a->began && w->ended && WIFSIGNALED(w->status) && WTERMSIG(w->status) == SIGSYS &&
               intermediate_gone();
}

/* Returns whether the helper was killed: memory may be short. */
static bool run_helper(struct crash *c)
{
        uint64_t deadline = c->wire.deadline_ns, now = sys_clock_ns(CLOCK_MONOTONIC);
        struct attempt a;

        if (deadline > now)
                c->wire.deadline_ns = now + (deadline - now) / 8 * 7;
        if (attempt(c, &a, false) || a.end == GOT_BYTE)
                return false;
        if (was_refused(&a) && (attempt(c, &a, true) || a.end == GOT_BYTE))
                return false;
        if (is_worth_another(c, &a)) {
                c->wire.deadline_ns = deadline;
                c->wire.raw_only = true;
                crash_note(c,
                           a.end == TIMED_OUT
                                   ? "the helper took too long to examine the process, so only the raw report was used"
                                   : "the helper failed to examine the process, so only the raw report was used",
                           NULL, 0);
                if (attempt(c, &a, false) || a.end == GOT_BYTE)
                        return false;
        }
        if (!a.written || a.end != ENDED) /* else it was killed at its end, with nothing left to do but to print */
                finish_failed(c, a.end);
        return a.end == ENDED && was_killed();
}

void spawn_helper(struct crash *c, bool may_go_on)
{
        char score[16];
        bool killed, lowered;
        size_t len;

        if (!intermediate_free(c->wire.pid)) {
                output_append_outcome(c, "not started: an earlier helper is still running", NULL, OUTPUT_NO_NUMBER);
                return;
        }
        if (!*home.helper) {
                output_append_outcome(c, "not started: the library's path is unknown and CRASHPRE_HELPER is not set",
                                      NULL, OUTPUT_NO_NUMBER);
                return;
        }
        if (c->wire.kind != WIRE_KIND_FATAL && children_elsewhere()) {
                output_append_outcome(c, "not started: the program's children are in another pid namespace", NULL,
                                      OUTPUT_NO_NUMBER);
                return;
        }
        /* A dying process should die of its own signal and not, because its helper needs memory, of the kernel's choice (proc(5)).
         * Requires CAP_SYS_RESOURCE; without it the helper's own score (intermediate.c) has to do. Where memory was short it remains until
         * the end, since the helper's spare may still run. */
        len = c->wire.kind == WIRE_KIND_FATAL ? read_oom_score(score, sizeof(score)) : 0;
        lowered = len &&
                  write_oom_score("-999", 4); /* with -1000 the kernel had no way out if nothing else can be killed */
        killed = run_helper(c);
        if (lowered && (may_go_on || !killed))
                write_oom_score(score, len);
}
