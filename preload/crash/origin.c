/* SPDX-License-Identifier: MIT */
#include "preload/crash/origin.h"
#include "preload/base/crashstack.h"
#include "preload/base/modmap.h"
#include "preload/base/probe.h"
#include "preload/base/stackwalk.h"
#include "preload/base/startup.h"
#include "preload/base/syscalls.h"
#include "preload/signal/claim.h"

#define ABORT_SIZE 1024 /* bytes of abort() in which a return address from raise() can lie */
#define ABORT_DEPTH 8   /* frames between the signal and abort(): raise, pthread_kill */
#define DEPTH 200       /* frames between a handler of the application and the signal */

struct handler_search {
        const struct arch_registers *regs;
        struct dispatch *out;
        bool found;
};

static void search_handler(void *p)
{
        static struct wire_frame frame[DEPTH]; /* guarded by the claim */
        struct handler_search *s = p;
        enum cfi_end end;

        probe_begin();
        modmap_read();
        s->found = dispatch_on_stack(frame, stackwalk(s->regs, frame, DEPTH, &end), s->out);
        probe_end();
}

bool origin_handler(const struct arch_registers *regs, struct dispatch *out)
{
        struct handler_search s = { regs, out, false };

        return crashstack_try(search_handler, &s) && s.found;
}

bool origin_is_handler(const ucontext_t *uc)
{
        struct arch_registers regs;
        struct dispatch d;
        bool found;

        if (!claim_take(0))
                return false;
        arch_registers_from_context(uc, &regs);
        found = origin_handler(&regs, &d);
        claim_release();
        return found;
}

SEALED_DATA static uint64_t abort_begin = 0;

void origin_set_abort(uint64_t addr)
{
        abort_begin = addr;
}

struct abort_search {
        const ucontext_t *uc;
        bool found;
};

static void search_abort(void *p)
{
        static struct wire_frame frame[ABORT_DEPTH]; /* guarded by the claim */
        struct abort_search *s = p;
        struct arch_registers regs;
        enum cfi_end end;
        uint32_t n;

        arch_registers_from_context(s->uc, &regs);
        probe_begin();
        modmap_read();
        n = stackwalk(&regs, frame, ABORT_DEPTH, &end);
        probe_end();
        for (uint32_t i = 0; i < n; i++)
                s->found |= frame[i].pc - abort_begin < ABORT_SIZE;
}

bool origin_was_abort(const ucontext_t *uc)
{
        struct abort_search s = { uc, false };

        return crashstack_try(search_abort, &s) && s.found;
}

bool origin_is_abort(const siginfo_t *info, const ucontext_t *uc)
{
        bool found;

        if (info->si_code != SI_TKILL || info->si_pid != sys_getpid() || !claim_take(0))
                return false;
        found = origin_was_abort(uc);
        claim_release();
        return found;
}
