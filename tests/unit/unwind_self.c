/* SPDX-License-Identifier: MIT */
/* This process as a target: calls with known return addresses and names. */
#include "tests/unit/tap.h"
#include "unwind/stack/unwind.h"
#include "unwind/symbols/symbols.h"
#include "unwind/target/self.h"

#include <errno.h>
#include <link.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <ucontext.h>

#define NOINLINE __attribute__((noinline))
#define REAL_CALL() __asm__ volatile("" : : : "memory") /* after a call: prevents a tail call or a loop */

static void *wanted[64]; /* return addresses, innermost first */
static size_t wanted_count;
static int notes;

static void count_note(void *ctx, const char *message)
{
        (void)ctx;
        notes++;
        printf("# %s\n", message);
}

static struct target *open_self(enum unwind_check check, size_t max)
{
        struct target *t;
        ucontext_t uc;

        if (getcontext(&uc) || self_open(&uc, &t))
                exit(1);
        if (unwind_threads(t, max, check, count_note, NULL))
                exit(1);
        return t;
}

/* True if the stack contains the noted return addresses in order. */
static bool goes_through(const struct target_thread *thread, void *const *pcs, size_t n)
{
        for (size_t i = 0; i + n <= thread->frame_count; i++) {
                size_t k = 0;

                while (k < n && thread->frames[i + k].pc == (uint64_t)(uintptr_t)pcs[k])
                        k++;
                if (k == n)
                        return true;
        }
        return false;
}

static const struct {
        enum unwind_check check;
        const char *name;
} engines[] = { { UNWIND_OWN_ONLY, "own engine" }, { UNWIND_LIBUNWIND, "libunwind" }, { UNWIND_CROSS_CHECK, "both" } };

static NOINLINE int recurse(int depth)
{
        int result = 1;

        wanted[depth] = __builtin_return_address(0);
        if (depth > 0) {
                result += recurse(depth - 1);
                REAL_CALL();
                return result;
        }
        for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
                struct target *t = open_self(engines[i].check, 1000);

                tap_ok(goes_through(&t->threads[0], wanted, wanted_count), "%s: the return addresses are found",
                       engines[i].name);
                tap_ok(t->threads[0].end == CFI_END_OF_STACK, "%s: the walk reaches the end of the stack",
                       engines[i].name);
                result += (int)t->threads[0].frame_count;
                target_free(t);
        }
        tap_is((unsigned)notes, 0, "both engines agree");
        return result;
}

/* ---- more frames than are kept ---- */

static struct target_thread whole; /* the same stack, all of it */

static bool same_frame(const struct thread_frame *a, const struct thread_frame *b)
{
        return a->pc == b->pc && a->sp == b->sp && a->trust == b->trust;
}

static void compare_ends(const struct target_thread *part, size_t max)
{
        size_t inner = max - max / 2, n = whole.frame_count;
        bool good = part->frame_count == max && part->frames_omitted == n - max && part->omitted_after == inner - 1;

        for (size_t i = 2; good && i < inner; i++) /* the first two differ: they are in open_self() */
                good = same_frame(&part->frames[i], &whole.frames[i]);
        for (size_t i = inner; good && i < max; i++)
                good = same_frame(&part->frames[i], &whole.frames[n - max + i]);
        tap_ok(good, "%zu frames, %zu kept: both ends", n, max);
}

static NOINLINE int sink(int depth)
{
        static const size_t limits[] = { 1, 2, 3, 10, 11, 100 };

        if (depth > 0) {
                int result = sink(depth - 1);

                REAL_CALL();
                return result + 1;
        }
        for (size_t i = 0; i <= sizeof(limits) / sizeof(limits[0]); i++) {
                struct target *t = open_self(UNWIND_OWN, i ? limits[i - 1] : 100000);

                if (i) {
                        compare_ends(&t->threads[0], limits[i - 1]);
                } else {
                        whole = t->threads[0];
                        t->threads[0].frames = NULL;
                        tap_ok(!whole.frames_omitted && whole.frame_count > 500,
                               "a stack within the limit is kept completely");
                }
                target_free(t);
        }
        free(whole.frames);
        return 0;
}

static NOINLINE int sink_past_deadline(int depth)
{
        static const enum unwind_check checks[] = { UNWIND_OWN, UNWIND_LIBUNWIND };

        if (depth > 0) {
                int result = sink_past_deadline(depth - 1);

                REAL_CALL();
                return result + 1;
        }
        for (size_t i = 0; i < 2; i++) {
                struct target *t = open_self(UNWIND_OWN_ONLY, 10);

                t->deadline_ns = 1;
                unwind_threads(t, 10, checks[i], NULL, NULL);
                tap_ok(t->threads[0].end == CFI_END_MAX_FRAMES && t->threads[0].frames_omitted < 2000,
                       "a walk ends soon after the deadline");
                target_free(t);
        }
        return 0;
}

/* ---- through a signal handler ---- */

