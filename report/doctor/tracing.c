/* SPDX-License-Identifier: MIT */
/* report/doctor/tracing.c: checks whether a helper may trace the process that started it. Tried, since yama, seccomp,
 * namespaces and capabilities all affect this. */
#include "report/doctor/doctor.h"

#include "unwind/target/clock.h"
#include "unwind/target/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 5000

struct outcome {
        int attach, read; /* 0 or errno */
        char why[512];
};

/* Acts as the helper: starts after it was declared as tracer. */
static void act_as_helper(pid_t program, int go, int result)
{
        static volatile long known = 4711;
        struct outcome o = { .attach = 0 };
        struct iovec here, there = { (void *)(uintptr_t)&known, sizeof(known) };
        struct target *t = NULL;
        long copy = 0;
        char byte;

        if (read(go, &byte, 1) != 1)
                _exit(1);
        o.attach = -process_attach(program, clock_now_ns() + PATIENCE_MS / 2 * NS_PER_MS, &t, o.why, sizeof(o.why));
        here = (struct iovec){ &copy, sizeof(copy) };
        if (process_vm_readv(program, &here, 1, &there, 1, 0) < 0)
                o.read = errno;
        else if (copy != known)
                o.read = EFAULT;
        if (!o.attach)
                target_free(t);
        _exit(write(result, &o, sizeof(o)) != sizeof(o));
}

/* Acts as the program that crashes. */
static void act_as_program(int result)
{
        pid_t self = getpid(), helper;
        int go[2];

        setpgid(0, 0);
        if (pipe2(go, O_CLOEXEC))
                _exit(1);
        helper = fork();
        if (!helper)
                act_as_helper(self, go[0], result);
        prctl(PR_SET_PTRACER, helper, 0, 0, 0);
        if (helper < 0 || write(go[1], "", 1) != 1)
                _exit(1);
        waitpid(helper, NULL, 0);
        _exit(0);
}

static bool try_tracing(struct outcome *o)
{
        struct pollfd fd = { .events = POLLIN };
        int result[2];
        bool known;
        pid_t program;

        if (pipe2(result, O_CLOEXEC))
                return false;
        program = fork();
        if (!program)
                act_as_program(result[1]);
        close(result[1]);
        fd.fd = result[0];
        known = program > 0 && poll(&fd, 1, PATIENCE_MS) == 1 && read(result[0], o, sizeof(*o)) == sizeof(*o);
        close(result[0]);
        if (program > 0) {
                kill(-program, SIGKILL);
                kill(program, SIGKILL);
                waitpid(program, NULL, 0);
        }
        return known;
}

static const char *remedy_of_refusal(void)
{
        char scope[8] = "";
        int fd = open("/proc/sys/kernel/yama/ptrace_scope", O_RDONLY | O_CLOEXEC);

        if (fd >= 0) {
                if (read(fd, scope, sizeof(scope) - 1) < 0)
                        scope[0] = 0;
                close(fd);
        }
        if (scope[0] == '2')
                return "sysctl -w kernel.yama.ptrace_scope=1";
        if (scope[0] == '3')
                return "echo kernel.yama.ptrace_scope=1 >/etc/sysctl.d/10-ptrace.conf; reboot";
        if (doctor_own_status("Seccomp:", 10) > 0)
                return "docker run --cap-add=SYS_PTRACE ... (or a seccomp profile that allows ptrace)";
        return "run outside of the confinement of this process (a sandbox, a debugger, an LSM)";
}

void doctor_tracing(struct doctor *d)
{
        struct outcome o = { .attach = 0 };

        if (!try_tracing(&o)) {
                doctor_add(d, "ptrace", DOCTOR_FAIL, remedy_of_refusal(),
                           "the trial ended early: a child that called ptrace(2) was killed, hung or not created");
                return;
        }
        o.why[sizeof(o.why) - 1] = 0;
        if (o.attach)
                doctor_add(d, "ptrace", DOCTOR_FAIL, remedy_of_refusal(),
                           "%s: reports will have only the crashing thread", o.why);
        else
                doctor_add(d, "ptrace", DOCTOR_OK, NULL, "a helper may stop the threads of the program it serves");
        if (o.read)
                doctor_add(d, "memory", DOCTOR_WARN, remedy_of_refusal(),
                           "process_vm_readv(2): %s: the helper must read memory by slower methods, or cannot read it",
                           strerror(o.read));
        else
                doctor_add(d, "memory", DOCTOR_OK, NULL, "process_vm_readv(2) copies memory of another process");
}
