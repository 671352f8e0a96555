/* SPDX-License-Identifier: MIT */
#include "preload/signal/actions.h"
#include "preload/base/sandbox.h"
#include "preload/base/startup.h"
#include "preload/signal/mask.h"
#include "unwind/core/terms/signames.h"

#include <errno.h>

#define MAX_SIGNAL 64
#define UNBLOCKABLE (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))

/* The word that the kernel keeps in sa_restorer: the application's handler, whose address has 47 bits (a program gets
 * higher ones only if it asks mmap(2) for them: Documentation/arch/x86/x86_64/5level-paging.rst), and above it what the
 * kernel's flags and mask do not say. */
#define WORD_HANDLER ((UINT64_C(1) << 47) - 1)
#define WORD_MASK_SHIFT 47               /* six hardware signals, and SIGSTKFLT, in the order of part_order[] */
#define WORD_NODEFER (UINT64_C(1) << 54) /* flags of the application */
#define WORD_ONSTACK (UINT64_C(1) << 55)
#define WORD_RESETHAND (UINT64_C(1) << 56)
#define WORD_RESTART (UINT64_C(1) << 57)
#define WORD_RESTORER (UINT64_C(1) << 58) /* set by libc's functions; clear in an action that no function set */
#define WORD_SIGINFO (UINT64_C(1) << 59)
#define WORD_BEYOND (UINT64_C(1) << 60) /* the handler does not fit: it is in table.last */
#define WORD_TAG_MASK (UINT64_C(7) << 61)
#define WORD_TAG (UINT64_C(5) << 61)

static const uint8_t part_order[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGSTKFLT };

static const struct {
        uint64_t word;
        unsigned long flag;
} flag_order[] = {
        { WORD_NODEFER, SA_NODEFER }, { WORD_ONSTACK, SA_ONSTACK },   { WORD_RESETHAND, SA_RESETHAND },
        { WORD_RESTART, SA_RESTART }, { WORD_RESTORER, SA_RESTORER }, { WORD_SIGINFO, SA_SIGINFO },
};
#define WORD_FLAGS ((unsigned long)(SA_NODEFER | SA_ONSTACK | SA_RESETHAND | SA_RESTART | SA_RESTORER | SA_SIGINFO))

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

STARTUP_DATA static struct {
        uint64_t watched;
        void (*entry)(int, siginfo_t *, ucontext_t *);
        bool altstacks;   /* the application has called sigaltstack() */
        uint64_t ignored; /* of DEADLY_THOUGH_IGNORED, those that were ignored at some time */
        /* The last handler that was set, for handlers that call `entry`, and for those that do not fit into a word; and the
         * mask that was set with the default action, or with SIG_IGN, for which the kernel's blocks all. */
        void *last[MAX_SIGNAL];
        uint64_t idle_mask[MAX_SIGNAL];
} table = { 0 };

bool actions_watched(int sig)
{
        return sig >= 1 && sig <= MAX_SIGNAL && table.watched & SIGNAL_BIT(sig);
}

static bool is_default(const void *handler)
{
        return handler == (void *)SIG_DFL;
}

static bool is_ignore(const void *handler)
{
        return handler == (void *)SIG_IGN;
}

static bool is_call(const void *handler)
{
        return !is_default(handler) && !is_ignore(handler);
}

/* ---- the word ---- */

static uint64_t word_of(const struct action *act)
{
        uint64_t handler = (uint64_t)act->handler, word = WORD_TAG;

        word |= handler & ~WORD_HANDLER ? WORD_BEYOND : handler;
        for (unsigned i = 0; i < COUNT(part_order); i++)
                if (act->mask & SIGNAL_BIT(part_order[i]))
                        word |= UINT64_C(1) << (WORD_MASK_SHIFT + i);
        for (unsigned i = 0; i < COUNT(flag_order); i++)
                if (act->flags & flag_order[i].flag)
                        word |= flag_order[i].word;
        return word;
}

/* `rest`: flags and mask as the kernel has them. */
static struct action action_of(int sig, uint64_t word, const struct action *rest)
{
        struct action a = { (void *)(word & WORD_HANDLER), // NOLINT(performance-no-int-to-ptr)
                            rest->flags & ~WORD_FLAGS, rest->mask };

        if (word & WORD_BEYOND)
                a.handler = table.last[sig - 1];
        if (!is_call(a.handler))
                a.mask = table.idle_mask[sig - 1];
        for (unsigned i = 0; i < COUNT(part_order); i++) {
                a.mask &= ~SIGNAL_BIT(part_order[i]);
                if (word & UINT64_C(1) << (WORD_MASK_SHIFT + i))
                        a.mask |= SIGNAL_BIT(part_order[i]);
        }
        for (unsigned i = 0; i < COUNT(flag_order); i++)
                if (word & flag_order[i].word)
                        a.flags |= flag_order[i].flag;
        return a;
}

