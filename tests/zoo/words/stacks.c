/* SPDX-License-Identifier: MIT */
/* tests/zoo/words/stacks.c: stacks that are full, lost or corrupted, unusable alternate stacks, and coroutines. */
#include "tests/zoo/zoo.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

enum { PAGE = 4096, COROUTINE_SIZE = 262144 };

static volatile int sink;

/* --- the stack pointer --- */

/* The lowest page of this thread's stack that may not be touched. */
static char *guard_page(void)
{
        pthread_attr_t attr;
        size_t size, guard;
        void *low;

        if (pthread_getattr_np(pthread_self(), &attr))
                zoo_broken("pthread_getattr_np");
        pthread_attr_getstack(&attr, &low, &size);
        pthread_attr_getguardsize(&attr, &guard);
        pthread_attr_destroy(&attr);
        if (guard < PAGE)
                zoo_broken("no guard page");
        return (char *)low - PAGE;
}

/* On a thread: the main thread's stack has no guard page, it just ends. */
ZOO_FRAME static void sp_guard(const struct zoo_plan *plan UNUSED)
{
        char *guard = guard_page();

        __asm__ volatile("movq %0, %%rsp\n\t"
                         "pushq %%rax" /* CRASH: sp-guard */
                         :
                         : "r"(guard + PAGE / 2)
                         : "memory");
}

ZOO_FRAME static void sp_non_canonical(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile("movabsq $0x8080808080808080, %%rsp\n\t"
                         "pushq %%rax" /* CRASH: sp-non-canonical */
                         ::
                                 : "memory");
}

/* --- contents of the stack --- */

ZOO_FRAME static void return_to(uintptr_t address)
{
        ((volatile uintptr_t *)__builtin_frame_address(0))[1] = address;
}

ZOO_FRAME static void return_null(const struct zoo_plan *plan UNUSED)
{
        return_to(0);
        sink = 1;
}

ZOO_FRAME static void return_heap(const struct zoo_plan *plan UNUSED)
{
        return_to((uintptr_t)calloc(1, 64));
        sink = 1;
}

/* --- frames that jump over a guard page --- */

ZOO_FRAME static void touch_lowest(volatile char *room)
{
        room[0] = 1; /* CRASH: alloca */
}

/* MEGABYTES (default 64) at once, the lowest byte first. */
ZOO_FRAME static void alloca_word(const struct zoo_plan *plan)
{
        size_t size = (size_t)atol(zoo_arg(plan, 0, "64")) << 20;

        touch_lowest(__builtin_alloca(size));
        __asm__ volatile("" ::: "memory");
}

/* Frames of a megabyte: what lies between their ends is never touched. */
ZOO_FRAME static int big_frames(int depth)
{
        volatile char room[1 << 20];

        room[0] = (char)depth; /* CRASH: big-frames */
        if (depth == 1 << 30)
                return 0;
        sink = big_frames(depth + 1);
        return room[0];
}

static void big_frames_word(const struct zoo_plan *plan UNUSED)
{
        big_frames(0);
}

/* --- limits and guards --- */

/* Less stack than is in use: the main thread's cannot grow any more. */
static void stacklimit_prefix(const struct zoo_plan *plan)
{
        const struct rlimit small = { 65536, 65536 };

        setrlimit(RLIMIT_STACK, &small);
        zoo_go(plan);
}

static void *run_plan(void *arg)
{
        zoo_go(arg);
        return NULL;
}

static void guardless_prefix(const struct zoo_plan *plan)
{
        struct zoo_plan copy = *plan;
        pthread_attr_t attr;
        pthread_t thread;

        pthread_attr_init(&attr);
        pthread_attr_setstacksize(&attr, 262144);
        pthread_attr_setguardsize(&attr, 0);
        if (pthread_create(&thread, &attr, run_plan, &copy))
                zoo_broken("pthread_create");
        pthread_join(thread, NULL);
}

/* A page of the stack between lower and higher frames loses an unused access right: the stack is then three
 * mappings. */
ZOO_FRAME static void beyond_split(const struct zoo_plan *plan, volatile char *room, size_t size)
{
        uintptr_t page = ((uintptr_t)room + size / 2) & ~(uintptr_t)(PAGE - 1);

        if (mprotect((void *)page, PAGE, PROT_READ) < 0)
                zoo_broken("mprotect");
        zoo_go(plan);
        __asm__ volatile("" ::: "memory");
}

ZOO_FRAME static void splitstack_prefix(const struct zoo_plan *plan)
{
        volatile char room[4 * PAGE];

        room[0] = 1;
        beyond_split(plan, room, sizeof(room));
        __asm__ volatile("" ::: "memory");
}

/* --- alternate stacks of the program's own --- */

