/* SPDX-License-Identifier: MIT */
#include "preload/altstack.h"
#include "preload/syscalls.h"

#include <errno.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

#define PAGE 4096ul
#define LEAST (64 * 1024ul)
#define ABOVE_SIGNAL_FRAME (32 * 1024ul)

/* The pool is a stack of free entries; its head carries a count in the low bits, which alignment leaves free, so that an entry taken and given
 * back between load and exchange is noticed (the ABA problem). Entries are never unmapped, so that reading a stale next is harmless. */
#define TAG_MASK (PAGE - 1)
static uintptr_t pool;

static __thread struct altstack *mine;

/* Handed to the kernel is a little less than what is mapped: the size is the mark by which altstack_is_ours() knows them. */
#define SIZE_MARK 0x1d0ul
static size_t mapped;
size_t altstack_marked_size;

void altstack_init(void)
{
        size_t need = getauxval(AT_MINSIGSTKSZ) + ABOVE_SIGNAL_FRAME;

        mapped = ((need > LEAST ? need : LEAST) + SIZE_MARK + PAGE - 1) & ~(PAGE - 1);
        altstack_marked_size = mapped - SIZE_MARK;
}

/* One page at the top holds the struct, page-aligned; the usable bytes lie under it, the guard page under those. */
static struct altstack *map_one(void)
{
        size_t total = PAGE + mapped + PAGE;
        int saved = errno;
        char *p = mmap(NULL, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
        struct altstack *stack = NULL;

        if (p != MAP_FAILED && mprotect(p + PAGE, mapped + PAGE, PROT_READ | PROT_WRITE) < 0) {
                munmap(p, total);
                p = MAP_FAILED;
        }
        if (p != MAP_FAILED) {
                stack = (void *)(p + PAGE + mapped);
                stack->base = p + PAGE;
        }
        errno = saved;
        return stack;
}

struct altstack *altstack_take(void)
{
        uintptr_t head = __atomic_load_n(&pool, __ATOMIC_ACQUIRE), next;

        do {
                struct altstack *stack = (void *)(head & ~TAG_MASK); // NOLINT(performance-no-int-to-ptr)

                if (!stack)
                        return map_one();
                next = (uintptr_t)stack->next | ((head + 1) & TAG_MASK);
        } while (!__atomic_compare_exchange_n(&pool, &head, next, true, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE));
        return (void *)(head & ~TAG_MASK); // NOLINT(performance-no-int-to-ptr)
}

void altstack_give(struct altstack *stack)
{
        uintptr_t head = __atomic_load_n(&pool, __ATOMIC_RELAXED), next;

        do {
                stack->next = (void *)(head & ~TAG_MASK); // NOLINT(performance-no-int-to-ptr)
                next = (uintptr_t)stack | ((head + 1) & TAG_MASK);
        } while (!__atomic_compare_exchange_n(&pool, &head, next, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

bool altstack_mine(stack_t *ss)
{
        if (!mine)
                return false;
        *ss = (stack_t){ .ss_sp = mine->base, .ss_size = altstack_marked_size };
        return true;
}

void altstack_enter(struct altstack *stack)
{
        stack_t ss = { .ss_sp = stack->base, .ss_size = altstack_marked_size }, old;

        mine = stack;
        if (sys_sigaltstack(NULL, &old) == 0 && !(old.ss_flags & SS_DISABLE))
                return;
        sys_sigaltstack(&ss, NULL);
}

void altstack_leave(struct altstack *stack)
{
        stack_t off = { .ss_flags = SS_DISABLE }, old;

        if (sys_sigaltstack(NULL, &old) < 0)
                return;
        if (old.ss_sp == stack->base) {
                if (sys_sigaltstack(&off, NULL) < 0)
                        return; /* a thread that ends while on it keeps it: better lost than shared */
        }
        mine = NULL;
        altstack_give(stack);
}
