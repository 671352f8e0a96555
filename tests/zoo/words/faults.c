/* SPDX-License-Identifier: MIT */
/* tests/zoo/words/faults.c: faults that look like others, and instructions that fail in their own ways. */
#include "tests/zoo/zoo.h"

#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <limits.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))
#define PAGE 4096

/* Addresses at which neither mmap nor the loader maps anything. */
#define UNMAPPED 0x123456789000

static volatile int sink;

static void *page_of(int rights)
{
        void *p = mmap(NULL, PAGE, rights, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (p == MAP_FAILED)
                zoo_broken("mmap");
        return p;
}

/* --- null pointers --- */

struct operations {
        void (*before[4])(void);
        void (*run)(void);
};

ZOO_FRAME static void null_far_member(const struct zoo_plan *plan UNUSED)
{
        struct big {
                char before[200000];
                int member;
        } *volatile p = NULL;

        sink = p->member; /* CRASH: null-far-member */
}

ZOO_FRAME static void null_operations(const struct zoo_plan *plan UNUSED)
{
        struct operations *volatile p = NULL;

        p->run(); /* CRASH: null-operations */
        sink = 1;
}

ZOO_FRAME static void null_operation(const struct zoo_plan *plan UNUSED)
{
        static struct operations unset;
        struct operations *volatile p = &unset;

        p->run(); /* CRASH: null-operation */
        sink = 1;
}

ZOO_FRAME static void null_element(const struct zoo_plan *plan UNUSED)
{
        /* p[i] with p in rdi, i in rsi: the code that compilers generate for it differs. */
        __asm__ volatile("xorl %%edi, %%edi\n\t"
                         "movl $50000, %%esi\n\t"
                         "movl (%%rdi,%%rsi,8), %%eax" /* CRASH: null-element */
                         ::
                                 : "rdi", "rsi", "rax", "memory");
}

ZOO_FRAME static void jump_to_one(const struct zoo_plan *plan UNUSED)
{
        void (*volatile f)(void) = (void (*)(void))1;

        f(); /* CRASH: jump-to-one */
        sink = 1;
}

ZOO_FRAME static void copy_to_null(const struct zoo_plan *plan)
{
        void *(*volatile copy)(void *, const void *, size_t) = memcpy;

        copy(NULL, plan->word, 64); /* CRASH: copy-to-null */
        sink = 1;
}

/* --- wild pointers --- */

ZOO_FRAME static void failed_map(const struct zoo_plan *plan UNUSED)
{
        volatile char *volatile p = mmap(NULL, 0, PROT_READ, MAP_PRIVATE, -1, 0);

        sink = *p; /* CRASH: failed-map */
}

ZOO_FRAME static void kernel_read(const struct zoo_plan *plan UNUSED)
{
        volatile char *volatile p = (volatile char *)0xffff888000001000;

        sink = *p; /* CRASH: kernel-read */
}

ZOO_FRAME static void after_unmap(const struct zoo_plan *plan UNUSED)
{
        volatile char *volatile p = page_of(PROT_READ | PROT_WRITE);

        munmap((void *)(uintptr_t)p, PAGE);
        p[8] = 1; /* CRASH: after-unmap */
}

/* A block that malloc takes from the system and free gives back. */
ZOO_FRAME static void after_free(const struct zoo_plan *plan UNUSED)
{
        volatile char *volatile p = malloc(16 << 20);

        free((void *)(uintptr_t)p);
        p[8 << 20] = 1; /* CRASH: after-free */
}

ZOO_FRAME static void above_heap(const struct zoo_plan *plan UNUSED)
{
        volatile char *volatile p;

        free(malloc(100));
        p = sbrk(0);
        p[16] = 1; /* CRASH: above-heap */
}

/* A pointer in a freed block, overwritten by malloc's link. */
ZOO_FRAME static void freed_pointer(const struct zoo_plan *plan UNUSED)
{
        volatile int *volatile *volatile p = malloc(64);

        free((void *)(uintptr_t)p);
        **p = 1; /* CRASH: freed-pointer */
}

/* Downwards: the stack is near the end of the address space, and 2 GB above it may not be a valid address. */
ZOO_FRAME static void wild_index(const struct zoo_plan *plan UNUSED)
{
        int array[16];

        __asm__ volatile("movl $1, (%%rdi,%%rsi,4)" /* CRASH: wild-index */
                         :
                         : "D"(array), "S"(-500000000L)
                         : "memory");
}

ZOO_FRAME static void past_end(const struct zoo_plan *plan UNUSED)
{
        volatile char *p = sbrk(0);

        for (;; p++)
                *p = 1; /* CRASH: past-end */
}

ZOO_FRAME static void half_pointer(const struct zoo_plan *plan UNUSED)
{
        volatile char *p = malloc(100), *volatile half = (volatile char *)((uintptr_t)p & UINT32_MAX);

        half[1] = 1; /* CRASH: half-pointer */
}

ZOO_FRAME static void tagged_pointer(const struct zoo_plan *plan UNUSED)
{
        volatile char *volatile p = (volatile char *)((uintptr_t)malloc(100) | (uintptr_t)0xa500 << 48);

        *p = 1; /* CRASH: tagged-pointer */
}

ZOO_FRAME static void text_pointer(const struct zoo_plan *plan UNUSED)
{
        union {
                char text[8];
                volatile char *p;
        } volatile u = { .text = "overrun!" };

        *u.p = 1; /* CRASH: text-pointer */
}

ZOO_FRAME static void filled_pointer(const struct zoo_plan *plan UNUSED)
{
        const char *volatile p;

        memset((void *)(uintptr_t)&p, 0xaa, sizeof(p));
        sink = *p; /* CRASH: filled-pointer */
}

/* --- rights --- */

ZOO_FRAME static void marked_pointer(const struct zoo_plan *plan UNUSED)
{
        volatile int *volatile p = (volatile int *)0xdeadbeefu;

        p[2] = 1; /* CRASH: marked-pointer */
}

ZOO_FRAME static void closed_read(const struct zoo_plan *plan UNUSED)
{
        volatile char *volatile p = page_of(PROT_NONE);

        sink = p[4]; /* CRASH: closed-read */
}

ZOO_FRAME static void closed_write(const struct zoo_plan *plan UNUSED)
{
        volatile char *volatile p = page_of(PROT_NONE);

        p[4] = 1; /* CRASH: closed-write */
}

ZOO_FRAME static void code_write(const struct zoo_plan *plan UNUSED)
{
        volatile char *volatile p = (volatile char *)(uintptr_t)code_write;

        *p = 1; /* CRASH: code-write */
}

ZOO_FRAME static void file_write(const struct zoo_plan *plan UNUSED)
{
        int fd = open("/proc/self/exe", O_RDONLY);
        volatile char *volatile p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);

        if (p == MAP_FAILED)
                zoo_broken("mmap");
        p[1] = 1; /* CRASH: file-write */
}

