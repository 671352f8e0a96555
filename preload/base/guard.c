/* SPDX-License-Identifier: MIT */
#include "preload/base/guard.h"
#include "preload/base/arch.h"
#include "preload/base/syscalls.h"
#include "unwind/core/terms/signames.h"

static struct arch_jump *armed; /* of the innermost guarded step */
static struct guard_fault last_fault;

bool guard_run(void (*fn)(void *), void *arg, struct guard_fault *fault)
{
        struct arch_jump *volatile outer = armed;
        struct arch_jump jump;

        if (arch_save(&jump)) {
                armed = outer;
                *fault = last_fault;
                return false;
        }
        armed = &jump;
        fn(arg);
        armed = outer;
        return true;
}

void guard_fault(int sig, const siginfo_t *info, uint64_t pc)
{
        if (!armed)
                return;
        last_fault = (struct guard_fault){ sig, (uint64_t)info->si_addr, pc };
        arch_restore(armed);
}

/* ---- functions of the program ---- */

static int foreign_tid;   /* thread inside guard_run_foreign(), 0 if none */
static bool foreign_left; /* such a function did not come back: it may hold a lock, or exit() is half done */

/* A timer that sends `sig` to this thread (timer_create(2): SIGEV_THREAD_ID). Returns its id, or -errno. */
static int start_timer(int sig, unsigned seconds)
{
        struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = sig };
        const struct itimerspec limit = { .it_value = { .tv_sec = seconds } };
        int id, err;

        event.sigev_value.sival_ptr = &foreign_tid;
        event._sigev_un._tid = sys_gettid();
        err = (int)sys_3(SYS_timer_create, CLOCK_MONOTONIC, (long)&event, (long)&id);
        if (err < 0)
                return err;
        sys_4(SYS_timer_settime, id, 0, (long)&limit, 0);
        return id;
}

bool guard_run_foreign(void (*fn)(void *), void *arg, uint64_t signals, unsigned seconds)
{
        static const uint8_t usable[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS };
        struct guard_fault fault;
        volatile int timer = -1;
        bool done;

        if (foreign_left)
                return false;
        for (unsigned i = 0; timer < 0 && i < sizeof(usable); i++)
                if (signals & SIGNAL_BIT(usable[i]))
                        timer = start_timer(usable[i], seconds);
        foreign_tid = sys_gettid();
        done = guard_run(fn, arg, &fault);
        foreign_tid = 0;
        if (timer >= 0)
                sys_1(SYS_timer_delete, timer);
        return done;
}

static void abandon_foreign(void)
{
        if (!armed || !foreign_tid || foreign_tid != sys_gettid())
                return;
        foreign_left = true;
        last_fault = (struct guard_fault){ 0 };
        arch_restore(armed);
}

void guard_leave_foreign(void)
{
        if (foreign_tid)
                abandon_foreign();
}

void guard_time_is_up(const siginfo_t *info)
{
        if (info->si_code == SI_TIMER && info->si_value.sival_ptr == &foreign_tid)
                abandon_foreign();
}
