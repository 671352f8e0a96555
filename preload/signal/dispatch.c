/* SPDX-License-Identifier: MIT */
#include "preload/signal/dispatch.h"
#include "preload/base/arch.h"
#include "preload/base/probe.h"
#include "preload/base/startup.h"
#include "preload/base/syscalls.h"
#include "unwind/core/terms/signames.h"

#define RECORDS 1024u                 /* a power of two */
#define PROBES 8u                     /* records in which those of one thread can be */
#define ONE_STACK (UINT64_C(1) << 20) /* addresses closer than this are assumed to be on one stack */

struct record {
        uint64_t thread; /* arch_thread_key(); 0: free */
        uint64_t serial;
        uint64_t held;              /* in the handler */
        uint64_t outer;             /* in the interrupted code, where that has SIGSTKFLT blocked in the kernel */
        bool nested;                /* it has */
        uint64_t stack, stack_size; /* the alternate stack that the frame lies on; 0, 0: another one */
        unsigned forks;             /* `forks` when the handler was called */
        struct dispatch d;
};

static struct record record[RECORDS];
static uint64_t serial;
STARTUP_DATA static bool any = false;
STARTUP_DATA static unsigned forks = 0;
/* The process that these records are of; in a forked child asked for when it is needed first, 0 until then. A vfork child
 * finds its parent's. */
STARTUP_DATA static int owner = 0;

void dispatch_init(void)
{
        owner = sys_getpid();
}

bool dispatch_any(void)
{
        return __atomic_load_n(&any, __ATOMIC_RELAXED);
}

void dispatch_forked(void)
{
        forks++;
        owner = 0;
}

