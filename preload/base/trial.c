/* SPDX-License-Identifier: MIT */
#include "preload/base/trial.h"
#include "preload/base/arch.h"
#include "preload/base/syscalls.h"

static struct {
        int tid;  /* thread inside trial_run(), 0 if none */
        bool own; /* inside trial_run_own() */
        struct arch_jump jump;
} trial;

bool trial_run(void (*fn)(void *), void *arg)
{
        volatile bool ended = false;
        uint64_t mask;
        int none = 0;

        if (!__atomic_compare_exchange_n(&trial.tid, &none, sys_gettid(), false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
                return false;
        sys_sigprocmask(SIG_SETMASK, NULL, &mask);
        if (!arch_save(&trial.jump)) {
                fn(arg);
                ended = true;
        }
        __atomic_store_n(&trial.tid, 0, __ATOMIC_RELEASE);
        if (!ended)
                sys_sigprocmask(SIG_SETMASK, &mask, NULL); /* undo what the handler's entry changed */
        return ended;
}

bool trial_run_own(void (*fn)(void *), void *arg)
{
        bool ended;

        trial.own = true;
        ended = trial_run(fn, arg);
        trial.own = false;
        return ended;
}

bool trial_is_own(void)
{
        return trial.own && trial_is_mine();
}

bool trial_is_mine(void)
{
        int tid = __atomic_load_n(&trial.tid, __ATOMIC_RELAXED);

        return tid && tid == sys_gettid();
}

_Noreturn void trial_abandon(void)
{
        arch_restore(&trial.jump);
}