struct action actions_delivered(int sig, uint64_t restorer)
{
        const struct action rest = { table.last[sig - 1], 0, 0 };

        return (restorer & WORD_TAG_MASK) == WORD_TAG ? action_of(sig, restorer, &rest) : rest;
}

/* ---- the kernel's table ---- */

/* On this processor the restorer is part of the kernel's interface; an action without a handler needs none. */
static int set_kernel(int sig, const struct action *act, uint64_t restorer, struct action *old, uint64_t *old_restorer)
{
        struct kernel_sigaction k = { 0 }, was = { 0 };
        int err;

        if (act)
                k = (struct kernel_sigaction){ act->handler, act->flags | SA_RESTORER, restorer, act->mask };
        err = sys_sigaction(sig, act ? &k : NULL, old ? &was : NULL);
        if (!err && old) {
                *old = (struct action){ was.handler, was.flags, was.mask };
                *old_restorer = was.restorer;
        }
        return err;
}

static int pass_to_kernel(int sig, const struct action *act)
{
        return set_kernel(sig, act, (uint64_t)arch_restorer, NULL, NULL);
}

/* The application's action, if the kernel has `act` with that restorer. */
static struct action unmasked(int sig, const struct action *act, uint64_t restorer)
{
        if (act->handler == (void *)table.entry && (restorer & WORD_TAG_MASK) == WORD_TAG)
                return action_of(sig, restorer, act);
        return (struct action){ act->handler, act->flags, mask_from_kernel(act->mask) };
}

static bool wants_onstack(int sig, const struct action *act)
{
        if (!table.altstacks || act->flags & SA_ONSTACK)
                return true;
        return sig == SIGSEGV && !is_call(act->handler);
}

/* The kernel's action that makes the process behave as if `act` were installed. */
static struct action stand_in(int sig, const struct action *act)
{
        struct action k = { (void *)table.entry, act->flags & ~(unsigned long)(SA_RESETHAND | SA_ONSTACK), act->mask };

        k.flags |= SA_SIGINFO; /* otherwise the kernel writes no siginfo */
        if (wants_onstack(sig, act))
                k.flags |= SA_ONSTACK;
        if (is_call(act->handler)) {
                mask_for_stand_in(sig, &k);
        } else {
                k.flags |= SA_NODEFER | SA_RESTART;
                k.mask = ~HARDWARE_SIGNALS;
        }
        return k;
}

static bool is_passed_on(int sig, const struct action *act)
{
        return is_ignore(act->handler) && !(DEADLY_THOUGH_IGNORED & SIGNAL_BIT(sig));
}

static void remember(int sig, const struct action *act)
{
        uint64_t one = SIGNAL_BIT(sig);

        __atomic_store_n(&table.last[sig - 1], act->handler, __ATOMIC_RELAXED);
        if (!is_call(act->handler))
                __atomic_store_n(&table.idle_mask[sig - 1], act->mask, __ATOMIC_RELAXED);
        if (is_ignore(act->handler) && DEADLY_THOUGH_IGNORED & one && !(table.ignored & one))
                __atomic_or_fetch(&table.ignored, one, __ATOMIC_RELAXED);
}

static int set_watched(int sig, const struct action *act, struct action *old, uint64_t *old_restorer)
{
        struct action k;

        if (!act)
                return set_kernel(sig, NULL, 0, old, old_restorer);
        remember(sig, act);
        if (is_passed_on(sig, act))
                return set_kernel(sig, act, (uint64_t)arch_restorer, old, old_restorer);
        k = stand_in(sig, act);
        return set_kernel(sig, &k, word_of(act), old, old_restorer);
}

/* The application's handler is installed as it is; only its mask is translated, so that a fault in a handler that
 * blocks everything is reported too. */
static int set_unwatched(int sig, const struct action *act, struct action *old, uint64_t *old_restorer)
{
        struct action k;

        if (act) {
                k = *act;
                k.mask = mask_to_kernel(act->mask);
        }
        return set_kernel(sig, act ? &k : NULL, (uint64_t)arch_restorer, old, old_restorer);
}

int actions_set(int sig, const struct action *act, struct action *old)
{
        struct action in, was;
        uint64_t restorer = 0;
        int err;

        if (act)
                in = (struct action){ act->handler, act->flags | SA_RESTORER, act->mask & ~UNBLOCKABLE };
        err = (actions_watched(sig) ? set_watched : set_unwatched)(sig, act ? &in : NULL, old ? &was : NULL, &restorer);
        if (!err && old)
                *old = unmasked(sig, &was, restorer);
        return err;
}

