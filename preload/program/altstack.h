/* SPDX-License-Identifier: MIT */
/* preload/program/altstack.h: an alternate signal stack for every thread, so that a crash with no stack left still reaches
 * the handler.
 *
 * Each is max(64 KiB, AT_MINSIGSTKSZ + 32 KiB) (getauxval(3): the kernel's signal frame grows with the processor's
 * vector state) below a guard page. They are pooled: a thread that ends returns its stack, so that in the steady state
 * the creation of a thread costs no additional system call but sigaltstack(2).
 */
#ifndef CRASHPRE_PRELOAD_ALTSTACK_H
#define CRASHPRE_PRELOAD_ALTSTACK_H

#include <link.h>
#include <signal.h>
#include <stdbool.h>

extern size_t altstack_marked_size; /* size passed to the kernel; 0 before altstack_init() */

/* Stored at the high end of each stack. */
struct altstack {
        struct altstack *next;  /* in the pool */
        unsigned rounds;        /* number of rounds of key destructors in its thread */
        void *(*start)(void *); /* the new thread's function, set by its creator */
        int (*start_c11)(void *);
        void *arg;
};

/* The initial thread's stack: static, since its cost is part of each program start. NULL on error. */
struct altstack *altstack_initial(void);

/* altstack_take() returns a stack from the pool, or a new mapping; NULL if no memory is available. altstack_release()
 * returns it to the pool. Lock-free; errno is preserved. */
struct altstack *altstack_take(void);
void altstack_release(struct altstack *stack);

/* Installs `stack` as this thread's alternate stack. For a new thread, which has none (sigaltstack(2)). */
void altstack_enter(struct altstack *stack);

/* Sets *ss to the stack installed by altstack_enter(), which is restored when the application disables its own. Returns
 * false if this thread has none. */
bool altstack_mine(stack_t *ss);

/* Disables this thread's alternate stack, if it is `stack`, and returns `stack` to the pool. For the end of a
 * thread. */
void altstack_leave(struct altstack *stack);

/* Whether `ss`, as reported by the kernel, is a stack of this library. Recognized by its unusual size:
 * async-signal-safe and without thread-local storage. */
static inline bool altstack_is_ours(const stack_t *ss)
{
        return altstack_marked_size && ss->ss_size == altstack_marked_size;
}

/* Computes the size, once, from the auxiliary vector; called before the first altstack_take(). */
void altstack_init(const ElfW(auxv_t) * auxv);

#endif
