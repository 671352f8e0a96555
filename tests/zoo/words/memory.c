/* SPDX-License-Identifier: MIT */
/* tests/zoo/words/memory.c: bad accesses, bad jumps, bad registers, bad stacks. */
#include "tests/zoo/zoo.h"

#include <asm/prctl.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

/* Addresses at which neither mmap nor the loader maps anything. */
#define UNMAPPED 0x123456789000
#define NON_CANONICAL 0x8080808080808080

static volatile int sink;

ZOO_FRAME static void null_read(const struct zoo_plan *plan UNUSED)
{
        const int *volatile p = NULL;

        sink = *p; /* CRASH: null-read */
}

ZOO_FRAME static void null_write(const struct zoo_plan *plan UNUSED)
{
        volatile int *volatile p = NULL;

        *p = 1; /* CRASH: null-write */
}

ZOO_FRAME static void null_member(const struct zoo_plan *plan UNUSED)
{
        struct big {
                int before[22];
                int member;
        } *volatile p = NULL;

        sink = p->member; /* CRASH: null-member */
}

ZOO_FRAME static void wild_read(const struct zoo_plan *plan UNUSED)
{
        const int *volatile p = (const int *)UNMAPPED;

        sink = *p; /* CRASH: wild-read */
}

ZOO_FRAME static void wild_write(const struct zoo_plan *plan UNUSED)
{
        volatile int *volatile p = (volatile int *)UNMAPPED;

        *p = 1; /* CRASH: wild-write */
}

ZOO_FRAME static void non_canonical(const struct zoo_plan *plan UNUSED)
{
        const int *volatile p = (const int *)NON_CANONICAL;

        sink = *p; /* CRASH: non-canonical */
}

ZOO_FRAME static void write_read_only(const struct zoo_plan *plan UNUSED)
{
        static const char text[] = "constant";
        union {
                const char *in;
                char *out;
        } u = { .in = text };
        volatile char *volatile p = u.out;

        *p = 'C'; /* CRASH: write-read-only */
}

static void call(uintptr_t address)
{
        void (*volatile f)(void) = (void (*)(void))address;

        f(); /* CRASH: call */
        sink = 1;
}

ZOO_FRAME static void null_call(const struct zoo_plan *plan UNUSED)
{
        call(0);
}

ZOO_FRAME static void garbage_pc(const struct zoo_plan *plan UNUSED)
{
        call(0x123456);
}

ZOO_FRAME static void data_pc(const struct zoo_plan *plan UNUSED)
{
        static char data[64] __attribute__((aligned(64)));

        call((uintptr_t)data);
}

ZOO_FRAME static void non_canonical_call(const struct zoo_plan *plan UNUSED)
{
        call(NON_CANONICAL);
}

/* Fills this frame and `words` words above it, the return address first of all. */
ZOO_FRAME static void overwrite_stack(uintptr_t value, size_t words)
{
        volatile uintptr_t *frame = __builtin_frame_address(0);

        for (size_t i = 1; i <= words; i++)
                frame[i] = value;
} /* CRASH: smashed-stack */

ZOO_FRAME static void smashed_stack(const struct zoo_plan *plan UNUSED)
{
        overwrite_stack(0x4141414141414141, 60);
        sink = 1;
}

ZOO_FRAME static void smashed_return(const struct zoo_plan *plan UNUSED)
{
        overwrite_stack(0x123456, 1);
        sink = 1;
}

/* Writes past a local array, up to the canary but not to the return address. */
ZOO_FRAME static void overflow_array(size_t n)
{
        char array[16];
        volatile char *volatile p = array; /* volatile: the compiler must not see how far the loop goes */

        for (size_t i = 0; i < n; i++)
                p[i] = 'A';
} /* CRASH: stack-smash */

ZOO_FRAME static void stack_smash(const struct zoo_plan *plan UNUSED)
{
        overflow_array(32);
        sink = 1;
}

/* errno, the stack protector's canary and lazy binding depend on the thread pointer: none of them works afterwards. */
ZOO_FRAME static void trashed_tp(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile("syscall\n\t"
                         "movl $1, 0" /* CRASH: trashed-tp */
                         :
                         : "a"(SYS_arch_prctl), "D"(ARCH_SET_FS), "S"(0x1000)
                         : "rcx", "r11", "memory");
}

