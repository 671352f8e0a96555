/* SPDX-License-Identifier: MIT */
#include "preload/signal/mask.h"
#include "preload/base/startup.h"
#include "preload/signal/dispatch.h"
#include "unwind/core/terms/signames.h"

#include <errno.h>

#define MARKER (SIGNAL_BIT(SIGSTKFLT))
#define FILLED \
        (0xfffull << (44 - 1)) /* 44 to 55: programs that use real-time signals take them from both ends of the range */
#define NEVER (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP)) /* kernel/signal.c: sigprocmask() */
#define LIBCS (SIGNAL_BIT(32) | SIGNAL_BIT(33))           /* nptl: SIGCANCEL, SIGSETXID; sigprocmask(3) drops them */

STARTUP_DATA static uint64_t hardware = 0;
STARTUP_DATA static bool disguised = false; /* some mask was translated to a different one */

static bool filled(uint64_t mask)
{
        return (mask & FILLED) == FILLED;
}

static bool has_all(uint64_t mask)
{
        return filled(mask) && (mask & (hardware | MARKER)) == (hardware | MARKER);
}

uint64_t mask_to_kernel(uint64_t believed)
{
        if (!hardware || !filled(believed))
                return believed;
        if (has_all(believed)) {
                disguised = true;
                return believed & ~(hardware | MARKER);
        }
        return believed & (hardware | MARKER) ? believed : believed | MARKER;
}

uint64_t mask_from_kernel(uint64_t kernel)
{
        if (!hardware || !filled(kernel) || kernel & (hardware | MARKER))
                return kernel;
        return kernel | hardware | MARKER;
}

bool mask_in_handler(uint64_t kernel)
{
        return hardware && kernel & MARKER;
}

bool mask_is_ambiguous(uint64_t kernel, uint64_t sp)
{
        uint64_t held;

        if (!mask_in_handler(kernel) || !dispatch_stands(sp))
                return false;
        return filled(kernel) || !dispatch_held(sp, &held);
}

static bool has_record(uint64_t kernel, uint64_t sp, uint64_t *held)
{
        return mask_in_handler(kernel) && !filled(kernel) && dispatch_held(sp, held);
}

uint64_t mask_believed(uint64_t kernel, uint64_t sp)
{
        uint64_t held;

        return has_record(kernel, sp, &held) ? (kernel & ~MARKER) | held : mask_from_kernel(kernel);
}

void mask_for_crash_path(uint64_t *before)
{
        const uint64_t mask = ~HARDWARE_SIGNALS;

        sys_sigprocmask(SIG_SETMASK, &mask, before);
}

uint64_t mask_of_context(const ucontext_t *uc)
{
        uint64_t mask;

        __builtin_memcpy(&mask, &uc->uc_sigmask, sizeof(mask));
        return mask;
}

void mask_put_in_context(ucontext_t *uc, uint64_t mask)
{
        __builtin_memcpy(&uc->uc_sigmask, &mask, sizeof(mask));
}

static uint64_t changed(int how, uint64_t mask, uint64_t set)
{
        return how == SIG_BLOCK ? mask | set : how == SIG_UNBLOCK ? mask & ~set : set;
}

/* The kernel's mask for `believed`, if it was `now`. In a handler with a record, the hardware signals that the application
 * has blocked are stored in the record. */
static uint64_t to_kernel_here(uint64_t believed, uint64_t now, uint64_t sp)
{
        uint64_t held;

        if (!filled(believed) && believed & MARKER && !(now & MARKER) && dispatch_any())
                dispatch_hold_anew(sp, believed & (hardware | MARKER));
        if (filled(believed) || !has_record(now, sp, &held) || !dispatch_hold(sp, believed & (hardware | MARKER)))
                return mask_to_kernel(believed);
        return believed & hardware ? (believed & ~hardware) | MARKER : believed;
}

/* What to pass to the kernel first: the right mask, unless the previous one, which is not known yet, is a translated one. */
static uint64_t first_attempt(int how, uint64_t set)
{
        if (how == SIG_SETMASK)
                return mask_to_kernel(set);
        if (how == SIG_BLOCK && has_all(set))
                return set & ~(hardware | MARKER);
        return set;
}

