/* SPDX-License-Identifier: MIT */
#include "preload/program/altstack.h"
#include "preload/base/startup.h"
#include "preload/base/syscalls.h"
#include "unwind/core/cfi/arch.h"

#include <sys/mman.h>

#define PAGE ((size_t)ARCH_PAGE_MAX) /* a multiple of the real size */
#define MAX_ERRNO 4096               /* results of a system call above its negative are errors: linux/err.h */
#define LEAST (128 * 1024ul)
#define ABOVE_SIGNAL_FRAME (96 * 1024ul)

/* The size passed to the kernel is slightly smaller than the stack: altstack_is_ours() recognizes these stacks by
 * that size. */
#define SIZE_MARK 0x1d0ul
#define USUAL_SIZE LEAST /* of a stack, where that is enough */
SEALED_DATA static size_t each = 0;
SEALED_DATA size_t altstack_marked_size = 0;

/* Few, since a core file has room for them. */
#define STATIC_STACKS 12
static char memory[PAGE + STATIC_STACKS * USUAL_SIZE] __attribute__((aligned(ARCH_PAGE_MAX)));
STARTUP_DATA static struct altstack record[STATIC_STACKS] = { { 0 } };
STARTUP_DATA static unsigned used = 0; /* of the static ones, those that were given out once */

#define MAPPED_AT_ONCE 16

/* The pool is a stack of free entries; its head carries a count in the low bits, which alignment leaves free, so that
 * an entry removed and pushed again between load and exchange is detected (the ABA problem). Entries are never
 * unmapped, so that reading a stale next is harmless. */
#define TAG_MASK ((uintptr_t)63)
_Static_assert(sizeof(struct altstack) <= 64, "entries are aligned to 64 bytes");
STARTUP_DATA static uintptr_t pool = 0;

/* The stacks released last, each replaced by one released later. */
#define COOLING 8u
static struct altstack *cooling[COOLING];
static unsigned cooled;

static __thread struct altstack *mine;

void altstack_init(size_t frame_size)
{
        size_t need = ABOVE_SIGNAL_FRAME + frame_size;

        each = need + SIZE_MARK > LEAST ? (need + SIZE_MARK + PAGE - 1) & ~(PAGE - 1) : LEAST;
        altstack_marked_size = each - SIZE_MARK;
        /* Not PROT_NONE: the page is part of the library's data, and LeakSanitizer reads all data of all libraries. */
        sys_3(SYS_mprotect, (long)memory, PAGE, PROT_READ);
}

static void push(struct altstack *stack)
{
        uintptr_t head = __atomic_load_n(&pool, __ATOMIC_RELAXED), next;

        do {
                stack->next = (void *)(head & ~TAG_MASK); // NOLINT(performance-no-int-to-ptr)
                next = (uintptr_t)stack | ((head + 1) & TAG_MASK);
        } while (!__atomic_compare_exchange_n(&pool, &head, next, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

static struct altstack *pop(void)
{
        uintptr_t head = __atomic_load_n(&pool, __ATOMIC_ACQUIRE), next;

        do {
                struct altstack *stack = (void *)(head & ~TAG_MASK); // NOLINT(performance-no-int-to-ptr)

                if (!stack)
                        return NULL;
                next = (uintptr_t)stack->next | ((head + 1) & TAG_MASK);
        } while (!__atomic_compare_exchange_n(&pool, &head, next, true, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE));
        return (void *)(head & ~TAG_MASK); // NOLINT(performance-no-int-to-ptr)
}

static struct altstack *take_static(void)
{
        unsigned n = __atomic_load_n(&used, __ATOMIC_RELAXED);

        if (each > USUAL_SIZE)
                return NULL;
        do {
                if (n == STATIC_STACKS)
                        return NULL;
        } while (!__atomic_compare_exchange_n(&used, &n, n + 1, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
        record[n].base = memory + PAGE + n * USUAL_SIZE;
        return &record[n];
}

/* One page of entries below the stacks. */
static struct altstack *map_some(void)
{
        size_t total = PAGE + MAPPED_AT_ONCE * each;
        long p = arch_syscall(SYS_mmap, 0, (long)total, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
        char *start = (char *)p; // NOLINT(performance-no-int-to-ptr)

        if (p < 0 && p > -MAX_ERRNO)
                return NULL;
        for (unsigned i = 0; i < MAPPED_AT_ONCE; i++) {
                struct altstack *stack = (void *)(start + i * sizeof(record[0]));

                stack->base = start + PAGE + i * each;
                if (i)
                        push(stack);
        }
        return (void *)start;
}

struct altstack *altstack_take(bool may_map)
{
        struct altstack *stack = take_static();

        if (!stack)
                stack = pop();
        return stack || !may_map ? stack : map_some();
}

void altstack_release(struct altstack *stack)
{
        unsigned slot = __atomic_fetch_add(&cooled, 1, __ATOMIC_RELAXED) % COOLING;

        stack = __atomic_exchange_n(&cooling[slot], stack, __ATOMIC_ACQ_REL);
        if (stack)
                push(stack);
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
        stack_t ss = { .ss_sp = stack->base, .ss_size = altstack_marked_size };

        mine = stack;
        sys_sigaltstack(&ss, NULL);
}

void altstack_leave(struct altstack *stack)
{
        mine = NULL;
        altstack_release(stack);
}
