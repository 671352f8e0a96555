/* SPDX-License-Identifier: MIT */
/* The walk from every instruction: functions run under the trap flag, and at each instruction the walk must reach the
 * function that started them, by CFI only, and the end of the stack. This includes first instructions, epilogues, PLT
 * stubs, lazy binding, the vDSO and system call wrappers. Results are compared with libunwind. */
#include "tests/unit/self_space.h"
#include "tests/unit/tap.h"

#include <alloca.h>
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#define UNW_LOCAL_ONLY
#include <libunwind.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

#define TRAP_FLAG 0x100
#define STEPS_MAX 6000 /* per scene */
#define FRAMES_MAX 64
#define CACHE_SLOTS 1024

/* Results of the current scene; volatile because a signal handler writes them. */
static struct {
        volatile bool on;
        uint64_t cfa, return_address; /* of play() */
        int steps, lost, not_cfi, no_end, disagree, libunwind_lost;
        uint64_t first_bad; /* pc */
        const char *first_what;
} volatile scene;

static volatile unsigned sink;
static volatile double fsink;

static void report_mismatch(const char *what, uint64_t pc)
{
        if (!scene.first_bad) {
                scene.first_bad = pc;
                scene.first_what = what;
        }
}

/* Walks to the end. Returns how many pcs precede the caller of play(), 0 if it was not reached. */
static size_t walk_ours(const ucontext_t *uc, uint64_t pcs[FRAMES_MAX])
{
        static struct cfi_row rows[CACHE_SLOTS];
        struct arch_registers regs = self_registers(uc);
        struct cfi_walk walk;
        size_t n = 0, met = 0;
        bool only_cfi = true;

        cfi_walk_begin(&walk, &self.space, (struct cfi_cache){ rows, CACHE_SLOTS }, &regs);
        do {
                if (n < FRAMES_MAX)
                        pcs[n++] = walk.regs.v[ARCH_REG_PC];
                if (walk.depth && walk.trust != CFI_TRUST_CFI)
                        only_cfi = false;
                if (walk.cfa == scene.cfa && walk.regs.v[ARCH_REG_PC] == scene.return_address)
                        met = n;
        } while (walk.depth < 200 && cfi_walk_next(&walk));
        if (!met) {
                scene.lost++;
                report_mismatch("lost", regs.v[ARCH_REG_PC]);
        }
        if (!only_cfi) {
                scene.not_cfi++;
                report_mismatch("not by CFI", regs.v[ARCH_REG_PC]);
        }
        if (walk.end != CFI_END_OF_STACK) {
                scene.no_end++;
                report_mismatch(cfi_end_name(walk.end), regs.v[ARCH_REG_PC]);
        }
        return met;
}

static void compare_libunwind(ucontext_t *uc, const uint64_t pcs[], size_t n)
{
        unw_cursor_t cursor;
        unw_word_t pc = 0;
        bool same = true, met = false;

        unw_init_local2(&cursor, uc, UNW_INIT_SIGNAL_FRAME);
        for (size_t i = 0; i < FRAMES_MAX && !met; i++) {
                unw_get_reg(&cursor, UNW_REG_IP, &pc);
                met = pc == scene.return_address;
                same = same && i < n && pcs[i] == pc;
                if (unw_step(&cursor) <= 0)
                        break;
        }
        if (!met) {
                scene.libunwind_lost++;
        } else if (!same) {
                scene.disagree++;
                report_mismatch("libunwind differs", pcs[0]);
        }
}

static void on_trap(int sig, siginfo_t *info, void *context)
{
        ucontext_t *uc = context;
        uint64_t pcs[FRAMES_MAX];
        size_t n;

        (void)sig;
        (void)info;
        if (!scene.on || scene.steps >= STEPS_MAX) {
                uc->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
                return;
        }
        uc->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
        scene.steps++;
        n = walk_ours(uc, pcs);
        if (n) /* libunwind may crash at locations where the walk fails */
                compare_libunwind(uc, pcs, n);
}

/* The scenes. Functions of libc that were not called before are bound lazily during the scene. */

__attribute__((noinline)) static int recursive(int depth)
{
        return depth ? recursive(depth - 1) + (int)(sink & 1) : 1;
}

static int by_calls(void)
{
        return recursive(20);
}

__attribute__((noinline)) static int use(char *p, size_t n)
{
        memset(p, 1, n);
        return p[n / 2];
}

static int by_alloca(void)
{
        int sum = 0;

        for (size_t n = 10; n < 100; n += 13)
                sum += use(alloca(n), n);
        return sum;
}

__attribute__((noinline)) static int realigned(int depth)
{
        volatile char vector[128] __attribute__((aligned(64)));
        char *more = alloca((size_t)depth + 5);

        vector[depth] = 1;
        return vector[depth] + use(more, (size_t)depth + 5) + (depth ? realigned(depth - 1) : 0);
}

static int by_realigned(void)
{
        return realigned(5);
}

static int compare_ints(const void *a, const void *b)
{
        return *(const int *)a - *(const int *)b;
}

static int by_qsort(void)
{
        int v[12];

        for (int i = 0; i < 12; i++)
                v[i] = i * 7 % 12;
        qsort(v, 12, sizeof(v[0]), compare_ints);
        return v[3];
}

static int by_printf(void)
{
        char text[128];

        return snprintf(text, sizeof(text), "%u %s %.3f %p", sink, "text", 1.5, text);
}