ZOO_FRAME static void trashed_tp_access(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile("syscall\n\t"
                         "movl %%fs:0, %%eax" /* CRASH: trashed-tp-access */
                         :
                         : "a"(SYS_arch_prctl), "D"(ARCH_SET_FS), "S"(0x1000)
                         : "rcx", "r11", "memory");
}

/* The kernel's clear_child_tid and robust list still work: only the register is lost. */
ZOO_FRAME static void trashed_tp_ill(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile("syscall\n\t"
                         "ud2" /* CRASH: trashed-tp-ill */
                         :
                         : "a"(SYS_arch_prctl), "D"(ARCH_SET_FS), "S"(0)
                         : "rcx", "r11", "memory");
}

ZOO_FRAME static void sp_unmapped(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile("movq $0x10000, %%rsp\n\t"
                         "pushq %%rax" /* CRASH: sp-unmapped */
                         ::: "memory");
}

ZOO_FRAME static void sp_null(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile("xorl %%esp, %%esp\n\t"
                         "pushq %%rax" /* CRASH: sp-null */
                         ::: "memory");
}

ZOO_FRAME static void sp_elsewhere(const struct zoo_plan *plan UNUSED)
{
        static char data[4096] __attribute__((aligned(64)));

        __asm__ volatile("movq %0, %%rsp\n\t"
                         "movl $1, 0" /* CRASH: sp-elsewhere */
                         :
                         : "r"(data + 2048)
                         : "memory");
}

/* alloca makes the frame address depend on rbp at -O2 too. */
ZOO_FRAME static void bad_bp(const struct zoo_plan *plan)
{
        volatile char *room = __builtin_alloca(strlen(plan->word) + 16);

        room[0] = 1;
        __asm__ volatile("movq $0x41414141, %%rbp\n\t"
                         "movl $1, 0" /* CRASH: bad-bp */
                         ::: "memory");
}

ZOO_FRAME static int overflow(volatile char *above)
{
        volatile char frame[256];

        frame[0] = *above;
        if (frame[0] == 2) /* never true, which is hidden from the compiler */
                return 0;
        sink = overflow(frame); /* CRASH: overflow */
        return sink + frame[0];
}

static void overflow_word(const struct zoo_plan *plan UNUSED)
{
        volatile char first = 1;

        overflow(&first);
}

ZOO_FRAME static int deep(long n)
{
        int below;

        if (n == 0) {
                volatile int *volatile p = NULL;

                *p = 1; /* CRASH: deep */
                return 0;
        }
        below = deep(n - 1);
        __asm__ volatile("" ::: "memory"); /* keeps the recursion a recursion */
        return below + 1;
}

static void deep_word(const struct zoo_plan *plan)
{
        sink = deep(atol(zoo_arg(plan, 0, "10000")));
}

/* The rest runs ZOO_DEPTH calls deep. */
ZOO_FRAME static int recurse(long n, const struct zoo_plan *plan)
{
        int below = 0;

        if (n == 0)
                zoo_go(plan);
        else
                below = recurse(n - 1, plan);
        __asm__ volatile("" ::: "memory");
        return below + 1;
}

static void recurse_prefix(const struct zoo_plan *plan)
{
        sink = recurse(zoo_setting("ZOO_DEPTH", 10000), plan);
}

ZOO_FRAME static void div_zero(const struct zoo_plan *plan UNUSED)
{
        volatile int zero = 0;

        sink = 100 / zero; /* CRASH: div-zero */
}

ZOO_FRAME static void ill(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile("ud2"); /* CRASH: ill */
}

ZOO_FRAME static void trap(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile("int3"); /* CRASH: trap */
        sink = 1;
}

ZOO_FRAME static void privileged(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile("hlt"); /* CRASH: privileged */
}

ZOO_FRAME static void bus(const struct zoo_plan *plan UNUSED)
{
        int fd = memfd_create("zoo", 0);
        volatile char *p;

        if (fd < 0 || ftruncate(fd, 8192) < 0)
                zoo_broken("memfd_create");
        p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED || ftruncate(fd, 4096) < 0)
                zoo_broken("mmap");
        close(fd);
        sink = p[4096]; /* CRASH: bus */
}

