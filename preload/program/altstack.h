/* SPDX-License-Identifier: MIT */
/* preload/program/altstack.h: an alternate signal stack for every thread, so that a crash with no stack left still reaches
 * the handler.
 *
 * Each is max(64 KiB, AT_MINSIGSTKSZ + 32 KiB) (getauxval(3): the kernel's signal frame grows with the processor's
 * vector state) below a guard page. They are pooled: a thread that ends gives its own back, so that creating threads
 * costs no system call but sigaltstack(2) in the steady state.
 */
#ifndef CRASHPRE_PRELOAD_ALTSTACK_H
#define CRASHPRE_PRELOAD_ALTSTACK_H

#include <signal.h>
#include <stdbool.h>

extern size_t altstack_marked_size; /* what the kernel is told; 0 before altstack_init() */

/* Lies at the high end of each stack. */
struct altstack {
        struct altstack *next;  /* in the pool */
        unsigned rounds;        /* of destructors that its thread has begun */
        void *(*start)(void *); /* of the thread about to begin: carried from its creator */
        int (*start_c11)(void *);
        void *arg;
};

/* The initial thread's: static, since every start of every program pays for it. NULL if it cannot be had. */
struct altstack *altstack_initial(void);

/* One from the pool, or newly mapped; NULL without memory. Lock-free; keeps errno. */
struct altstack *altstack_take(void);
void altstack_give(struct altstack *stack);

/* Makes `stack` this thread's own. For a thread that begins, which has none (sigaltstack(2)). */
void altstack_enter(struct altstack *stack);

/* This thread's own, for sigaltstack(2) to come back to when the application disables its own; false: it has none. */
bool altstack_mine(stack_t *ss);

/* Gives up this thread's own: the kernel's setting (where it is ours), then the pool. For the end of a thread. */
void altstack_leave(struct altstack *stack);

/* Is `ss`, as the kernel reports it, one of ours? Known by its size, which nobody else uses: async-signal-safe and
 * without thread-local storage. */
static inline bool altstack_is_ours(const stack_t *ss)
{
        return altstack_marked_size && ss->ss_size == altstack_marked_size;
}

/* Decides the size, once, from the auxiliary vector that follows `envp`; before the first altstack_take(). */
void altstack_init(char **envp);

#endif