ZOO_FRAME static void heap_pc(const struct zoo_plan *plan UNUSED)
{
        void (*volatile f)(void) = (void (*)(void))(uintptr_t)malloc(100);

        f(); /* CRASH: heap-pc */
        sink = 1;
}

ZOO_FRAME static void stack_pc(const struct zoo_plan *plan UNUSED)
{
        char bytes[64] = "";
        void (*volatile f)(void) = (void (*)(void))(uintptr_t)bytes;

        f(); /* CRASH: stack-pc */
        sink = bytes[0];
}

static pthread_barrier_t standing;
static volatile uintptr_t other_stack;

static void *stand(void *arg)
{
        pthread_attr_t attr;
        size_t size;
        void *low;

        pthread_getattr_np(pthread_self(), &attr);
        pthread_attr_getstack(&attr, &low, &size);
        other_stack = (uintptr_t)low;
        pthread_barrier_wait(&standing);
        for (;;)
                pause();
        return arg;
}

/* A wild write into the guard of a stack that is not full at all. */
ZOO_FRAME static void other_guard(const struct zoo_plan *plan UNUSED)
{
        pthread_t thread;
        volatile char *volatile p;

        pthread_barrier_init(&standing, NULL, 2);
        if (pthread_create(&thread, NULL, stand, NULL))
                zoo_broken("pthread_create");
        pthread_barrier_wait(&standing);
        p = (volatile char *)other_stack - 16;
        *p = 1; /* CRASH: other-guard */
}

