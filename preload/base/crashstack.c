/* SPDX-License-Identifier: MIT */
#include "preload/base/crashstack.h"
#include "preload/base/arch.h"
#include "preload/base/guard.h"
#include "preload/base/syscalls.h"

#include <signal.h>

#define SIZE (128 * 1024)
#define NESTED_SIZE (64 * 1024)

static uint8_t stack[SIZE] __attribute__((aligned(64)));
static uint8_t nested[NESTED_SIZE] __attribute__((aligned(64)));

struct call {
        void (*fn)(void *);
        void *arg;
        bool done;
};

/* The kernel would write the frame of a nested signal to the top of the alternate stack, over the signal frame that the
 * handler must return through. */
static void with_nested_stack(void *p)
{
        const stack_t ours = { .ss_sp = nested, .ss_size = sizeof(nested) };
        struct call *c = p;
        stack_t before;

        sys_sigaltstack(&ours, &before);
        c->fn(c->arg);
        before.ss_flags &= ~SS_ONSTACK; /* output only: sigaltstack(2) does not accept it */
        sys_sigaltstack(&before, NULL);
}

void crashstack_call(void (*fn)(void *), void *arg)
{
        struct call c = { fn, arg, false };

        arch_call_on_stack(with_nested_stack, &c, stack + sizeof(stack));
}

static void guarded(void *p)
{
        struct call *c = p;
        struct guard_fault fault;

        c->done = guard_run(c->fn, c->arg, &fault);
}

bool crashstack_try(void (*fn)(void *), void *arg)
{
        struct call c = { fn, arg, false };

        crashstack_call(guarded, &c);
        return c.done;
}

uint64_t crashstack_base(void)
{
        return (uint64_t)stack;
}

uint64_t crashstack_size(void)
{
        return sizeof(stack);
}