/* In a handler that may be recognized by its record only (mask_is_ambiguous()): keeps the record up to date. */
static void change_record(int how, uint64_t set, uint64_t kernel, uint64_t sp)
{
        uint64_t held, now;

        if (!dispatch_any() || (!filled(kernel) && !mask_is_ambiguous(kernel, sp)) ||
            !dispatch_held_by_standing(sp, &held))
                return;
        now = changed(how, held, set) & (hardware | MARKER);
        if (now != held)
                dispatch_hold_by_standing(sp, now);
}

int mask_change(int how, const uint64_t *set, uint64_t *old)
{
        uint64_t sp = (uint64_t)__builtin_frame_address(0), change = 0, own, before, was, is, want;
        uint64_t *out = old ? old : &own; /* the kernel accesses it first: EFAULT for an invalid one */
        int err;

        if (set)
                change = *set & ~(NEVER | LIBCS);
        want = set ? first_attempt(how, change) : 0;
        err = sys_sigprocmask(how, set ? &want : NULL, out);
        if (err)
                return err;
        before = *out;
        *out = was = mask_believed(before, sp);
        if (!set)
                return 0;
        is = changed(how, before, want);
        want = to_kernel_here(changed(how, was, change), before, sp);
        if (want != is)
                sys_sigprocmask(SIG_SETMASK, &want, NULL);
        change_record(how, change, want, sp);
        return 0;
}

/* The signals that are blocked in a handler in addition to those of the interrupted code. */
static uint64_t added(int sig, const struct action *act)
{
        return act->mask | (act->flags & SA_NODEFER ? 0 : SIGNAL_BIT(sig));
}

void mask_for_stand_in(int sig, struct action *act)
{
        bool own = hardware & SIGNAL_BIT(sig);
        uint64_t mask = own ? added(sig, act) : act->mask;

        if (!(mask & hardware))
                return;
        act->mask = has_all(mask) ? mask & ~(hardware | MARKER) : filled(mask) ? mask : (mask & ~hardware) | MARKER;
        if (own)
                act->flags |= SA_NODEFER; /* otherwise the kernel blocks the signal itself, too */
}

struct dispatch_mask mask_in_new_handler(int sig, const struct action *act, uint64_t outer, uint64_t sp)
{
        uint64_t parts = hardware | MARKER, believed = mask_believed(outer, sp) & parts;

        return (struct dispatch_mask){ believed | (added(sig, act) & parts), believed, mask_in_handler(outer) };
}

static bool put_on(uint64_t mask, uint64_t was)
{
        if (mask == was)
                return false;
        sys_sigprocmask(SIG_SETMASK, &mask, NULL);
        return true;
}

bool mask_undisguise(uint64_t *was)
{
        uint64_t sp = (uint64_t)__builtin_frame_address(0);

        if (!hardware || (!disguised && !dispatch_any()))
                return false;
        sys_sigprocmask(SIG_BLOCK, NULL, was);
        return put_on(mask_believed(*was, sp), *was);
}

bool mask_undisguise_for_thread(uint64_t *was)
{
        uint64_t sp = (uint64_t)__builtin_frame_address(0);

        if (!hardware || !dispatch_stands(sp))
                return false;
        sys_sigprocmask(SIG_BLOCK, NULL, was);
        return put_on(mask_to_kernel(mask_believed(*was, sp)), *was);
}

void mask_disguise(const uint64_t *was)
{
        sys_sigprocmask(SIG_SETMASK, was, NULL);
}

void mask_adopt(void)
{
        uint64_t kernel, translated;

        if (sys_sigprocmask(SIG_BLOCK, NULL, &kernel) || !(kernel & hardware))
                return;
        translated = mask_to_kernel(kernel);
        sys_sigprocmask(SIG_SETMASK, &translated, NULL);
}

void mask_leave(void)
{
        hardware = 0;
}

void mask_init(uint64_t watched)
{
        uint64_t inherited;

        hardware = watched;
        sys_sigprocmask(SIG_BLOCK, NULL, &inherited);
        put_on(mask_to_kernel(inherited), inherited);
}
