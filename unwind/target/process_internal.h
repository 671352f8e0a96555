/* SPDX-License-Identifier: MIT */
/* unwind/target/process_internal.h: declarations shared by process.c (memory, maps) and attach.c (ptrace). Not
 * async-signal-safe. */
#ifndef CRASHPRE_UNWIND_PROCESS_INTERNAL_H
#define CRASHPRE_UNWIND_PROCESS_INTERNAL_H

#include "unwind/target/process.h"

enum hold {
        HOLD_ASKED,    /* seized and interrupted, not stopped yet */
        HOLD_STOPPED,  /* in ptrace-stop */
        HOLD_REFUSED,  /* another process traces this thread, or it has other credentials */
        HOLD_GONE,     /* exited, or a zombie */
        HOLD_RELEASED, /* detached */
};

struct held {
        pid_t tid;
        pid_t task; /* its number in /proc: equal to tid unless /proc belongs to another namespace */
        enum hold hold;
        int signal; /* was about to be delivered when the thread stopped: delivered by the detach */
        struct arch_registers regs;
};

enum { MEM_FD_UNTRIED = -2 };

enum { HUNG_MAX = 4 }; /* further ones are not even tried */

#define PAGEMAP_WINDOW 64 /* pages whose entries are read at once */

struct process {
        struct target base;
        struct memory *memory;
        pid_t memory_tid; /* the thread whose id is passed to process_vm_readv(2) */
        int mem_fd;       /* /proc/PID/mem; -1: refused */
        int pagemap_fd;   /* /proc/PID/pagemap; likewise */
        bool by_mem_fd;   /* process_vm_readv(2) is refused */
        bool gone;        /* the process has ended: no further system calls for memory */
        bool loaded;
        uint64_t pagemap_first; /* page number of pagemap[0]; 0: nothing was read yet */
        uint64_t pagemap[PAGEMAP_WINDOW];
        struct mapping hung[HUNG_MAX]; /* of these, a page could not be fetched in time */
        size_t hung_count;
        int tracer_wait_ms; /* milliseconds left to wait for another tracer to detach */
        struct held *held;
        size_t held_count, held_room;
        void (*release_all)(struct process *p); /* set by process_attach(): see process_release_all() */
};

/* Returns a new process, nothing attached or loaded; NULL if out of memory. */
struct process *process_new(pid_t pid);
/* The process whose target is `t`; the same memory. */
struct process *process_of(struct target *t);

/* Returns the record of a held thread, borrowed, or NULL. */
struct held *process_held(struct process *p, pid_t tid);

#endif