/* A guard region in the middle of memory that can be read and written, no stack. */
ZOO_FRAME static void guard_region(const struct zoo_plan *plan UNUSED)
{
        char *room = mmap(NULL, (size_t)16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        volatile char *volatile p = room + 5 * PAGE;

        if (room == MAP_FAILED || madvise(room + 4 * PAGE, (size_t)4 * PAGE, ZOO_GUARD_INSTALL))
                zoo_broken("MADV_GUARD_INSTALL");
        *p = 1; /* CRASH: guard-region */
}

ZOO_FRAME static void large_local(const struct zoo_plan *plan)
{
        volatile char room[64 << 20];

        room[strlen(plan->word)] = 1;
        sink = room[1];
}

/* --- instructions with special memory accesses --- */

ZOO_FRAME static void copy_from_wild(const struct zoo_plan *plan UNUSED)
{
        static char room[64];

        __asm__ volatile("rep movsb" /* CRASH: copy-from-wild */
                         :
                         : "S"(UNMAPPED), "D"(room), "c"(64L)
                         : "memory");
}

ZOO_FRAME static void copy_to_wild(const struct zoo_plan *plan UNUSED)
{
        static char room[64];

        __asm__ volatile("rep movsb" /* CRASH: copy-to-wild */
                         :
                         : "S"(room), "D"(UNMAPPED), "c"(64L)
                         : "memory");
}

ZOO_FRAME static void fill_wild(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile("rep stosq" /* CRASH: fill-wild */
                         :
                         : "a"(0L), "D"(UNMAPPED), "c"(64L)
                         : "memory");
}

ZOO_FRAME static void exchange_wild(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile("lock cmpxchgl %%ecx, 16(%%rdx)" /* CRASH: exchange-wild */
                         :
                         : "a"(0L), "d"(0x8000000000000000), "c"(64L)
                         : "memory");
}

ZOO_FRAME static void misaligned_vector(const struct zoo_plan *plan UNUSED)
{
        static char room[64] __attribute__((aligned(64)));

        __asm__ volatile("movaps %%xmm0, 4(%%rdi)" /* CRASH: misaligned-vector */
                         :
                         : "D"(room)
                         : "memory");
}

ZOO_FRAME static void misaligned_operand(const struct zoo_plan *plan UNUSED)
{
        static char room[64] __attribute__((aligned(64)));

        __asm__ volatile("paddd 1(%%rsi), %%xmm0" /* CRASH: misaligned-operand */
                         :
                         : "S"(room)
                         : "xmm0", "memory");
}

/* With flag AC set the processor requires aligned accesses. */
ZOO_FRAME static void misaligned_check(const struct zoo_plan *plan UNUSED)
{
        static char room[64] __attribute__((aligned(64)));

        __asm__ volatile("pushfq\n\t"
                         "orl $0x40000, (%%rsp)\n\t"
                         "popfq\n\t"
                         "movl 1(%%rsi), %%eax" /* CRASH: misaligned-check */
                         :
                         : "S"(room)
                         : "rax", "memory", "cc");
}

ZOO_FRAME static void misaligned_save(const struct zoo_plan *plan UNUSED)
{
        static char area[1024] __attribute__((aligned(64)));

        __asm__ volatile("fxsave 8(%%rdi)" /* CRASH: misaligned-save */
                         :
                         : "D"(area)
                         : "memory");
}

/* --- arithmetic --- */

ZOO_FRAME static void divide_overflow(const struct zoo_plan *plan UNUSED)
{
        volatile int smallest = INT_MIN, minus_one = -1;

        sink = smallest / minus_one; /* CRASH: divide-overflow */
}

ZOO_FRAME static void remainder_zero(const struct zoo_plan *plan UNUSED)
{
        volatile unsigned long zero = 0;

        sink = (int)(1000000007ul % zero); /* CRASH: remainder-zero */
}

ZOO_FRAME static void divide_memory(const struct zoo_plan *plan UNUSED)
{
        static long zero[4];

        __asm__ volatile("cqto\n\t"
                         "idivq 16(%%rsi)" /* CRASH: divide-memory */
                         :
                         : "a"(7L), "S"(zero)
                         : "rdx", "memory");
}

ZOO_FRAME static void quotient_overflow(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile("divl %%ecx" /* CRASH: quotient-overflow */
                         :
                         : "a"(0L), "d"(16L), "c"(2L));
}

static void trapping(int exceptions)
{
        feclearexcept(FE_ALL_EXCEPT);
        feenableexcept(exceptions);
}

ZOO_FRAME static void float_divide(const struct zoo_plan *plan UNUSED)
{
        volatile double zero = 0, one = 1;

        trapping(FE_DIVBYZERO);
        one = one / zero; /* CRASH: float-divide */
        sink = (int)one;
}

ZOO_FRAME static void float_invalid(const struct zoo_plan *plan UNUSED)
{
        volatile double zero = 0;

        trapping(FE_INVALID);
        zero = zero / zero; /* CRASH: float-invalid */
        sink = (int)zero;
}

ZOO_FRAME static void float_overflow(const struct zoo_plan *plan UNUSED)
{
        volatile double large = 1e300;

        trapping(FE_OVERFLOW);
        large = large * large; /* CRASH: float-overflow */
        sink = (int)large;
}

/* The x87 unit reports it when the quotient is stored. */
ZOO_FRAME static void float_late(const struct zoo_plan *plan UNUSED)
{
        volatile long double zero = 0, one = 1;

        trapping(FE_DIVBYZERO);
        one = one / zero; /* CRASH: float-late */
        sink = (int)one;
}

ZOO_FRAME static void float_convert(const struct zoo_plan *plan UNUSED)
{
        volatile double large = 1e30;

        trapping(FE_INVALID);
        sink = (int)large; /* CRASH: float-convert */
}

/* --- illegal, privileged, traps --- */

ZOO_FRAME static void builtin_trap(const struct zoo_plan *plan UNUSED)
{
        __builtin_trap(); /* CRASH: builtin-trap */
}

/* The instruction of clang's -fsanitize-trap=bounds. */
ZOO_FRAME static void checked_bounds(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile(".byte 0x67, 0x0f, 0xb9, 0x40, 0x12"); /* CRASH: checked-bounds */
}

ZOO_FRAME static void bad_opcode(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile(".byte 0x06"); /* CRASH: bad-opcode */
}

ZOO_FRAME static void locked_nop(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile(".byte 0xf0, 0x90"); /* CRASH: locked-nop */
}

ZOO_FRAME static void clear_interrupts(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile("cli"); /* CRASH: clear-interrupts */
}

ZOO_FRAME static void port_input(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile("inb $0x70, %%al" ::: "rax"); /* CRASH: port-input */
}

ZOO_FRAME static void software_interrupt(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile("int $0x21"); /* CRASH: software-interrupt */
}

ZOO_FRAME static void overflow_interrupt(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile("int $4");
        sink = 1; /* CRASH: overflow-interrupt */
}

ZOO_FRAME static void read_model_register(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile("rdmsr" ::"c"(0) : "rax", "rdx"); /* CRASH: read-model-register */
}

ZOO_FRAME static void load_segment(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile("movl %0, %%ds" ::"r"(0x1234)); /* CRASH: load-segment */
}

ZOO_FRAME static void load_control(const struct zoo_plan *plan UNUSED)
{
        unsigned all = 0xffffffff;

        __asm__ volatile("ldmxcsr %0" ::"m"(all)); /* CRASH: load-control */
}

ZOO_FRAME static void debug_trap(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile(".byte 0xf1"); /* CRASH: debug-trap */
        sink = 1;
}

ZOO_FRAME static void long_breakpoint(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile(".byte 0xcd, 0x03"); /* CRASH: long-breakpoint */
        sink = 1;
}

ZOO_FRAME static void single_step(const struct zoo_plan *plan UNUSED)
{
        __asm__ volatile("pushfq\n\t"
                         "orl $0x100, (%%rsp)\n\t"
                         "popfq\n\t"
                         "nop\n\t" /* CRASH: single-step */
                         "nop" ::
                                 : "memory", "cc");
}

/* --- files --- */

/* Mapped completely, then truncated to a page. */
ZOO_FRAME static void cut_file(const struct zoo_plan *plan)
{
        int fd = open(zoo_arg(plan, 0, "cut-file"), O_RDWR | O_CREAT | O_TRUNC, 0600);
        volatile char *volatile p;

        if (fd < 0 || ftruncate(fd, 4 * PAGE))
                zoo_broken("cut-file");
        p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED || ftruncate(fd, PAGE))
                zoo_broken("mmap");
        p[2 * PAGE + 7] = 1; /* CRASH: cut-file */
}