static int by_strings(void)
{
        char a[100] = "some text to look at", b[100];

        strcpy(b, a);
        strcat(b, a);
        return (int)strlen(b) + strcmp(a, b) + (strchr(b, 'k') != NULL) + (int)strtol("12345", NULL, 10) +
               (strstr(b, "look") != NULL);
}

static double (*libm_pow)(double, double), (*libm_sin)(double);

static int by_floats(void)
{
        fsink = libm_pow(fsink + 1.5, 2.25) + libm_sin(fsink + 1) + strtod("1.25e10", NULL);
        return 1;
}

static void find_floats(void)
{
        void *libm = dlopen("libm.so.6", RTLD_NOW), *symbol;

        if (!libm)
                return;
        symbol = dlsym(libm, "pow");
        memcpy(&libm_pow, &symbol, sizeof(symbol));
        symbol = dlsym(libm, "sin");
        memcpy(&libm_sin, &symbol, sizeof(symbol));
}

static int by_vdso(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        clock_gettime(CLOCK_REALTIME, &t);
        time(NULL);
        return (int)t.tv_nsec;
}

static int by_system_calls(void)
{
        char c;

        return (int)getppid() + (int)getuid() + (int)read(-1, &c, 1) + close(-1) + usleep(1);
}

static int by_malloc(void)
{
        /* volatile, so that clang does not remove the calls */
        void *volatile a = malloc(100), *volatile b = malloc(100000), *volatile c = realloc(malloc(10), 5000);

        free(b);
        free(a);
        free(c);
        return 1;
}

static int by_jump(void)
{
        jmp_buf buf;
        static volatile int times;

        times = 0;
        setjmp(buf);
        if (times++ < 3)
                longjmp(buf, 1);
        return times;
}

static int by_mutex(void)
{
        pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

        return pthread_mutex_lock(&mutex) + pthread_mutex_unlock(&mutex) + pthread_mutex_destroy(&mutex);
}

static void on_user_signal(int sig)
{
        sink += (unsigned)sig;
}

static int by_signal(void)
{
        signal(SIGUSR1, on_user_signal);
        return raise(SIGUSR1);
}

#ifndef SANITIZED /* their vfork() is assembly code without correct CFI */
static int by_vfork(void)
{
        int status;
        pid_t pid = vfork();

        if (pid == 0)
                _exit(0);
        waitpid(pid, &status, 0);
        return status;
}
#endif

/* gcc 12 emits wrong CFI for two instructions of the epilogue of a realigned stack: rbp is popped, but the CFI still
 * uses it, which leads to a wrong frame if the caller's CFA is also relative to rbp. */
static int tolerated(int (*run)(void))
{
        return run == by_realigned ? scene.steps / 20 : 0;
}

__attribute__((noinline)) static void play(const char *title, int (*run)(void))
{
        memset((void *)(uintptr_t)&scene, 0, sizeof(scene));
        scene.cfa = (uintptr_t)__builtin_dwarf_cfa();
        scene.return_address = (uintptr_t)__builtin_return_address(0);
        scene.on = true;
        __asm__ volatile("int3");
        sink += (unsigned)run();
        scene.on = false;
        tap_ok(scene.steps > 20 && scene.lost + scene.not_cfi + scene.no_end <= tolerated(run),
               "%s: the walk succeeds at each of %d instructions", title, scene.steps);
        tap_ok(!scene.disagree, "%s: same pcs as libunwind where libunwind succeeds", title);
        if (scene.libunwind_lost)
                printf("# libunwind failed %d times\n", scene.libunwind_lost);
        if (scene.first_bad) {
                Dl_info info = { 0 };

                dladdr((void *)(uintptr_t)scene.first_bad, &info);
                printf("#   lost %d, not by CFI %d, no end %d, differ %d; first %s at %#lx, %s %s+%#lx\n", scene.lost,
                       scene.not_cfi, scene.no_end, scene.disagree, scene.first_what, scene.first_bad,
                       info.dli_fname ? info.dli_fname : "?", info.dli_sname ? info.dli_sname : "?",
                       scene.first_bad - (uintptr_t)info.dli_saddr);
        }
}

int main(void)
{
        struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_ONSTACK };
        static char altstack[1 << 18]; /* own alternate stack, as lazy binding and vfork may have little */
        stack_t alt = { .ss_sp = altstack, .ss_size = sizeof(altstack) };
        unw_cursor_t cursor;
        unw_context_t context;

        find_floats();
        self_load(); /* after libm was loaded */
        sigaltstack(&alt, NULL);
        sigaction(SIGTRAP, &action, NULL);
        /* libunwind binds functions and allocates memory at its first use: before the scenes. */
        unw_set_caching_policy(unw_local_addr_space, UNW_CACHE_GLOBAL);
        unw_getcontext(&context);
        unw_init_local(&cursor, &context);
        while (unw_step(&cursor) > 0)
                ;
        play("calls", by_calls);
        play("alloca", by_alloca);
        play("realigned stack", by_realigned);
        play("qsort", by_qsort);
        play("snprintf", by_printf);
        play("strings", by_strings);
        if (libm_pow && libm_sin)
                play("floats", by_floats);
        play("clocks in the vDSO", by_vdso);
        play("system calls", by_system_calls);
        play("malloc", by_malloc);
        play("longjmp", by_jump);
        play("mutex", by_mutex);
        play("signal", by_signal);
#ifndef SANITIZED
        play("vfork", by_vfork);
#endif
        return tap_done();
}
