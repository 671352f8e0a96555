/* SPDX-License-Identifier: MIT */
/* unwind/target/attach.c: stops every thread of a process by ptrace(2) and detaches it.
 *
 * PTRACE_SEIZE and PTRACE_INTERRUPT are used instead of PTRACE_ATTACH: no SIGSTOP is sent that could be observed,
 * lost or left pending, and a process in group-stop is recognized. Every wait has a deadline: the SIGCHLD that a stop
 * or death sends to the tracer is blocked and awaited by sigtimedwait(2), so that a wait ends within microseconds of
 * the event and needs neither handler nor timer; if the signal is lost (another thread accepts it), the next poll
 * follows after a short time slice.
 */
#include "unwind/target/arch.h"
#include "unwind/target/clock.h"
#include "unwind/target/proc.h"
#include "unwind/target/process_internal.h"
#include "unwind/target/refusal.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
        SPINS = 64,           /* polls that only yield the processor, before the first that sleeps */
        SLICE_NS = 2000000,   /* longest sleep between two polls */
        TRACER_MS = 50,       /* time allowed for another tracer to detach */
        STUCK_NS = 250000000, /* after this time without a stop, check whether the remaining threads can stop at all */
};

/* ---- waiting ---- */

static void block_sigchld(sigset_t *old)
{
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGCHLD);
        sigprocmask(SIG_BLOCK, &set, old);
}

/* Sleeps until a child or tracee changes state, or for a slice of the time left until `deadline_ns`. */
static void sleep_until_event(uint64_t deadline_ns)
{
        uint64_t now = clock_now_ns(), left = deadline_ns > now ? deadline_ns - now : 0;
        struct timespec slice = { .tv_nsec = left < SLICE_NS ? (long)left : SLICE_NS };
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGCHLD);
        sigtimedwait(&set, NULL, &slice);
}

static void note_stop(struct held *h, int status)
{
        if (!WIFSTOPPED(status)) {
                h->hold = HOLD_GONE;
                return;
        }
        /* PTRACE_EVENT_STOP: our interrupt, or the group-stop of a process that was already stopped; both states are
         * restored by the kernel at the detach. Any other stop is a signal-delivery-stop: the kernel then discards
         * our interrupt at the detach. */
        h->signal = status >> 16 ? 0 : WSTOPSIG(status);
        h->hold = arch_read_registers(h->tid, &h->regs) == -ESRCH ? HOLD_GONE : HOLD_STOPPED;
}

/* Polls each thread that has not stopped yet. Returns how many are left. */
static size_t poll_threads(struct process *p)
{
        size_t left = 0;

        for (size_t i = 0; i < p->held_count; i++) {
                struct held *h = &p->held[i];
                int status;
                pid_t got;

                if (h->hold != HOLD_ASKED)
                        continue;
                got = waitpid(h->tid, &status, __WALL | WNOHANG);
                if (got == h->tid)
                        note_stop(h, status);
                else if (got < 0)
                        h->hold = HOLD_GONE; /* ECHILD: its id changed by execve(2), or it was reaped */
                else
                        left++;
        }
        return left;
}

/* True if all threads that have not stopped are in uninterruptible sleep. On a busy machine a thread may also be
 * waiting for a processor. */
static bool all_stuck(const struct process *p)
{
        for (size_t i = 0; i < p->held_count; i++)
                if (p->held[i].hold == HOLD_ASKED && proc_task_state(p->base.proc, p->held[i].task) != 'D')
                        return false;
        return true;
}

static void wait_for_stops(struct process *p, uint64_t deadline_ns)
{
        uint64_t progress = clock_now_ns();
        size_t before = p->held_count + 1;
        unsigned spins = 0;
        sigset_t old;

        block_sigchld(&old);
        for (;;) {
                size_t left = poll_threads(p);
                uint64_t now;

                if (!left)
                        break;
                if (spins++ < SPINS) {
                        sched_yield();
                        continue;
                }
                now = clock_now_ns();
                if (now >= deadline_ns)
                        break;
                if (left < before)
                        progress = now;
                else if (now - progress >= STUCK_NS && all_stuck(p))
                        break;
                else if (now - progress >= STUCK_NS)
                        progress = now;
                before = left;
                sleep_until_event(deadline_ns);
        }
        sigprocmask(SIG_SETMASK, &old, NULL);
}

/* ---- seizing ---- */

static struct held *find_task(struct process *p, pid_t task)
{
        for (size_t i = 0; i < p->held_count; i++)
                if (p->held[i].task == task)
                        return &p->held[i];
        return NULL;
}

/* A debugger detaches from a process thread by thread, and the first thread detached may be the one that crashes now:
 * another tracer is allowed a short time to detach, once for the whole process. */
