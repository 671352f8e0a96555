/* SPDX-License-Identifier: MIT */
/* The walk over this process, compared with libunwind and glibc's backtrace(): same pcs, same saved registers. */
#include "tests/unit/self_space.h"
#include "tests/unit/tap.h"

#include <alloca.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define UNW_LOCAL_ONLY
#include <libunwind.h>

#define FRAMES_MAX 128
#define CACHE_SLOTS 256

struct frames {
        size_t count;
        struct arch_registers regs[FRAMES_MAX];
        enum cfi_end end;
        bool only_cfi;
};

static struct frames ours, theirs;
static int (*glibc_backtrace)(void **, int);
static volatile unsigned sink; /* prevents tail calls and removal of calls */

static void walk_ours(const struct arch_registers *regs, struct cfi_cache cache)
{
        struct cfi_walk walk;

        cfi_walk_begin(&walk, &self.space, cache, regs);
        ours.count = 0;
        ours.only_cfi = true;
        do {
                if (walk.depth && walk.trust != CFI_TRUST_CFI)
                        ours.only_cfi = false;
                ours.regs[ours.count++] = walk.regs;
        } while (ours.count < FRAMES_MAX && cfi_walk_next(&walk));
        ours.end = walk.end;
}

static void walk_libunwind(ucontext_t *uc)
{
        static const struct {
                int dwarf, unw;
        } map[] = {
                { ARCH_REG_PC, UNW_X86_64_RIP },  { ARCH_REG_SP, UNW_X86_64_RSP },  { ARCH_REG_FP, UNW_X86_64_RBP },
                { ARCH_REG_RBX, UNW_X86_64_RBX }, { ARCH_REG_R12, UNW_X86_64_R12 }, { ARCH_REG_R13, UNW_X86_64_R13 },
                { ARCH_REG_R14, UNW_X86_64_R14 }, { ARCH_REG_R15, UNW_X86_64_R15 },
        };
        unw_cursor_t cursor;

        theirs.count = 0;
        unw_init_local(&cursor, uc);
        do {
                struct arch_registers *regs = &theirs.regs[theirs.count++];

                regs->known = 0;
                for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
                        unw_word_t value;

                        if (unw_get_reg(&cursor, map[i].unw, &value))
                                continue;
                        regs->v[map[i].dwarf] = value;
                        regs->known |= 1u << map[i].dwarf;
                }
        } while (theirs.count < FRAMES_MAX && unw_step(&cursor) > 0);
        /* libunwind returns a last frame of pc 0 if the return address is undefined. */
        while (theirs.count && !theirs.regs[theirs.count - 1].v[ARCH_REG_PC])
                theirs.count--;
}

static void print_frames(void)
{
        for (size_t i = 0; i < ours.count || i < theirs.count; i++)
                printf("#   %2zu ours %#14lx libunwind %#14lx\n", i,
                       i < ours.count ? (unsigned long)ours.regs[i].v[ARCH_REG_PC] : 0,
                       i < theirs.count ? (unsigned long)theirs.regs[i].v[ARCH_REG_PC] : 0);
}

static bool same_pcs(void)
{
        for (size_t i = 0; i < ours.count; i++) {
                if (ours.regs[i].v[ARCH_REG_PC] != theirs.regs[i].v[ARCH_REG_PC])
                        return false;
        }
        return ours.count == theirs.count;
}

/* Compares every register that is known to both. */
static bool same_registers(void)
{
        for (size_t i = 0; i < ours.count && i < theirs.count; i++) {
                uint32_t both = ours.regs[i].known & theirs.regs[i].known;

                for (unsigned reg = 0; reg < ARCH_DWARF_REGS; reg++) {
                        if ((both >> reg & 1) && ours.regs[i].v[reg] != theirs.regs[i].v[reg]) {
                                printf("#   frame %zu register %u: %#lx, libunwind %#lx\n", i, reg,
                                       (unsigned long)ours.regs[i].v[reg], (unsigned long)theirs.regs[i].v[reg]);
                                return false;
                        }
                }
                if ((ours.regs[i].known & ARCH_CALLEE_SAVED) != ARCH_CALLEE_SAVED) {
                        printf("#   frame %zu known %#x\n", i, ours.regs[i].known);
                        return false;
                }
        }
        return true;
}

/* backtrace() begins with this function, at another pc. */
static bool same_as_backtrace(void **pcs, int count)
{
        if ((size_t)count != ours.count)
                return false;
        for (int i = 1; i < count; i++) {
                if ((uintptr_t)pcs[i] != ours.regs[i].v[ARCH_REG_PC])
                        return false;
        }
        return true;
}

