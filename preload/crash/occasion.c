/* SPDX-License-Identifier: MIT */
#include "preload/crash/occasion.h"
#include "preload/base/syscalls.h"
#include "preload/crash/debugger.h"
#include "preload/crash/origin.h"
#include "preload/crash/report.h"
#include "preload/facts/settings.h"
#include "preload/signal/actions.h"
#include "preload/signal/claim.h"
#include "preload/signal/death.h"
#include "preload/signal/mask.h"
#include "unwind/core/terms/clock.h"

#include <errno.h>

#define FIRST_CHANCE_MAX 10 /* CRASHPRE_CHAIN=first: a runtime may fault and recover any number of times */
/* beyond the timeout, for a thread that crashes while another's crash is being reported */
#define OTHERS_PATIENCE_NS 5000000000ull
/* Functions that are rarely called must not enlarge the stack frame of the common path, which may be on a small
 * alternate stack of the application. */
#define APART __attribute__((noinline))

static unsigned first_chances;
/* The fault that was last reported before an application's handler was called. */
static struct {
        int tid;
        uint64_t pc, sp;
} reported;

static uint64_t patience(void)
{
        return (settings.timeout_s + settings.wait_debugger_s) * NS_PER_S + OTHERS_PATIENCE_NS;
}

void occasion_wait_for_death(void)
{
        claim_wait_for_death(patience());
}

static bool already_reported(uint64_t pc, uint64_t sp)
{
        return reported.pc == pc && reported.sp == sp && reported.tid == sys_gettid();
}

static void remember_reported(const ucontext_t *uc)
{
        reported.tid = sys_gettid();
        reported.pc = arch_context_pc(uc);
        reported.sp = arch_context_sp(uc);
}

/* Whether this signal was raised by a handler of the application that was called for the reported fault. */
static APART bool raised_for_reported(const ucontext_t *uc)
{
        struct arch_registers regs;
        struct dispatch handler;

        arch_registers_from_context(uc, &regs);
        return origin_handler(&regs, &handler) && already_reported(handler.pc, handler.sp);
}

/* Whether this fault, or the one whose handler raises this signal again, was reported before its handler was called.
 * Requires the claim. */
static bool was_reported(const siginfo_t *info, const ucontext_t *uc)
{
        if (settings.chain != SETTING_CHAIN_FIRST || !reported.tid)
                return false;
        if (already_reported(arch_context_pc(uc), arch_context_sp(uc)))
                return true;
        return info->si_code <= 0 && dispatch_any() && raised_for_reported(uc);
}

/* Returns false if crashpre_set_after_report()'s function requests to treat the signal as handled and that is
 * possible. */
static bool report_fatal(int sig, siginfo_t *info, ucontext_t *uc)
{
        uint64_t fault_ns = sys_clock_ns(CLOCK_MONOTONIC);
        bool may_go_on = crashreport_has_after_report() && !death_repeats(sig, info, uc), handled = false;

        mask_for_crash_path(NULL);
        if (!claim_take_first(patience()))
                return true;
        if (!may_go_on) {
                claim_mark_dying();
                actions_ignore_killers();
        }
        if (!was_reported(info, uc))
                handled = crashreport_of_signal(may_go_on ? WIRE_KIND_FIRST_CHANCE : WIRE_KIND_FATAL, sig, info, uc,
                                                WIRE_HANDLER_NONE, fault_ns);
        if (may_go_on && handled) {
                claim_release();
                return false;
        }
        if (crashreport_enabled())
                debugger_wait();
        return true;
}

void occasion_fatal(int sig, siginfo_t *info, ucontext_t *uc)
{
        if (report_fatal(sig, info, uc))
                death_prepare(sig, info, uc);
}

static bool first_chance_due(void)
{
        return settings.chain == SETTING_CHAIN_FIRST && crashreport_enabled() &&
               __atomic_fetch_add(&first_chances, 1, __ATOMIC_ACQ_REL) < FIRST_CHANCE_MAX;
}

void occasion_first_chance(int sig, siginfo_t *info, ucontext_t *uc)
{
        uint64_t before;

        if (!first_chance_due())
                return;
        mask_for_crash_path(&before);
        if (claim_take(patience())) {
                crashreport_of_signal(WIRE_KIND_FIRST_CHANCE, sig, info, uc, WIRE_HANDLER_NONE,
                                      sys_clock_ns(CLOCK_MONOTONIC));
                remember_reported(uc);
                claim_release();
        }
        sys_sigprocmask(SIG_SETMASK, &before, NULL);
}

static APART void report_exit(void)
{
        struct arch_registers regs;
        struct dispatch d;
        uint64_t before;

        arch_capture(&regs);
        mask_for_crash_path(&before);
        if (claim_take(patience())) {
                if (origin_handler(&regs, &d) && !already_reported(d.pc, d.sp))
                        crashreport_of_signal(WIRE_KIND_FIRST_CHANCE, d.sig, &d.info,
                                              (ucontext_t *)d.uc, // NOLINT(performance-no-int-to-ptr)
                                              WIRE_HANDLER_EXIT, sys_clock_ns(CLOCK_MONOTONIC));
                claim_release();
        }
        sys_sigprocmask(SIG_SETMASK, &before, NULL);
}

void occasion_exit(void)
{
        if (dispatch_stands((uint64_t)__builtin_frame_address(0)) && crashreport_enabled())
                report_exit();
}

int occasion_request(const char *reason)
{
        struct arch_registers regs;
        uint64_t before;
        int err = -EBUSY;

        if (!crashreport_enabled())
                return -EPERM;
        arch_capture(&regs);
        mask_for_crash_path(&before);
        if (claim_take(patience())) {
                err = crashreport_on_request(reason, &regs, before, sys_clock_ns(CLOCK_MONOTONIC));
                claim_release();
        }
        sys_sigprocmask(SIG_SETMASK, &before, NULL);
        return err;
}