static unsigned first_of(uint64_t thread)
{
        return (unsigned)((thread * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
}

static struct record *nth_of(uint64_t thread, unsigned i)
{
        return &record[(first_of(thread) + i) % RECORDS];
}

static bool within(uint64_t addr, uint64_t start, uint64_t size)
{
        return addr - start < size;
}

/* Stacks grow down. */
static bool stands(const struct record *r, uint64_t sp)
{
        if (r->stack_size)
                return within(sp, r->stack, r->stack_size) && sp < r->d.uc;
        return r->d.uc - sp - 1 < ONE_STACK;
}

/* The frame of `r` lies where a new one, at `uc`, or the interrupted code has its own. A handler whose mask may be left behind
 * (innermost()) is not forgotten for one that is called with that mask. */
static bool is_over(const struct record *r, uint64_t uc, bool nested)
{
        return uc - r->d.uc < ONE_STACK && (r->nested || !nested);
}

static struct record *find_record(uint64_t thread, uint64_t uc, bool nested)
{
        struct record *best = NULL;

        for (unsigned i = 0; i < PROBES; i++) {
                struct record *r = nth_of(thread, i);

                if (!r->thread || (r->thread == thread && is_over(r, uc, nested)))
                        return r;
                if (!best || r->serial < best->serial)
                        best = r;
        }
        return best;
}

void dispatch_begin(int sig, const siginfo_t *info, const ucontext_t *uc, const struct dispatch_mask *mask)
{
        uint64_t thread = arch_thread_key(), at = (uint64_t)uc, base = (uint64_t)uc->uc_stack.ss_sp;
        bool alternate = !(uc->uc_stack.ss_flags & SS_DISABLE) && within(at, base, uc->uc_stack.ss_size);
        struct record *r = find_record(thread, at, mask->nested);

        any = true;
        __atomic_store_n(&r->thread, 0, __ATOMIC_RELEASE);
        r->serial = __atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED);
        r->held = mask->held;
        r->outer = mask->outer;
        r->nested = mask->nested;
        r->stack = alternate ? base : 0;
        r->stack_size = alternate ? uc->uc_stack.ss_size : 0;
        r->forks = forks;
        r->d.sig = sig;
        r->d.info = *info;
        r->d.uc = at;
        r->d.pc = arch_context_pc(uc);
        r->d.sp = arch_context_sp(uc);
        r->d.trap = arch_context_trap(uc);
        r->d.error = arch_context_fault_error(uc);
        __atomic_store_n(&r->thread, thread, __ATOMIC_RELEASE);
}

/* The newest record of the thread that is older than `before`. */
static struct record *older(uint64_t thread, uint64_t before)
{
        struct record *best = NULL;

        for (unsigned i = 0; i < PROBES; i++) {
                struct record *r = nth_of(thread, i);

                if (r->thread == thread && r->serial < before && (!best || r->serial > best->serial))
                        best = r;
        }
        return best;
}

static struct record *newest(void)
{
        return dispatch_any() ? older(arch_thread_key(), UINT64_MAX) : NULL;
}

static struct record *standing(uint64_t sp)
{
        struct record *r = newest();

        while (r && !stands(r, sp))
                r = older(r->thread, r->serial);
        return r;
}

bool dispatch_known(void)
{
        return newest() != NULL;
}

bool dispatch_last_blocks(const void *stack, int sig)
{
        const struct record *r = newest();

        return r && r->stack_size && r->stack == (uint64_t)stack && r->held & SIGNAL_BIT(sig);
}

bool dispatch_stands(uint64_t sp)
{
        return standing(sp) != NULL;
}

/* A handler that does not stand has returned, or was left by longjmp(). If SIGSTKFLT was not blocked when it was called, it
 * was left. If it was, both is possible; it is assumed to have returned: it is worse not to call a handler than to call it
 * once more. Sets *outside if the signal was blocked before all handlers of which there are records. Returns NULL for a handler
 * that only seems to stand, perhaps, because the application had blocked that signal itself. */
static struct record *innermost(uint64_t sp, bool *outside)
{
        struct record *r = newest(), *last = r;

        for (*outside = false; r; r = older(r->thread, r->serial)) {
                if (stands(r, sp) || !r->nested)
                        return r->nested && r->outer & SIGNAL_BIT(SIGSTKFLT) ? NULL : r;
                last = r;
        }
        *outside = true;
        return last;
}

bool dispatch_held(uint64_t sp, uint64_t *held)
{
        bool outside;
        const struct record *r = innermost(sp, &outside);

        if (r)
                *held = outside ? r->outer : r->held;
        return r != NULL;
}

bool dispatch_held_by_standing(uint64_t sp, uint64_t *held)
{
        const struct record *r = standing(sp);

        if (r)
                *held = r->held;
        return r != NULL;
}

static bool borrows_memory(void)
{
        int pid = sys_getpid();

        if (!owner)
                owner = pid;
        return owner != pid;
}

static void hold_outside(uint64_t held)
{
        for (struct record *r = newest(); r; r = older(r->thread, r->serial)) {
                r->outer = held;
                r->nested = true;
        }
}

bool dispatch_hold(uint64_t sp, uint64_t held)
{
        bool outside;
        struct record *r = innermost(sp, &outside);

        if (!r || borrows_memory())
                return false;
        if (outside)
                hold_outside(held);
        else
                r->held = held;
        return true;
}

void dispatch_hold_by_standing(uint64_t sp, uint64_t held)
{
        struct record *r = standing(sp);

        if (r && !borrows_memory())
                r->held = held;
}

void dispatch_hold_anew(uint64_t sp, uint64_t held)
{
        struct record *r = newest();

        if (!r || borrows_memory())
                return;
        r = standing(sp);
        if (r)
                r->held = held;
        hold_outside(held);
}

void dispatch_thread_begins(void)
{
        struct record *r;

        while ((r = newest()))
                __atomic_store_n(&r->thread, 0, __ATOMIC_RELEASE);
}

/* A child forked in a handler has the masks of that handler, but the signal was delivered to its parent. */
static bool is_of_this_process(const struct record *r)
{
        return !borrows_memory() && r->forks == forks;
}

static struct record *at_frame(uint64_t thread, uint64_t uc)
{
        for (unsigned i = 0; i < PROBES; i++) {
                struct record *r = nth_of(thread, i);

                if (r->thread == thread && r->d.uc == uc)
                        return r;
        }
        return NULL;
}

bool dispatch_on_stack(const struct wire_frame *frame, uint32_t count, struct dispatch *out)
{
        uint64_t thread = arch_thread_key();

        for (uint32_t k = 0; k < count; k++) {
                const struct record *r = frame[k].signal_frame ? at_frame(thread, frame[k].sp) : NULL;

                if (!r || !is_of_this_process(r))
                        continue;
                *out = r->d;
                return true;
        }
        return false;
}

bool dispatch_returned(int sig, uint64_t pc, uint64_t sp, struct dispatch *out)
{
        const struct record *r = newest();

        if (!r || r->d.sig != sig || r->d.pc != pc || r->d.sp != sp || !is_of_this_process(r))
                return false;
        *out = r->d;
        return true;
}