/* The innermost frame of every scene. */
__attribute__((noinline)) static void compare_here(const char *scene)
{
        static struct cfi_row rows[CACHE_SLOTS];
        void *pcs[FRAMES_MAX];
        ucontext_t uc;
        struct arch_registers regs;
        int count;
        struct frames *cold;

        self_load();
        count = glibc_backtrace(pcs, FRAMES_MAX);
        getcontext(&uc);
        regs = self_registers(&uc);
        walk_libunwind(&uc);
        walk_ours(&regs, (struct cfi_cache){ NULL, 0 });
        if (!tap_ok(same_pcs(), "%s: same %zu pcs as libunwind", scene, theirs.count))
                print_frames();
        tap_ok(same_registers(), "%s: same saved registers as libunwind", scene);
        if (!tap_ok(same_as_backtrace(pcs, count), "%s: same %d pcs as backtrace()", scene, count)) {
                for (int i = 0; i < count; i++)
                        printf("#   backtrace %2d %p\n", i, pcs[i]);
                print_frames();
        }
        tap_ok(ours.only_cfi, "%s: every caller found by CFI", scene);
        if (!tap_ok(ours.end == CFI_END_OF_STACK, "%s: the walk reaches the end of the stack", scene))
                printf("#   %s\n", cfi_end_name(ours.end));
        cold = malloc(sizeof(*cold));
        *cold = ours;
        for (int i = 0; i < 2; i++)
                walk_ours(&regs, (struct cfi_cache){ rows, CACHE_SLOTS });
        tap_ok(!memcmp(cold->regs, ours.regs, cold->count * sizeof(cold->regs[0])) && cold->count == ours.count,
               "%s: same result with cached rows", scene);
        free(cold);
}

/* The scenes. */

/* volatile: raise() is a leaf function to the compiler, which would set it afterwards. */
static const char *volatile scene;

__attribute__((noinline)) static unsigned nested(int depth)
{
        if (depth == 0)
                compare_here(scene);
        else
                sink += nested(depth - 1);
        return sink + (unsigned)depth;
}

__attribute__((noinline)) static unsigned with_alloca(int depth, size_t size)
{
        char *p = alloca(size);

        memset(p, depth, size);
        sink += (unsigned)p[size / 2];
        if (depth == 0)
                nested(2);
        else
                sink += with_alloca(depth - 1, size * 3 / 2);
        return sink + (unsigned)p[size - 1];
}

/* Vectors aligned to 64 bytes: gcc realigns the stack, clang saves SP in FP. */
__attribute__((noinline)) static int realigned(int depth)
{
        volatile char vector[256] __attribute__((aligned(64)));

        vector[depth] = (char)depth;
        sink += with_alloca(depth, 33);
        return vector[depth];
}

static int compare_ints(const void *a, const void *b)
{
        static bool done;

        if (!done) {
                done = true;
                nested(1);
        }
        return *(const int *)a - *(const int *)b;
}

static void by_qsort(void)
{
        int v[50];

        for (int i = 0; i < 50; i++)
                v[i] = 50 - i;
        qsort(v, 50, sizeof(v[0]), compare_ints);
}

static void on_signal(int sig)
{
        if (sig == SIGUSR1)
                raise(SIGUSR2);
        else
                nested(1);
}

static void by_signal(void)
{
        static char stack[65536];
        stack_t alt = { .ss_sp = stack, .ss_size = sizeof(stack) };
        struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK };

        sigaltstack(&alt, NULL);
        sigaction(SIGUSR2, &action, NULL);
        raise(SIGUSR2);
}

static void by_two_signals(void)
{
        struct sigaction action = { .sa_handler = on_signal };

        sigaction(SIGUSR1, &action, NULL);
        raise(SIGUSR1);
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
        ucontext_t *uc = context;

        (void)sig;
        (void)info;
        nested(0);
        uc->uc_mcontext.gregs[REG_RIP] += 2; /* after the ud2 */
}

static void by_fault(void)
{
        struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_ONSTACK | SA_SIGINFO };

        sigaction(SIGILL, &action, NULL);
        __asm__ volatile("ud2");
}

static void *thread_main(void *arg)
{
        nested(3);
        return arg;
}

static void by_thread(void)
{
        pthread_t thread;

        pthread_create(&thread, NULL, thread_main, NULL);
        pthread_join(thread, NULL);
}

static void play(const char *name, void (*run)(void))
{
        scene = name;
        run();
}

static void by_calls(void)
{
        nested(10);
}

static void by_alloca(void)
{
        with_alloca(4, 100);
}

static void by_realigned(void)
{
        realigned(3);
}

/* A page cache like the handler's: measures a cold walk with it. */
#define PAGES 64
static struct {
        uint64_t page[PAGES];
        size_t count;
        unsigned long fills;
        uint8_t data[PAGES][4096];
} pages;

