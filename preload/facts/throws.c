/* SPDX-License-Identifier: MIT */
#include "preload/facts/throws.h"
#include "preload/base/libc.h"
#include "preload/facts/slots.h"
#include "unwind/core/terms/str.h"

#include <stdbool.h>
#include <string.h>

struct throw_site throw_sites[THROW_SITES];

/* Itanium C++ ABI, "Exception Handling" 2.4.3 and level I 1.6; weak, since a program without C++ has none of them.
 * Declared as functions that return, so that the compiler makes the call of the real function a tail call, which leaves
 * no frame. */
typedef void throw_fn(void *object, void *type, void (*destructor)(void *));
struct unwind_context;
extern throw_fn real_throw __asm__("__cxa_throw") __attribute__((weak));
extern int unwind_backtrace(int (*frame)(struct unwind_context *, void *), void *) __asm__("_Unwind_Backtrace")
        __attribute__((weak));
extern uintptr_t unwind_ip(struct unwind_context *) __asm__("_Unwind_GetIP") __attribute__((weak));

/* ---- a throw ---- */

struct trace {
        struct throw_site *site;
        uint64_t caller; /* the first frame to be stored */
};

static int add_frame(struct unwind_context *context, void *trace)
{
        struct trace *t = trace;
        uint64_t pc = unwind_ip(context);

        if (!pc || t->site->count == WIRE_THROW_FRAMES)
                return 5; /* _URC_END_OF_STACK */
        if (t->site->count || pc == t->caller)
                t->site->pc[t->site->count++] = pc;
        return 0; /* _URC_NO_REASON */
}

static void throw_hook(void *object, void *type, void (*destructor)(void *))
{
        struct trace t = { throws_slot((uint64_t)object), (uint64_t)__builtin_return_address(0) };

        __atomic_store_n(&t.site->object, 0, __ATOMIC_RELEASE);
        t.site->count = 0;
        t.site->type = (uint64_t)type;
        unwind_backtrace(add_frame, &t);
        __atomic_store_n(&t.site->object, (uint64_t)object, __ATOMIC_RELEASE);
        real_throw(object, type, destructor);
}

/* ---- the modules' slots ---- */

/* The slot contains the address of the real function or, if not yet bound, an address in the module's own PLT. A slot
 * with any other address belongs to another run-time. */
static void hook_slot(void *unused, const struct slots_module *m, const char *name, uint64_t *slot)
{
        (void)unused;
        if (str_is(name, "__cxa_throw") && (*slot == (uint64_t)real_throw || slots_is_unbound(m, slot)))
                slots_set(m, slot, (uint64_t)throw_hook);
}

static int hook_module(struct dl_phdr_info *info, size_t size, void *unused)
{
        (void)size;
        (void)unused;
        if (!slots_module_contains(info, (uint64_t)&throw_sites))
                slots_each(info, hook_slot, NULL);
        return 0;
}

void throws_hook(void)
{
        if (dl_iterate_phdr && real_throw && unwind_backtrace && unwind_ip)
                dl_iterate_phdr(hook_module, NULL);
}
