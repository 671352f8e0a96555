/* SPDX-License-Identifier: MIT */
#include "preload/base/guard.h"
#include "preload/base/arch.h"

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
