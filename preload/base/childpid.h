/* SPDX-License-Identifier: MIT */
/* preload/base/childpid.h: the pid of a process that the library started, stored so that a stray write of the program is noticed:
 * kill(2) of what it left there would end somebody else's process, of -1 everything that this user may signal.
 *
 * Signal context: async-signal-safe.
 */
#ifndef CRASHPRE_PRELOAD_CHILDPID_H
#define CRASHPRE_PRELOAD_CHILDPID_H

#include "preload/base/syscalls.h"

struct childpid {
        volatile int pid, inverse;
};

static inline void childpid_set(struct childpid *c, int pid)
{
        c->pid = pid;
        c->inverse = ~pid;
}

/* The pid; 0 if none was stored, or it was overwritten. Never 1, never negative. */
static inline int childpid_get(const struct childpid *c)
{
        int pid = c->pid;

        return pid > 1 && c->inverse == ~pid ? pid : 0;
}

static inline void childpid_kill(const struct childpid *c)
{
        int pid = childpid_get(c);

        if (pid)
                sys_kill(pid, 9 /* SIGKILL */);
}

#endif
