/* SPDX-License-Identifier: MIT */
/* preload/program/threads.c: pthread_create() and thrd_create(), so that each new thread gets an alternate stack.
 *
 * The thread's first function installs the stack and then calls the application's function (a tail call: no frame of
 * this library appears in stack traces). Its arguments are stored in the alternate stack itself, without allocation. A
 * key's destructor returns the stack to the pool however the thread ends: return, pthread_exit(), cancellation.
 */
#include "preload/program/threads.h"
#include "preload/base/next.h"
#include "preload/base/sandbox.h"
#include "preload/program/altstack.h"
#include "preload/program/interpose.h"
#include "preload/signal/dispatch.h"
#include "preload/signal/mask.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <threads.h>

typedef int create_fn(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
typedef int create_c11_fn(thrd_t *, thrd_start_t, void *);

static pthread_key_t key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static bool have_key;

/* Called again in each round of destructors (pthread_key_create(3)): until the last round the destructors of other
 * keys, which may crash, still have the alternate stack. */
static void thread_ends(void *p)
{
        struct altstack *stack = p;

        if (++stack->rounds < PTHREAD_DESTRUCTOR_ITERATIONS && NEXT(pthread_setspecific)(key, stack) == 0)
                return;
        altstack_leave(stack);
}

static void make_key(void)
{
        have_key = NEXT(pthread_key_create)(&key, thread_ends) == 0;
}

static __attribute__((noinline)) void thread_begins(struct altstack *stack)
{
        stack->rounds = 0;
        dispatch_thread_begins();
        if (!sandbox_entered())
                altstack_enter(stack);
        NEXT(pthread_setspecific)(key, stack);
}

static void *start_thread(void *p)
{
        struct altstack *stack = p;

        thread_begins(stack);
        return stack->start(stack->arg);
}

static int start_thread_c11(void *p)
{
        struct altstack *stack = p;

        thread_begins(stack);
        return stack->start_c11(stack->arg);
}

static struct altstack *stack_for_thread(bool may_map)
{
        if (!interpose_active() || !NEXT(pthread_once) || !NEXT(pthread_key_create) || !NEXT(pthread_setspecific))
                return NULL;
        NEXT(pthread_once)(&key_once, make_key);
        return have_key ? altstack_take(may_map && !sandbox_entered()) : NULL;
}

/* A program that supplies the stack of a thread itself knows what is mapped around it: a stack that grows (mmap(2),
 * MAP_GROWSDOWN) needs the space below it. pthread_create() makes no mapping then. */
static bool has_stack(const pthread_attr_t *attr)
{
        void *stack;
        size_t size;

        return attr && NEXT(pthread_attr_getstack) && NEXT(pthread_attr_getstack)(attr, &stack, &size) == 0 &&
               (uintptr_t)stack + size != 0;
}

void threads_adopt(void)
{
        struct altstack *stack = stack_for_thread(true);

        if (!sandbox_entered())
                mask_adopt();
        if (stack)
                thread_begins(stack);
}

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
{
        create_fn *next = NEXT(pthread_create);
        struct altstack *stack = stack_for_thread(!has_stack(attr));
        bool disguised;
        uint64_t mask;
        int err;

        if (!stack)
                return next(thread, attr, start, arg);
        stack->start = start;
        stack->arg = arg;
        disguised = mask_undisguise_for_thread(&mask);
        err = next(thread, attr, start_thread, stack);
        if (disguised)
                mask_disguise(&mask);
        if (err)
                altstack_release(stack);
        return err;
}

EXPORT int thrd_create(thrd_t *thread, thrd_start_t start, void *arg)
{
        create_c11_fn *next = NEXT(thrd_create);
        struct altstack *stack = stack_for_thread(true);
        bool disguised;
        uint64_t mask;
        int err;

        if (!stack)
                return next(thread, start, arg);
        stack->start_c11 = start;
        stack->arg = arg;
        disguised = mask_undisguise_for_thread(&mask);
        err = next(thread, start_thread_c11, stack);
        if (disguised)
                mask_disguise(&mask);
        if (err != thrd_success)
                altstack_release(stack);
        return err;
}

/* The initial mask of a new thread: stored in the kernel's form (mask.h), returned as the application set it. */
EXPORT int pthread_attr_setsigmask_np(pthread_attr_t *attr, const sigset_t *mask)
{
        __typeof__(&pthread_attr_setsigmask_np) next = NEXT(pthread_attr_setsigmask_np);
        sigset_t kernel;

        if (!next)
                return ENOSYS;
        if (!mask)
                return next(attr, mask);
        kernel = *mask;
        kernel.__val[0] = mask_to_kernel(mask->__val[0]);
        return next(attr, &kernel);
}

EXPORT int pthread_attr_getsigmask_np(const pthread_attr_t *attr, sigset_t *mask)
{
        __typeof__(&pthread_attr_getsigmask_np) next = NEXT(pthread_attr_getsigmask_np);
        int err = next ? next(attr, mask) : ENOSYS;

        if (!err)
                mask->__val[0] = mask_from_kernel(mask->__val[0]);
        return err;
}