static char *map_between_guards(size_t size)
{
        char *at = mmap(NULL, size + 2 * (size_t)PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (at == MAP_FAILED || mprotect(at + PAGE, size, PROT_READ | PROT_WRITE) < 0)
                zoo_broken("mmap");
        return at + PAGE;
}

/* It is unmapped after sigaltstack(2). */
static void lostaltstack_prefix(const struct zoo_plan *plan)
{
        char *room = map_between_guards(65536);
        const stack_t stack = { .ss_sp = room, .ss_size = 65536 };

        if (sigaltstack(&stack, NULL) < 0)
                zoo_broken("sigaltstack");
        munmap(room, 65536);
        zoo_go(plan);
}

static const struct zoo_plan *in_handler;

/* Uses the alternate stack up to its last bytes, where no further signal frame has room. */
static void fill_up(int sig UNUSED)
{
        stack_t now;
        char *here = __builtin_frame_address(0);
        size_t left;

        sigaltstack(NULL, &now);
        left = (size_t)(here - (char *)now.ss_sp);
        if (left > 1024)
                *(volatile char *)__builtin_alloca(left - 1024) = 1;
        zoo_go(in_handler);
}

static void fullaltstack_prefix(const struct zoo_plan *plan)
{
        struct sigaction act = { .sa_handler = fill_up, .sa_flags = SA_ONSTACK };
        const stack_t stack = { .ss_sp = map_between_guards(65536), .ss_size = 65536 };

        in_handler = plan;
        if (sigaltstack(&stack, NULL) < 0)
                zoo_broken("sigaltstack");
        sigaction(SIGUSR1, &act, NULL);
        raise(SIGUSR1);
}

/* --- in the handler of a real timer, at an arbitrary instruction --- */

static void on_alarm(int sig UNUSED)
{
        zoo_go(in_handler);
}

ZOO_FRAME static void spin(void)
{
        for (;;)
                sink++;
}

static void alarm_prefix(const struct zoo_plan *plan)
{
        const struct itimerval soon = { .it_value = { .tv_usec = 2000 } };

        in_handler = plan;
        signal(SIGALRM, on_alarm);
        setitimer(ITIMER_REAL, &soon, NULL);
        spin();
}

/* --- coroutines --- */

static const struct zoo_plan *in_coroutine;
static ucontext_t outside, inside;

ZOO_FRAME static void coroutine_body(void)
{
        zoo_go(in_coroutine);
        __asm__ volatile("" ::: "memory");
}

ZOO_FRAME static void enter_coroutine(char *room, const struct zoo_plan *plan)
{
        in_coroutine = plan;
        if (getcontext(&inside) < 0)
                zoo_broken("getcontext");
        inside.uc_stack.ss_sp = room;
        inside.uc_stack.ss_size = COROUTINE_SIZE;
        inside.uc_link = &outside;
        makecontext(&inside, coroutine_body, 0);
        swapcontext(&outside, &inside);
}

static void coroutine_prefix(const struct zoo_plan *plan)
{
        enter_coroutine(map_between_guards(COROUTINE_SIZE), plan);
}

static void heapcoroutine_prefix(const struct zoo_plan *plan)
{
        enter_coroutine(malloc(COROUTINE_SIZE), plan);
}

/* A library's own switch in assembler: as in libco and similar libraries. The first frame has no return address. */
__asm__(".text\n"
        ".type switch_stack, @function\n"
        "switch_stack:\n\t"
        ".cfi_startproc\n\t"
        "pushq %rbp\n\t"
        ".cfi_def_cfa_offset 16\n\t"
        ".cfi_offset rbp, -16\n\t"
        "pushq %rbx\n\t"
        ".cfi_def_cfa_offset 24\n\t"
        ".cfi_offset rbx, -24\n\t"
        "movq %rsp, (%rdi)\n\t"
        "movq %rsi, %rsp\n\t"
        "popq %rbx\n\t"
        "popq %rbp\n\t"
        "ret\n\t"
        ".cfi_endproc\n"
        ".size switch_stack, . - switch_stack\n");
void switch_stack(void **save, void *load);

static void *outer_sp, *inner_sp;

ZOO_FRAME static void own_coroutine_body(void)
{
        zoo_go(in_coroutine);
        switch_stack(&inner_sp, outer_sp);
}

static void owncoroutine_prefix(const struct zoo_plan *plan)
{
        uintptr_t *room = malloc(COROUTINE_SIZE), *top = room + COROUTINE_SIZE / sizeof(*room);

        in_coroutine = plan;
        memset(room, 0, COROUTINE_SIZE);
        top -= 8;
        top[0] = top[1] = 0;                    /* rbx, rbp */
        top[2] = (uintptr_t)own_coroutine_body; /* where switch_stack returns to */
        top[3] = 0;                             /* and where that would return to */
        inner_sp = top;
        switch_stack(&outer_sp, inner_sp);
}

const struct zoo_word stack_words[] = {
        { "sp-guard", sp_guard },
        { "sp-non-canonical", sp_non_canonical },
        { "return-null", return_null },
        { "return-heap", return_heap },
        { "alloca", alloca_word },
        { "big-frames", big_frames_word },
        { "stacklimit-", stacklimit_prefix },
        { "guardless-", guardless_prefix },
        { "splitstack-", splitstack_prefix },
        { "lostaltstack-", lostaltstack_prefix },
        { "fullaltstack-", fullaltstack_prefix },
        { "alarm-", alarm_prefix },
        { "coroutine-", coroutine_prefix },
        { "heapcoroutine-", heapcoroutine_prefix },
        { "owncoroutine-", owncoroutine_prefix },
        { NULL, NULL },
};
