/* SPDX-License-Identifier: MIT */
/* Stack usage of the engine, which runs in a signal handler on a stack that may be small. A walk without cached rows
 * runs on a stack filled with a pattern, and the overwritten bytes are counted. The limit in cfi.h is 2 KiB; the
 * stack of the callbacks is included here. */
#include "tests/unit/self_space.h"
#include "tests/unit/tap.h"

#include <signal.h>

#define SIZE 65536
#define PAINT 0xa5
#define ALLOWED 2048

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define INSTRUMENTED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define INSTRUMENTED 1
#endif
#endif
#if defined(INSTRUMENTED) || !defined(__OPTIMIZE__)
#define COUNTS 0 /* sanitizers enlarge the frames */
#else
#define COUNTS 1
#endif

static uint8_t painted[SIZE] __attribute__((aligned(64)));
static ucontext_t back, there;
static struct cfi_walk walk;
static struct arch_registers regs;
static struct image image;
static void do_nothing(void)
{
}

static void do_walk(void)
{
        cfi_walk_begin(&walk, &self.space, (struct cfi_cache){ NULL, 0 }, &regs);
        do
                cfi_walk_is_signal_frame(&walk);
        while (cfi_walk_next(&walk));
}

static void do_image(void)
{
        image_read(&self.space, self.modules[0].image.base, &image);
}

/* Returns how many bytes of the pattern `run` overwrote. */
static size_t measure(void (*run)(void))
{
        size_t clean = 0;

        if (!COUNTS) { /* AddressSanitizer warns about swapcontext() */
                run();
                return 0;
        }
        memset(painted, PAINT, SIZE);
        getcontext(&there);
        there.uc_stack.ss_sp = painted;
        there.uc_stack.ss_size = SIZE;
        there.uc_link = &back;
        makecontext(&there, run, 0);
        swapcontext(&back, &there);
        while (clean < SIZE && painted[clean] == PAINT)
                clean++;
        return SIZE - clean;
}

static void on_signal(int sig)
{
        ucontext_t uc;
        size_t idle, used;

        (void)sig;
        getcontext(&uc);
        regs = self_registers(&uc);
        do_walk(); /* binds memcpy and others lazily, which takes more stack than the walk */
        do_image();
        idle = measure(do_nothing);
        used = measure(do_walk) - idle;
        tap_ok(walk.end == CFI_END_OF_STACK && walk.depth > 4, "a walk of %u frames, one of them a signal frame",
               walk.depth + 1);
        tap_ok(!COUNTS || used <= ALLOWED, "takes %zu bytes of stack including its callbacks%s", used,
               COUNTS ? "" : " (not counted)");
        used = measure(do_image) - idle;
        tap_ok(!COUNTS || used <= ALLOWED, "an image takes %zu bytes%s", used, COUNTS ? "" : " (not counted)");
}

int main(void)
{
        self_load();
        signal(SIGUSR1, on_signal);
        raise(SIGUSR1);
        return tap_done();
}