static int cached_page(uint64_t page, uint8_t **out)
{
        for (size_t i = 0; i < pages.count; i++) {
                if (pages.page[i] == page) {
                        *out = pages.data[i];
                        return 0;
                }
        }
        if (pages.count == PAGES)
                return -EFAULT;
        if (self_read(NULL, page, pages.data[pages.count], 4096))
                return -EFAULT;
        pages.fills++;
        pages.page[pages.count] = page;
        *out = pages.data[pages.count++];
        return 0;
}

static int cached_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
        uint8_t *page, *to = buf;

        (void)ctx;
        while (len) {
                size_t n = 4096 - addr % 4096;

                if (n > len)
                        n = len;
                if (cached_page(addr - addr % 4096, &page))
                        return -EFAULT;
                memcpy(to, page + addr % 4096, n);
                to += n;
                addr += n;
                len -= n;
        }
        return 0;
}

static uint64_t now_ns(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int compare_times(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return (x > y) - (x < y);
}

#define ROUNDS 31

static void measure(void)
{
        ucontext_t uc;
        struct arch_registers regs;
        uint64_t cold[ROUNDS], warm[ROUNDS], table[ROUNDS];
        static struct cfi_row rows[CACHE_SLOTS];

        getcontext(&uc);
        regs = self_registers(&uc);
        self.space.read = cached_read;
        for (int i = 0; i < ROUNDS; i++) {
                uint64_t t[4];

                memset(rows, 0, sizeof(rows));
                pages.count = 0;
                pages.fills = 0;
                t[0] = now_ns();
                walk_ours(&regs, (struct cfi_cache){ rows, CACHE_SLOTS });
                t[1] = now_ns();
                walk_ours(&regs, (struct cfi_cache){ rows, CACHE_SLOTS });
                t[2] = now_ns();
                walk_ours(&regs, (struct cfi_cache){ NULL, 0 });
                t[3] = now_ns();
                cold[i] = t[1] - t[0];
                warm[i] = t[2] - t[1];
                table[i] = t[3] - t[2];
        }
        self.space.read = self_read;
        qsort(cold, ROUNDS, sizeof(cold[0]), compare_times);
        qsort(warm, ROUNDS, sizeof(warm[0]), compare_times);
        qsort(table, ROUNDS, sizeof(table[0]), compare_times);
        printf("# %zu frames, median of %d: cold %.1f us (%lu pages), rows cached %.1f us, pages cached %.1f us\n",
               ours.count, ROUNDS, (double)cold[ROUNDS / 2] / 1e3, pages.fills, (double)warm[ROUNDS / 2] / 1e3,
               (double)table[ROUNDS / 2] / 1e3);
        tap_ok(ours.end == CFI_END_OF_STACK, "the timed walk reaches the end of the stack");
}

__attribute__((noinline)) static unsigned measure_deep(int depth)
{
        if (depth == 0)
                measure();
        else
                sink += measure_deep(depth - 1);
        return sink + (unsigned)depth;
}

/* Each frame of this chain has a different pc, so that cached rows do not speed up the cold walk. */
#define LINK(n, next)                                              \
        __attribute__((noinline)) static unsigned chain_##n(int x) \
        {                                                          \
                sink += next(x + n);                               \
                return sink + (unsigned)x;                         \
        }
LINK(1, measure_deep)
LINK(2, chain_1)
LINK(3, chain_2)
LINK(4, chain_3)
LINK(5, chain_4)
LINK(6, chain_5)
LINK(7, chain_6)
LINK(8, chain_7)
LINK(9, chain_8)
LINK(10, chain_9)
LINK(11, chain_10)
LINK(12, chain_11)
LINK(13, chain_12)
LINK(14, chain_13)
LINK(15, chain_14)
LINK(16, chain_15)
LINK(17, chain_16)
LINK(18, chain_17)
LINK(19, chain_18)
LINK(20, chain_19)
LINK(21, chain_20)
LINK(22, chain_21)
LINK(23, chain_22)
LINK(24, chain_23)
LINK(25, chain_24)

int main(void)
{
        void *libc = dlopen("libc.so.6", RTLD_NOW);
        /* libunwind defines its own backtrace(), which must not be the one called. */
        void *symbol = libc ? dlsym(libc, "backtrace") : NULL;

        memcpy(&glibc_backtrace, &symbol, sizeof(symbol));
        if (!glibc_backtrace) {
                printf("Bail out! no backtrace() in libc.so.6\n");
                return 1;
        }
        play("nested calls", by_calls);
        play("alloca", by_alloca);
        play("realigned stack", by_realigned);
        play("qsort callback", by_qsort);
        play("handler on the alternate stack", by_signal);
        play("handler in a handler, second one on the alternate stack", by_two_signals);
        play("hardware fault", by_fault);
        play("second thread", by_thread);
        chain_25(-325);
        return tap_done();
}
