/* SPDX-License-Identifier: MIT */
/* A child is single-stepped through calls through the PLT, signal delivery on another stack, a handler and the return
 * from it. At each stop its stack must lead to the same outermost frames. */
#include "tests/unit/tap.h"
#include "unwind/stack/unwind.h"
#include "unwind/target/arch.h"
#include "unwind/target/process.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STEPS = 2500, OUTER = 2 };

static volatile sig_atomic_t sink;

static int by_value(const void *a, const void *b)
{
        return *(const int *)a - *(const int *)b;
}

static void handler(int sig)
{
        int v[] = { 3, 1, 2, sig };

        qsort(v, 4, sizeof(v[0]), by_value);
        sink = v[0];
}

__attribute__((noreturn)) static void child(void)
{
        static char stack[65536];
        stack_t other = { .ss_sp = stack, .ss_size = sizeof(stack) };
        struct sigaction action = { .sa_handler = handler, .sa_flags = SA_ONSTACK };

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        sigaltstack(&other, NULL);
        sigaction(SIGUSR1, &action, NULL);
        raise(SIGSTOP);
        for (;;)
                raise(SIGUSR1);
}

/* The state at one stop. Memory changes at each step, so each has its own target. */
static struct target *open_child(pid_t pid)
{
        struct target *t;
        char why[256];

        if (process_open(pid, &t, why, sizeof(why)))
                exit(1);
        t->threads = calloc(1, sizeof(*t->threads));
        if (!t->threads || arch_read_registers(pid, &t->threads[0].regs))
                exit(1);
        t->thread_count = 1;
        t->threads[0].tid = pid;
        if (unwind_threads(t, 1000, UNWIND_OWN_ONLY, NULL, NULL))
                exit(1);
        return t;
}

static void outermost(const struct target *t, uint64_t *pcs)
{
        const struct target_thread *thread = &t->threads[0];

        memset(pcs, 0, OUTER * sizeof(*pcs));
        for (size_t i = 0; i < OUTER && i < thread->frame_count; i++)
                pcs[i] = thread->frames[thread->frame_count - 1 - i].pc;
}

static void show(int step, const struct target *t)
{
        const struct target_thread *thread = &t->threads[0];

        printf("# step %d, %s\n", step, cfi_end_name(thread->end));
        for (size_t i = 0; i < thread->frame_count; i++)
                printf("#   0x%" PRIx64 " %s%s\n", thread->frames[i].pc, cfi_trust_name(thread->frames[i].trust),
                       thread->frames[i].signal_frame ? " signal" : "");
}

/* Executes one instruction. A signal that arrives is delivered. */
static void step(pid_t pid)
{
        static int sig;
        int status;

        if (ptrace(PTRACE_SINGLESTEP, pid, NULL, (void *)(uintptr_t)sig) || waitpid(pid, &status, __WALL) != pid ||
            !WIFSTOPPED(status))
                exit(1);
        sig = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
}

int main(void)
{
        uint64_t wanted[OUTER], got[OUTER];
        int status, wrong = 0, in_handler = 0, guessed = 0;
        pid_t pid = fork();
        struct target *t;

        if (!pid)
                child();
        waitpid(pid, &status, WUNTRACED);
        if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) || kill(pid, SIGCONT) || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL))
                return 1;
        waitpid(pid, &status, __WALL);
        t = open_child(pid);
        outermost(t, wanted);
        target_free(t);
        for (int i = 0; i < STEPS; i++) {
                const struct target_thread *thread;
                bool good;

                step(pid);
                t = open_child(pid);
                thread = &t->threads[0];
                outermost(t, got);
                good = thread->end == CFI_END_OF_STACK && memcmp(got, wanted, sizeof(got)) == 0;
                if (!good && wrong++ < 3)
                        show(i, t);
                for (size_t k = 0; k < thread->frame_count; k++) {
                        in_handler += thread->frames[k].signal_frame;
                        guessed += thread->frames[k].trust > CFI_TRUST_CFI;
                }
                target_free(t);
        }
        kill(pid, SIGKILL);
        tap_is((unsigned)wrong, 0, "the walk reaches the end of the stack at each of %d instructions", STEPS);
        tap_ok(in_handler > STEPS / 10, "many of them are in or below a handler");
        tap_is((unsigned)guessed, 0, "no frame was found by scanning");
        return tap_done();
}