static void *volatile before_signal;

static void on_signal(int sig)
{
        struct target *t = open_self(UNWIND_OWN, 100);
        const struct target_thread *thread = &t->threads[0];
        void *below = before_signal;
        size_t at = 0, count = 0;

        (void)sig;
        for (size_t i = 0; i < thread->frame_count; i++) {
                if (thread->frames[i].signal_frame) {
                        at = i;
                        count++;
                }
        }
        tap_ok(count == 1 && at > 0 && at + 1 < thread->frame_count, "the trampoline of a handler is marked");
        tap_ok(thread->frames[at + 1].exact_pc && !thread->frames[at].exact_pc,
               "only the interrupted frame has an exact pc");
        tap_ok(goes_through(thread, &below, 1), "the stack continues below the handler");
        target_free(t);
}

static NOINLINE void interrupted(void)
{
        before_signal = __builtin_return_address(0);
        raise(SIGUSR1);
        before_signal = NULL;
}

/* ---- modules and names ---- */

static void test_names(void)
{
        struct target *t = open_self(UNWIND_OWN, 100);
        struct symbol_query q[3] = { { .addr = (uint64_t)(uintptr_t)test_names + 1 },
                                     { .addr = (uint64_t)getauxval(AT_SYSINFO_EHDR) },
                                     { .module = -1, .addr = 1 } };
        struct symbols *symbols = symbols_new(t, "/none", NULL, NULL);
        int vdso = target_module_index(t, q[1].addr), vdso_named = 0;

        q[0].module = target_module_index(t, q[0].addr);
        q[1].module = vdso;
        tap_is((unsigned)-symbols_resolve(symbols, q, 3), 0, "names are looked up");
        tap_ok(q[0].function && strcmp(q[0].function, "test_names") == 0 && q[0].offset == 1,
               "a function of this program");
        tap_ok(!q[1].function && !q[2].function, "the header of the vDSO and an unmapped address have no function");
        tap_ok(vdso >= 0 && strcmp(t->modules.v[vdso].path, "[vdso]") == 0 && t->modules.v[vdso].image.build_id_len,
               "the vDSO is a module with a build-id");
        free(q[0].symbol);
        free(q[0].function);
        for (uint64_t at = t->modules.v[vdso].base; vdso >= 0 && at < t->modules.v[vdso].end; at += 16) {
                q[0] = (struct symbol_query){ .module = vdso, .addr = at };
                symbols_resolve(symbols, q, 1);
                vdso_named |= q[0].symbol && strstr(q[0].symbol, "clock_gettime");
                free(q[0].symbol);
                free(q[0].function);
        }
        tap_ok(vdso_named, "functions of the vDSO have names");
        symbols_free(symbols);
        target_free(t);
}

struct loaded {
        const struct target *t;
        size_t count, found;
};

static int find_loaded(struct dl_phdr_info *info, size_t size, void *ctx)
{
        struct loaded *l = ctx;

        (void)size;
        l->count++;
        for (size_t i = 0; i < l->t->modules.n; i++) {
                const struct image *image = &l->t->modules.v[i].image;

                l->found += image->bias == info->dlpi_addr && image->base && l->t->modules.v[i].has_code;
        }
        return 0;
}

static void test_modules(void)
{
        struct target *t = open_self(UNWIND_OWN, 1);
        struct loaded l = { .t = t };

        dl_iterate_phdr(find_loaded, &l);
        tap_ok(l.count == t->modules.n && l.found == l.count, "the modules are those of dl_iterate_phdr(): %zu of %zu",
               t->modules.n, l.count);
        target_free(t);
}

static void test_bad_registers(void)
{
        struct target *t = open_self(UNWIND_OWN, 100);
        struct arch_registers *regs = &t->threads[0].regs;
        static const uint64_t odd[] = { 0, 1, 8, 127, UINT64_MAX, UINT64_MAX - 7, 1ull << 63, 0x7ffffffff000 };
        bool good = true;

        for (size_t i = 0; i < 8; i++) {
                for (size_t k = 0; k < 8; k++) {
                        regs->v[ARCH_REG_SP] = odd[i];
                        regs->v[ARCH_REG_PC] = odd[k];
                        regs->v[ARCH_REG_FP] = odd[7 - i];
                        good &= unwind_threads(t, 100, UNWIND_CROSS_CHECK, NULL, NULL) == 0 &&
                                t->threads[0].frame_count == 1 && t->threads[0].frames[0].pc == odd[k];
                }
        }
        tap_ok(good, "invalid registers yield only the first frame");
        target_free(t);
}

int main(void)
{
        struct sigaction action = { .sa_handler = on_signal };

        wanted_count = 20;
        recurse(19);
        sink(600);
        sink_past_deadline(5000);
        sigaction(SIGUSR1, &action, NULL);
        interrupted();
        test_names();
        test_modules();
        test_bad_registers();
        return tap_done();
}
