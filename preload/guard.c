/* SPDX-License-Identifier: MIT */
#include "preload/guard.h"
#include "preload/x86_64.h"

static struct {
        volatile bool armed;
        struct arch_jump jump;
        struct guard_fault fault;
} guard;

bool guard_run(void (*fn)(void *), void *arg, struct guard_fault *fault)
{
        if (arch_save(&guard.jump)) {
                *fault = guard.fault;
                return false;
        }
        guard.armed = true;
        fn(arg);
        guard.armed = false;
        return true;
}

void guard_fault(int sig, const siginfo_t *info, uint64_t pc)
{
        if (!guard.armed)
                return;
        guard.armed = false;
        guard.fault = (struct guard_fault){ sig, (uint64_t)info->si_addr, pc };
        arch_restore(&guard.jump);
}