/* Mapped beyond its end from the beginning. */
ZOO_FRAME static void short_file(const struct zoo_plan *plan)
{
        int fd = open(zoo_arg(plan, 0, "short-file"), O_RDWR | O_CREAT | O_TRUNC, 0600);
        volatile char *volatile p;

        if (fd < 0 || ftruncate(fd, 100))
                zoo_broken("short-file");
        p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED)
                zoo_broken("mmap");
        sink = p[PAGE + 7]; /* CRASH: short-file */
}

/* A file of 128 MiB, written by memory from its beginning to its end. With a second argument it is deleted before, with a third one
 * its descriptor is closed too. */
ZOO_FRAME static void filled_file(const struct zoo_plan *plan)
{
        const char *name = zoo_arg(plan, 0, NULL);
        int fd = name ? open(name, O_RDWR | O_CREAT | O_TRUNC, 0600) : -1;
        size_t size = 128 << 20;
        char *p;

        if (fd < 0 || ftruncate(fd, (off_t)size))
                zoo_broken("filled-file");
        p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED || (zoo_arg(plan, 1, NULL) && unlink(name)))
                zoo_broken("mmap");
        if (zoo_arg(plan, 2, NULL))
                close(fd);
        for (size_t i = 0; i < size; i += PAGE)
                ((volatile char *)p)[i] = 1; /* CRASH: filled-file */
}

