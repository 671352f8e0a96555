/* SPDX-License-Identifier: MIT */
/* unwind/target/self.c: see self.h. */
#include "unwind/target/self.h"
#include "unwind/target/arch.h"
#include "unwind/target/process_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int self_open(const ucontext_t *uc, struct target **out)
{
        struct process *p = process_new(getpid());
        struct target_thread *thread = p ? calloc(1, sizeof(*thread)) : NULL;
        int err = -ENOMEM;

        if (thread) {
                thread->tid = (pid_t)syscall(SYS_gettid);
                arch_from_ucontext(uc, &thread->regs);
                p->base.threads = thread;
                p->base.thread_count = 1;
                err = process_load(&p->base);
        }
        if (err) {
                target_free(p ? &p->base : NULL);
                return err;
        }
        *out = &p->base;
        return 0;
}