ZOO_FRAME static void strlen_null(const struct zoo_plan *plan UNUSED)
{
        const char *volatile s = NULL;
        size_t (*volatile length)(const char *) = strlen;

        sink = (int)length(s); /* CRASH: strlen-null */
}

static void fault_in_noeh(void *arg)
{
        null_write(arg);
        sink = 1;
}

static void debug_frame(const struct zoo_plan *plan UNUSED)
{
        union {
                void *symbol;
                void (*call)(void (*next)(void *), void *arg);
        } u = { zoo_load("noeh") };

        if (!u.symbol || !(u.symbol = dlsym(u.symbol, "noeh_call")))
                zoo_broken("libnoeh.so");
        u.call(fault_in_noeh, NULL);
        sink = 1;
}

/* Functions without CFI: one has a frame pointer, one has none. Each calls null_write through rdi. */
__asm__(".text\n"
        ".type nocfi_with_fp, @function\n"
        "nocfi_with_fp:\n\t"
        "pushq %rbp\n\t"
        "movq %rsp, %rbp\n\t"
        "subq $64, %rsp\n\t"
        "call *%rdi\n\t"
        "leave\n\t"
        "ret\n"
        ".size nocfi_with_fp, . - nocfi_with_fp\n"
        ".type nocfi_without_fp, @function\n"
        "nocfi_without_fp:\n\t"
        "movl $24, %eax\n\t" /* no prologue from which the size of the frame is known */
        "subq %rax, %rsp\n\t"
        "movq $0, (%rsp)\n\t" /* otherwise a scan could find old return addresses there */
        "movq $0, 8(%rsp)\n\t"
        "movq $0, 16(%rsp)\n\t"
        "call *%rdi\n\t"
        "addq $24, %rsp\n\t"
        "ret\n"
        ".size nocfi_without_fp, . - nocfi_without_fp\n");
void nocfi_with_fp(void (*f)(void *));
void nocfi_without_fp(void (*f)(void *));

ZOO_FRAME static void nocfi_fp(const struct zoo_plan *plan UNUSED)
{
        nocfi_with_fp(fault_in_noeh);
        sink = 1;
}

ZOO_FRAME static void nocfi_nofp(const struct zoo_plan *plan UNUSED)
{
        nocfi_without_fp(fault_in_noeh);
        sink = 1;
}

/* One element is compared with another: the rest of the plan runs inside libc's qsort. */
static const struct zoo_plan *in_qsort;

static int compare(const void *a, const void *b)
{
        if (in_qsort) {
                const struct zoo_plan *rest = in_qsort;

                in_qsort = NULL;
                zoo_go(rest);
        }
        return *(const int *)a - *(const int *)b;
}

static void qsort_prefix(const struct zoo_plan *plan)
{
        int v[] = { 3, 1, 2 };

        in_qsort = plan;
        qsort(v, 3, sizeof(v[0]), compare);
        sink = v[0];
}

const struct zoo_word memory_words[] = {
        { "null-read", null_read },
        { "null-write", null_write },
        { "null-member", null_member },
        { "null-call", null_call },
        { "wild-read", wild_read },
        { "wild-write", wild_write },
        { "write-read-only", write_read_only },
        { "garbage-pc", garbage_pc },
        { "data-pc", data_pc },
        { "non-canonical", non_canonical },
        { "non-canonical-call", non_canonical_call },
        { "smashed-stack", smashed_stack },
        { "smashed-return", smashed_return },
        { "stack-smash", stack_smash },
        { "trashed-tp", trashed_tp },
        { "trashed-tp-access", trashed_tp_access },
        { "trashed-tp-ill", trashed_tp_ill },
        { "sp-unmapped", sp_unmapped },
        { "sp-null", sp_null },
        { "sp-elsewhere", sp_elsewhere },
        { "bad-bp", bad_bp },
        { "overflow", overflow_word },
        { "deep", deep_word },
        { "div-zero", div_zero },
        { "ill", ill },
        { "trap", trap },
        { "privileged", privileged },
        { "bus", bus },
        { "strlen-null", strlen_null },
        { "debug-frame", debug_frame },
        { "nocfi-fp", nocfi_fp },
        { "nocfi-nofp", nocfi_nofp },
        { "recurse-", recurse_prefix },
        { "qsort-", qsort_prefix },
        { NULL, NULL },
};