/* Flags and mask are kept, as in kernel/signal.c: get_signal(). */
void actions_reset(int sig)
{
        struct action a;

        if (actions_set(sig, NULL, &a) < 0 || !is_call(a.handler))
                return;
        a.handler = (void *)SIG_DFL;
        actions_set(sig, &a, NULL);
}

/* Sets the application's action again, if it is this library's handler that the kernel has for it. */
static void renew(int sig)
{
        struct action k = { 0 }, a;
        uint64_t restorer = 0;

        if (set_kernel(sig, NULL, 0, &k, &restorer) < 0 || k.handler != (void *)table.entry)
                return;
        a = unmasked(sig, &k, restorer);
        k = stand_in(sig, &a);
        set_kernel(sig, &k, restorer, NULL, NULL);
}

void actions_altstack_used(void)
{
        if (table.altstacks || !table.watched)
                return;
        table.altstacks = true;
        for (int sig = 1; !sandbox_entered() && table.watched >> (sig - 1) && sig < MAX_SIGNAL; sig++)
                if (actions_watched(sig))
                        renew(sig);
}

uint64_t actions_ignore_in_kernel(void)
{
        struct action now = { 0 };
        uint64_t changed = 0;

        for (int sig = 1; table.ignored >> (sig - 1) && sig < MAX_SIGNAL; sig++)
                if (table.ignored & table.watched & SIGNAL_BIT(sig) && !actions_set(sig, NULL, &now) &&
                    is_ignore(now.handler) && !pass_to_kernel(sig, &now))
                        changed |= SIGNAL_BIT(sig);
        return changed;
}

void actions_watch_again(uint64_t ignored)
{
        struct action now = { 0 };

        for (int sig = 1; ignored >> (sig - 1) && sig < MAX_SIGNAL; sig++)
                if (ignored & SIGNAL_BIT(sig) && !actions_set(sig, NULL, &now) && is_ignore(now.handler))
                        actions_set(sig, &now, NULL);
}

int actions_kernel_default(int sig)
{
        const struct action dfl = { (void *)SIG_DFL, 0, 0 };

        return pass_to_kernel(sig, &dfl);
}

void actions_ignore_killers(void)
{
        /* Not fatal by default (signal(7)), not changeable, or to be kept. */
        const uint64_t others = SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGCONT) | SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) |
                                SIGNAL_BIT(SIGTTOU) | SIGNAL_BIT(SIGURG) | SIGNAL_BIT(SIGWINCH) | UNBLOCKABLE |
                                SIGNAL_BIT(SIGINT) | SIGNAL_BIT(SIGTERM) | SIGNAL_BIT(SIGHUP) | SIGNAL_BIT(SIGQUIT);
        const struct action ignore = { (void *)SIG_IGN, 0, 0 };
        uint64_t restorer;

        for (int sig = 1; sig <= MAX_SIGNAL; sig++) {
                struct action now = { 0 };

                if ((others | table.watched | HARDWARE_SIGNALS) & SIGNAL_BIT(sig) ||
                    set_kernel(sig, NULL, 0, &now, &restorer) < 0)
                        continue;
                if (is_default(now.handler))
                        pass_to_kernel(sig, &ignore);
        }
}

/* ---- load time ---- */

static void install(int sig)
{
        const struct action dfl = { (void *)SIG_DFL, 0, 0 };
        struct action k = stand_in(sig, &dfl), was;
        uint64_t restorer;

        if (set_kernel(sig, &k, word_of(&dfl), &was, &restorer) < 0)
                return;
        table.watched |= SIGNAL_BIT(sig);
        if (is_default(was.handler))
                return;
        set_watched(sig, &was, NULL, NULL); /* ignored by the parent process before exec(3) */
}

uint64_t actions_install(uint64_t watched, void (*entry)(int, siginfo_t *, ucontext_t *))
{
        table.entry = entry;
        if (watched & DEADLY_THOUGH_IGNORED)
                watched |= SIGNAL_BIT(SIGSTKFLT);
        for (int sig = 1; sig <= MAX_SIGNAL; sig++)
                if (watched & SIGNAL_BIT(sig))
                        install(sig);
        return table.watched;
}

void actions_uninstall(void)
{
        uint64_t watched = table.watched;
        struct action a;

        table.watched = 0;
        for (int sig = 1; sig <= MAX_SIGNAL; sig++) {
                struct action k = { 0 };
                uint64_t restorer = 0;

                if (!(watched & SIGNAL_BIT(sig)) || set_kernel(sig, NULL, 0, &k, &restorer) < 0)
                        continue;
                a = unmasked(sig, &k, restorer);
                pass_to_kernel(sig, &a);
        }
}
