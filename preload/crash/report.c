/* SPDX-License-Identifier: MIT */
#include "preload/crash/report.h"
#include "preload/base/crashstack.h"
#include "preload/base/guard.h"
#include "preload/base/sigsafe.h"
#include "preload/base/syscalls.h"
#include "preload/crash/origin.h"
#include "preload/facts/home.h"
#include "preload/facts/settings.h"
#include "preload/helper/schedule.h"
#include "preload/helper/spawn.h"
#include "preload/raw/crash.h"
#include "preload/raw/output.h"
#include "preload/raw/report.h"
#include "preload/raw/stderr.h"
#include "preload/signal/mask.h"
#include "unwind/core/terms/clock.h"
#include "unwind/core/terms/str.h"

#include <limits.h>

static struct {
        bool disabled;
        bool handled; /* result of crashpre_set_after_report()'s function */
        int (*filter)(int sig);
        int (*after_report)(const char *raw_path);
        struct crash crash;
} state;

static void begin_crash(enum wire_kind kind, uint64_t fault_ns)
{
        struct crash *c = &state.crash;

        crash_begin(c, kind, fault_ns, settings.note);
        c->wire.deadline_ns = fault_ns ? fault_ns + settings.timeout_s * NS_PER_S : 0;
        rawreport_name(c);
        c->wire.root_changed = home_root_has_changed();
        if (c->wire.root_changed)
                crash_note(c, "the program has changed its root directory, so no command is executed", NULL, 0);
}

static void step_raw(void *crash)
{
        rawreport_write(crash);
}

/* Descriptor 2 is checked when the raw report is complete: no other thread can replace it any more (output_prepare()),
 * and if a seccomp filter kills the process for a system call of the check, that report exists. */
static void step_helper(void *crash)
{
        stderr_check(crash);
        spawn_helper(crash, state.after_report != NULL);
}

static void step_after_report(void *crash)
{
        struct crash *c = crash;
        char path[PATH_MAX];
        size_t at = 0;

        str_cat(path, sizeof(path), &at, c->wire.dir);
        str_cat(path, sizeof(path), &at, "/");
        str_cat(path, sizeof(path), &at, c->wire.id);
        str_cat(path, sizeof(path), &at, ".txt");
        state.handled = state.after_report(path) != 0;
}

/* Runs on the crash stack. After a fault in a step the next step is executed. */
static void report_steps(void *crash)
{
        struct crash *c = crash;
        struct guard_fault fault;

        if (!guard_run(step_raw, c, &fault)) {
                mask_for_crash_path(NULL);
                crash_note(c, "the raw report was abandoned because writing it faulted", NULL, 0);
        }
        if (!guard_run(step_helper, c, &fault)) {
                mask_for_crash_path(NULL);
                output_append_outcome(c, "given up after a fault in the crash path, signal ", NULL, fault.signal);
        }
        if (state.after_report && c->wire.dir[0] &&
            !guard_run_foreign(step_after_report, c, settings.signals, settings.timeout_s))
                mask_for_crash_path(NULL);
        output_finish(c);
}

static void make_report(void)
{
        uint64_t pending = output_pending_signals();

        crashstack_call(report_steps, &state.crash);
        output_forget_signals(pending);
}

static void call_filter(void *result)
{
        int *wanted = result;

        *wanted = state.filter(state.crash.signal);
}

static bool wanted(void)
{
        int yes = 1;

        if (state.disabled)
                return false;
        if (state.filter && !guard_run_foreign(call_filter, &yes, settings.signals, GUARD_FOREIGN_S))
                mask_for_crash_path(NULL);
        return yes != 0;
}

/* If no signal can be queued any more (RLIMIT_SIGPENDING), the kernel keeps no record of who sent one (kernel/signal.c:
 * collect_signal()): it looks like that of a process of another pid namespace. */
static void restore_sender(siginfo_t *info, const ucontext_t *uc)
{
        if (info->si_signo != SIGABRT || info->si_code != SI_USER || info->si_pid || info->si_uid ||
            !origin_was_abort(uc))
                return;
        info->si_code = SI_TKILL;
        info->si_pid = sys_getpid();
        info->si_uid = (uid_t)sys_0(SYS_getuid);
}

bool crashreport_of_signal(enum wire_kind kind, int sig, const siginfo_t *info, ucontext_t *uc,
                           enum wire_handler handler, uint64_t fault_ns)
{
        struct crash *c = &state.crash;

        schedule_enter(kind == WIRE_KIND_FATAL);
        begin_crash(kind, fault_ns);
        c->signal = sig;
        c->wire.handler = (uint32_t)handler;
        c->wire.siginfo = *info;
        restore_sender(&c->wire.siginfo, uc);
        c->uc = uc;
        crash_set_fault(c, uc);
        arch_registers_from_context(uc, &c->wire.regs);
        c->wire.sigmask = mask_believed(mask_of_context(uc), arch_context_sp(uc));
        state.handled = false;
        if (wanted())
                make_report();
        schedule_leave();
        return state.handled;
}

int crashreport_on_request(const char *reason, const struct arch_registers *regs, uint64_t sigmask, uint64_t fault_ns)
{
        struct crash *c = &state.crash;
        size_t at = 0;

        schedule_enter(false);
        begin_crash(WIRE_KIND_REQUEST, fault_ns);
        c->wire.regs = *regs;
        c->wire.sigmask = sigmask;
        str_cat(c->wire.reason, sizeof(c->wire.reason), &at, reason ? reason : "");
        make_report();
        schedule_leave();
        return c->raw_err;
}

int crashreport_signal(void)
{
        return state.crash.signal;
}

void crashreport_set_enabled(bool on)
{
        state.disabled = !on;
}

bool crashreport_enabled(void)
{
        return !state.disabled;
}

void crashreport_set_filter(int (*filter)(int sig))
{
        state.filter = filter;
}

void crashreport_set_after_report(int (*done)(const char *raw_path))
{
        state.after_report = done;
}

bool crashreport_has_after_report(void)
{
        return state.after_report != NULL;
}
