/* SPDX-License-Identifier: MIT */
/* preload/program/altstack.h: an alternate signal stack for every thread, so that a crash with no stack left still reaches
 * the handler.
 *
 * Each is max(128 KiB, AT_MINSIGSTKSZ + 96 KiB) (getauxval(3): the kernel's signal frame grows with the processor's
 * vector state): handlers of the application with SA_ONSTACK run on it, too, if that has no stack of its own. The first ones are static; the memory is not touched before a signal arrives. When all are in use, more are
 * mapped, several at once. They are pooled: a thread that ends returns its stack, so that the creation of a thread costs no
 * additional system call but sigaltstack(2). There is a guard page below the first one only, which the initial thread
 * has; one for each would cost a call more. Reports are written on the crash stack (crashstack.h).
 */
#ifndef CRASHPRE_PRELOAD_ALTSTACK_H
#define CRASHPRE_PRELOAD_ALTSTACK_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

extern size_t altstack_marked_size; /* size passed to the kernel; 0 before altstack_init() */

struct __attribute__((aligned(64))) altstack {
        char *base;
        struct altstack *next;  /* in the pool */
        unsigned rounds;        /* number of rounds of key destructors in its thread */
        void *(*start)(void *); /* the new thread's function, set by its creator */
        int (*start_c11)(void *);
        void *arg;
};

/* Returns a stack; NULL if none is available. `may_map`: if necessary, memory is mapped, by one system call for many stacks.
 * Lock-free; errno is preserved. */
struct altstack *altstack_take(bool may_map);

/* Returns `stack` to the pool. A thread that is about to end may still use it: it is given out again after some others only.
 * Lock-free; errno is preserved. */
void altstack_release(struct altstack *stack);

/* Installs `stack` as this thread's alternate stack. For a new thread, which has none (sigaltstack(2)). */
void altstack_enter(struct altstack *stack);

/* Sets *ss to the stack installed by altstack_enter(), which is restored when the application disables its own. Returns
 * false if this thread has none. */
bool altstack_mine(stack_t *ss);

/* Returns this thread's stack to the pool. For the end of a thread. */
void altstack_leave(struct altstack *stack);

/* Whether `ss`, as reported by the kernel, is a stack of this library. Recognized by its unusual size:
 * async-signal-safe and without thread-local storage. */
static inline bool altstack_is_ours(const stack_t *ss)
{
        return altstack_marked_size && ss->ss_size == altstack_marked_size;
}

/* Computes the size, once. `frame_size`: AT_MINSIGSTKSZ, 0 if the kernel does not provide it. Called before the first
 * altstack_take(). */
void altstack_init(size_t frame_size);

#endif