static bool wait_for_tracer(struct process *p, pid_t task)
{
        const struct timespec pause = { .tv_nsec = 1000000 };
        char id[48];
        long tracer;

        snprintf(id, sizeof(id), "%d/task/%d", (int)p->base.proc, (int)task);
        while ((tracer = proc_status(id, "TracerPid:")) > 0 && p->tracer_wait_ms > 0) {
                p->tracer_wait_ms--;
                nanosleep(&pause, NULL);
        }
        return tracer == 0;
}

static int seize_once(struct process *p, pid_t tid, pid_t task)
{
        if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) == 0)
                return 0;
        if (errno != EPERM)
                return -errno;
        if (!wait_for_tracer(p, task))
                return -EPERM;
        return ptrace(PTRACE_SEIZE, tid, NULL, NULL) == 0 ? 0 : -errno;
}

static int seize(struct process *p, pid_t tid, pid_t task)
{
        struct held *h;
        int err = 0;

        if (p->held_count == p->held_room) {
                size_t room = p->held_room ? p->held_room * 2 : 64;
                struct held *v = realloc(p->held, room * sizeof(*v));

                if (!v)
                        return -ENOMEM;
                p->held = v;
                p->held_room = room;
        }
        h = &p->held[p->held_count++];
        *h = (struct held){ .tid = tid, .task = task, .hold = HOLD_ASKED };
        err = -seize_once(p, tid, task);
        if (err) {
                char state;

                /* A thread that is exiting, and a leader that ended before its threads, also fail with EPERM. */
                state = err == ESRCH ? 'X' : proc_task_state(p->base.proc, task);
                h->hold = strchr("ZXx", state) ? HOLD_GONE : HOLD_REFUSED;
                return h->hold == HOLD_REFUSED ? -err : 0;
        }
        ptrace(PTRACE_INTERRUPT, tid, NULL, NULL); /* ESRCH: it is dying, which the wait will detect */
        return 0;
}

/* If the thread has ended in the meantime it has no id: returns 0, and seizing that id fails. */
static pid_t own_tid(const struct process *p, pid_t task)
{
        return p->base.proc == p->base.pid ? task : proc_own_tid(p->base.proc, task);
}

struct listing {
        size_t fresh, seized; /* threads not seen before; those of them that were seized */
        int refused;          /* -errno of a refusal */
};

/* Seizes every thread that did not exist at the previous listing. Tasks are listed in the order of their creation, so
 * known ones mostly come in the order of `held`: the search starts where the last one ended. */
static int seize_new(struct process *p, struct listing *l)
{
        size_t next = 0, known = p->held_count;
        struct dirent *e;
        char path[32];
        DIR *dir;
        int err;

        snprintf(path, sizeof(path), "/proc/%d/task", (int)p->base.proc);
        dir = opendir(path);
        if (!dir)
                return -errno;
        while (errno = 0, (e = readdir(dir))) {
                pid_t task = (pid_t)strtol(e->d_name, NULL, 10);

                if (task <= 0)
                        continue;
                if (next < known && p->held[next].task == task) {
                        next++;
                        continue;
                }
                if (known && find_task(p, task)) {
                        while (next < known && p->held[next].task != task)
                                next++;
                        next += next < known;
                        continue;
                }
                err = seize(p, own_tid(p, task), task);
                if (err == -ENOMEM) {
                        closedir(dir);
                        return err;
                }
                l->fresh++;
                l->seized += p->held[p->held_count - 1].hold == HOLD_ASKED;
                if (err)
                        l->refused = err;
        }
        err = -errno; /* error of the listing itself; 0 at its end */
        closedir(dir);
        return err;
}

static int fail(struct process *p, int err, char *why, size_t size)
{
        if (err == -ENOENT)
                err = -ESRCH;
        refusal_explain(&p->base, err, why, size);
        target_free(&p->base);
        return err;
}

/* ---- the interface ---- */

/* Threads that the kernel adds to a process for its own work (io_uring, vhost) never execute code of the program: the kernel gives them
 * registers of zeros (arch/x86/kernel/process.c: copy_thread()). One that does not stop has no registers here. */
static bool is_kernel_worker(const struct process *p, const struct held *h)
{
        const uint32_t both = 1u << ARCH_REG_PC | 1u << ARCH_REG_SP;

        if ((h->regs.known & both) == both && (h->regs.v[ARCH_REG_PC] || h->regs.v[ARCH_REG_SP]))
                return false;
        return proc_is_kernel_worker(p->base.proc, h->task);
}

static int make_threads(struct process *p)
{
        struct target *t = &p->base;

        t->threads = calloc(p->held_count + 1, sizeof(*t->threads));
        if (!t->threads)
                return -ENOMEM;
        for (size_t i = 0; i < p->held_count; i++) {
                const struct held *h = &p->held[i];

                if (h->hold == HOLD_GONE || is_kernel_worker(p, h))
                        continue;
                t->threads[t->thread_count].tid = h->tid;
                t->threads[t->thread_count++].regs = h->regs;
        }
        return t->thread_count ? 0 : -ESRCH;
}

