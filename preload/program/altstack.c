/* SPDX-License-Identifier: MIT */
#include "preload/program/altstack.h"
#include "preload/base/startup.h"
#include "preload/base/syscalls.h"
#include "unwind/core/cfi/arch.h"

#include <sys/mman.h>

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

#define PAGE ((size_t)ARCH_PAGE_MAX) /* a multiple of the real size */
#define MAX_ERRNO 4096               /* results of a system call above its negative are errors: linux/err.h */
#define LEAST (64 * 1024ul)
#define ABOVE_SIGNAL_FRAME (32 * 1024ul)

/* The pool is a stack of free entries; its head carries a count in the low bits, which alignment leaves free, so that
 * an entry removed and pushed again between load and exchange is detected (the ABA problem). Entries are never
 * unmapped, so that reading a stale next is harmless. */
#define TAG_MASK (PAGE - 1)
static uintptr_t pool;

static __thread struct altstack *mine;

/* The size passed to the kernel is slightly smaller than the mapping: altstack_is_ours() recognizes these stacks by
 * that size. */
#define SIZE_MARK 0x1d0ul
STARTUP_DATA static size_t mapped = 0;
STARTUP_DATA size_t altstack_marked_size = 0;

void altstack_init(const ElfW(auxv_t) * auxv)
{
        size_t need = ABOVE_SIGNAL_FRAME;

        for (; auxv->a_type != AT_NULL; auxv++)
                if (auxv->a_type == AT_MINSIGSTKSZ)
                        need += auxv->a_un.a_val;
        mapped = ((need > LEAST ? need : LEAST) + SIZE_MARK + PAGE - 1) & ~(PAGE - 1);
        altstack_marked_size = mapped - SIZE_MARK;
}

/* One page at the top holds the struct, page-aligned; the usable bytes are below it, the guard page below those. */
static void *base_of(const struct altstack *stack)
{
        return (char *)(uintptr_t)stack - mapped; // NOLINT(performance-no-int-to-ptr)
}

static struct altstack *map_one(void)
{
        size_t total = PAGE + mapped + PAGE;
        long p = arch_syscall(SYS_mmap, 0, (long)total, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

        if (p < 0 && p > -MAX_ERRNO)
                return NULL;
        if (sys_3(SYS_mprotect, p, PAGE, PROT_NONE) < 0) {
                sys_2(SYS_munmap, p, (long)total);
                return NULL;
        }
        return (void *)(p + (long)(PAGE + mapped)); // NOLINT(performance-no-int-to-ptr)
}

/* Large enough for the usual size; on processors with a larger vector state the stack is mapped instead. */
#define INITIAL_SIZE (PAGE + LEAST + PAGE)
static char initial[PAGE + INITIAL_SIZE + PAGE] __attribute__((aligned(ARCH_PAGE_MAX)));

struct altstack *altstack_initial(void)
{
        if (mapped > INITIAL_SIZE)
                return map_one();
        /* Not PROT_NONE: the page is part of the library's data, and LeakSanitizer reads all data of all libraries. */
        if (sys_3(SYS_mprotect, (long)initial, PAGE, PROT_READ) < 0)
                return NULL;
        return (void *)(initial + PAGE + mapped);
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

void altstack_release(struct altstack *stack)
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
        *ss = (stack_t){ .ss_sp = base_of(mine), .ss_size = altstack_marked_size };
        return true;
}

void altstack_enter(struct altstack *stack)
{
        stack_t ss = { .ss_sp = base_of(stack), .ss_size = altstack_marked_size };

        mine = stack;
        sys_sigaltstack(&ss, NULL);
}

void altstack_leave(struct altstack *stack)
{
        stack_t off = { .ss_flags = SS_DISABLE }, old;

        if (sys_sigaltstack(NULL, &old) < 0)
                return;
        if (old.ss_sp == base_of(stack)) {
                if (sys_sigaltstack(&off, NULL) < 0)
                        return; /* a thread that ends on this stack keeps it: a leak is better than a shared stack */
        }
        mine = NULL;
        altstack_release(stack);
}