/* A file of the server with that pid, which is ended. */
ZOO_FRAME static void unserved_file(const struct zoo_plan *plan)
{
        const char *name = zoo_arg(plan, 0, NULL);
        int fd = name ? open(name, O_RDONLY) : -1, server = atoi(zoo_arg(plan, 1, "0"));
        volatile char *p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
        const struct timespec tick = { .tv_nsec = 1000000 };

        if (p == MAP_FAILED || server <= 0 || kill(server, SIGKILL))
                zoo_broken("unserved-file");
        for (int i = 0; i < 10000 && !access(name, R_OK); i++)
                nanosleep(&tick, NULL);
        sink = *p; /* CRASH: unserved-file */
}

/* More huge pages than any system has free, which MAP_NORESERVE does not reserve. */
ZOO_FRAME static void huge_page(const struct zoo_plan *plan UNUSED)
{
        size_t size = (size_t)1 << 40;
        volatile char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE, -1, 0);

        if (p == MAP_FAILED)
                zoo_broken("MAP_HUGETLB");
        for (size_t i = 0; i < size; i += (size_t)2 << 20)
                p[i + 5000] = 1; /* CRASH: huge-page */
}

/* Memory whose missing pages raise SIGBUS. */
static char *userfault_memory(int *fd)
{
        struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_SIGBUS };
        size_t size = (size_t)4 * PAGE;
        char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        struct uffdio_register area = { .range = { (uintptr_t)p, size }, .mode = UFFDIO_REGISTER_MODE_MISSING };

        *fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY: needs no privilege */);
        if (p == MAP_FAILED || *fd < 0 || ioctl(*fd, UFFDIO_API, &api) || ioctl(*fd, UFFDIO_REGISTER, &area))
                zoo_broken("userfaultfd");
        return p;
}

ZOO_FRAME static void unfilled_page(const struct zoo_plan *plan UNUSED)
{
        int fd;
        volatile char *volatile p = userfault_memory(&fd);

        p[PAGE] = 1; /* CRASH: unfilled-page */
}

/* UFFDIO_POISON, since Linux 6.6. */
ZOO_FRAME static void poisoned_page(const struct zoo_plan *plan UNUSED)
{
        struct {
                uint64_t start, length, mode;
                int64_t updated;
        } poison = { .length = (uint64_t)4 * PAGE };
        int fd;
        volatile char *volatile p = userfault_memory(&fd);

        poison.start = (uintptr_t)p;
        if (ioctl(fd, _IOWR(UFFDIO, 8, poison), &poison))
                zoo_broken("UFFDIO_POISON");
        sink = p[PAGE]; /* CRASH: poisoned-page */
}

/* --- sent, by the kernel for the program --- */

ZOO_FRAME static void timer(const struct zoo_plan *plan UNUSED)
{
        struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGSEGV };
        struct itimerspec soon = { .it_value = { .tv_nsec = 1000000 } };
        timer_t id;

        if (timer_create(CLOCK_MONOTONIC, &event, &id) || timer_settime(id, 0, &soon, NULL))
                zoo_broken("timer_create");
        for (;;)
                pause(); /* CRASH: timer */
}