/* Detaches a thread that is in ptrace-stop. A thread that has not stopped cannot be detached; it remains traced until
 * it stops or this process ends. */
static int release(struct held *h)
{
        int status;

        if (h->hold == HOLD_ASKED && waitpid(h->tid, &status, __WALL | WNOHANG) == h->tid) {
                h->hold = WIFSTOPPED(status) ? HOLD_STOPPED : HOLD_GONE;
                h->signal = h->hold == HOLD_STOPPED && !(status >> 16) ? WSTOPSIG(status) : 0;
        }
        if (h->hold == HOLD_ASKED)
                return -EBUSY;
        if (h->hold != HOLD_STOPPED)
                return h->hold == HOLD_RELEASED ? 0 : -ESRCH;
        if (ptrace(PTRACE_DETACH, h->tid, NULL, (void *)(uintptr_t)h->signal) < 0) {
                /* Killed in the meantime: unless its death is collected, the real parent is not notified of it. */
                h->hold = waitpid(h->tid, &status, __WALL | WNOHANG) == h->tid ? HOLD_GONE : HOLD_ASKED;
                return -ESRCH;
        }
        h->hold = HOLD_RELEASED;
        return 0;
}

int process_release_thread(struct target *t, pid_t tid)
{
        struct held *h = process_held(process_of(t), tid);

        return h ? release(h) : -ESRCH;
}

static void release_all(struct process *p)
{
        for (size_t i = 0; i < p->held_count; i++)
                release(&p->held[i]);
}

int process_attach(pid_t pid, uint64_t deadline_ns, struct target **out, char *why, size_t why_size)
{
        struct process *p = process_new(pid);
        struct listing l;
        size_t seized = 0;
        int err;

        if (!p) {
                snprintf(why, why_size, "cannot attach to process %d: out of memory", (int)pid);
                return -ENOMEM;
        }
        p->tracer_wait_ms = TRACER_MS;
        p->release_all = release_all;
        /* A thread may create others until it is seized: the list is complete when a listing after all have stopped
         * contains no new thread. */
        do {
                l = (struct listing){ 0 };
                err = seize_new(p, &l);
                seized += l.seized;
                if (err && !seized)
                        return fail(p, err, why, why_size);
                if (l.refused && !seized)
                        return fail(p, l.refused, why, why_size);
                if (l.seized)
                        wait_for_stops(p, deadline_ns);
        } while (!err && l.fresh && clock_now_ns() < deadline_ns);
        err = make_threads(p);
        if (err)
                return fail(p, err, why, why_size);
        *out = &p->base;
        return 0;
}

static bool is_held(const struct held *h)
{
        return h->hold == HOLD_STOPPED || h->hold == HOLD_ASKED;
}

bool process_holds_others(struct target *t, pid_t tid)
{
        struct process *p = process_of(t);

        for (size_t i = 0; i < p->held_count; i++)
                if (p->held[i].tid != tid && is_held(&p->held[i]))
                        return true;
        return false;
}

int process_park_others(struct target *t, pid_t tid, uint64_t pc)
{
        struct process *p = process_of(t);

        for (size_t i = 0; i < p->held_count; i++)
                if (p->held[i].tid != tid && p->held[i].hold == HOLD_ASKED)
                        return -EBUSY;
        for (size_t i = 0; i < p->held_count; i++) {
                struct held *h = &p->held[i];
                int err;

                if (h->tid == tid || !is_held(h))
                        continue;
                err = arch_park_thread(h->tid, pc);
                if (err)
                        return err;
                h->signal = 0;
                release(h);
        }
        return 0;
}

void process_release_all(struct target *t)
{
        release_all(process_of(t));
}

/* Collects the dead among the held threads. Returns how many are still held. */
static size_t collect(struct process *p)
{
        size_t left = 0;

        for (size_t i = 0; i < p->held_count; i++) {
                struct held *h = &p->held[i];
                int status;
                pid_t got;

                if (!is_held(h))
                        continue;
                got = waitpid(h->tid, &status, __WALL | WNOHANG);
                if (got < 0 || (got == h->tid && !WIFSTOPPED(status)))
                        h->hold = HOLD_GONE;
                else
                        left++;
                if (got == h->tid && WIFSTOPPED(status) && h->hold == HOLD_ASKED)
                        note_stop(h, status);
        }
        return left;
}

/* Each dead thread must be collected by its tracer before the process is reported dead to its real parent, the leader
 * last: the kernel delays the leader's notification until the others are gone (linux kernel/exit.c,
 * delay_group_leader). */
void process_hold_until_death(struct target *t, uint64_t deadline_ns)
{
        struct process *p = process_of(t);
        sigset_t old;

        block_sigchld(&old);
        while (collect(p) && clock_now_ns() < deadline_ns)
                sleep_until_event(deadline_ns);
        sigprocmask(SIG_SETMASK, &old, NULL);
        release_all(p);
}