/* --- libc functions with invalid arguments --- */

ZOO_FRAME static void print_wild(const struct zoo_plan *plan UNUSED)
{
        const char *volatile s = (const char *)UNMAPPED;
        char line[64];

        snprintf(line, sizeof(line), "%s", s); /* CRASH: print-wild */
        sink = line[0];
}

ZOO_FRAME static void close_null(const struct zoo_plan *plan UNUSED)
{
        int (*volatile f)(FILE *) = fclose;

        sink = f(NULL); /* CRASH: close-null */
}

ZOO_FRAME static void heap_overrun(const struct zoo_plan *plan UNUSED)
{
        volatile char *volatile p = malloc(24);

        for (int i = 0; i < 64; i++)
                p[i] = 0x7f;
        p = malloc(5000); /* CRASH: heap-overrun */
}

ZOO_FRAME static void free_twice_large(const struct zoo_plan *plan UNUSED)
{
        char *volatile p = malloc(5000);
        char *volatile between = malloc(5000);

        free(p);
        free(p); /* CRASH: free-twice-large */
        sink = *between;
}

ZOO_FRAME static void realloc_wild(const struct zoo_plan *plan UNUSED)
{
        char *volatile p = malloc(100);

        void *(*volatile grow)(void *, size_t) = realloc;

        sink = *(char *)grow(p + 8, 200); /* CRASH: realloc-wild */
}

const struct zoo_word fault_words[] = {
        { "null-far-member", null_far_member },
        { "null-operations", null_operations },
        { "null-operation", null_operation },
        { "null-element", null_element },
        { "jump-to-one", jump_to_one },
        { "copy-to-null", copy_to_null },
        { "failed-map", failed_map },
        { "kernel-read", kernel_read },
        { "after-unmap", after_unmap },
        { "after-free", after_free },
        { "above-heap", above_heap },
        { "freed-pointer", freed_pointer },
        { "wild-index", wild_index },
        { "past-end", past_end },
        { "half-pointer", half_pointer },
        { "tagged-pointer", tagged_pointer },
        { "text-pointer", text_pointer },
        { "filled-pointer", filled_pointer },
        { "marked-pointer", marked_pointer },
        { "closed-read", closed_read },
        { "closed-write", closed_write },
        { "code-write", code_write },
        { "file-write", file_write },
        { "heap-pc", heap_pc },
        { "stack-pc", stack_pc },
        { "other-guard", other_guard },
        { "guard-region", guard_region },
        { "large-local", large_local },
        { "copy-from-wild", copy_from_wild },
        { "copy-to-wild", copy_to_wild },
        { "fill-wild", fill_wild },
        { "exchange-wild", exchange_wild },
        { "misaligned-vector", misaligned_vector },
        { "misaligned-operand", misaligned_operand },
        { "misaligned-check", misaligned_check },
        { "misaligned-save", misaligned_save },
        { "divide-overflow", divide_overflow },
        { "remainder-zero", remainder_zero },
        { "divide-memory", divide_memory },
        { "quotient-overflow", quotient_overflow },
        { "float-divide", float_divide },
        { "float-invalid", float_invalid },
        { "float-overflow", float_overflow },
        { "float-late", float_late },
        { "float-convert", float_convert },
        { "builtin-trap", builtin_trap },
        { "checked-bounds", checked_bounds },
        { "bad-opcode", bad_opcode },
        { "locked-nop", locked_nop },
        { "clear-interrupts", clear_interrupts },
        { "port-input", port_input },
        { "software-interrupt", software_interrupt },
        { "overflow-interrupt", overflow_interrupt },
        { "read-model-register", read_model_register },
        { "load-segment", load_segment },
        { "load-control", load_control },
        { "debug-trap", debug_trap },
        { "long-breakpoint", long_breakpoint },
        { "single-step", single_step },
        { "cut-file", cut_file },
        { "short-file", short_file },
        { "filled-file", filled_file },
        { "unserved-file", unserved_file },
        { "huge-page", huge_page },
        { "unfilled-page", unfilled_page },
        { "poisoned-page", poisoned_page },
        { "timer", timer },
        { "print-wild", print_wild },
        { "close-null", close_null },
        { "heap-overrun", heap_overrun },
        { "free-twice-large", free_twice_large },
        { "realloc-wild", realloc_wild },
        { NULL, NULL },
};
