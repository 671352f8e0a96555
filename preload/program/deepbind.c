/* SPDX-License-Identifier: MIT */
/* preload/program/deepbind.c: modules opened with RTLD_DEEPBIND (dlopen(3)), whose references are bound to libc's functions before this
 * library's. Their sigaction() would read this library's handler, and what they set would not be seen.
 *
 * dlopen() is interposed to learn of the flag, by a jump, since the loader looks at its return address. The slots of such a module are
 * changed before its constructors run: crti.o lets each module call __gmon_start__ first, if that is defined (glibc,
 * sysdeps/x86_64/crti.S). A module that is linked without the usual start-up files is not reached.
 */

#include "preload/base/arch.h"
#include "preload/base/libc.h"
#include "preload/base/next.h"
#include "preload/base/startup.h"
#include "preload/facts/slots.h"
#include "preload/program/interpose.h"

#include <dlfcn.h>

STARTUP_DATA static bool seen = false; /* some module was opened with the flag */

static void *no_dlopen(void)
{
        return NULL;
}

void *before_dlopen(long file, long mode);
ARCH_FORWARD(dlopen, before_dlopen);

void *before_dlopen(long file, long mode)
{
        void *next = next_definition(NEXT_dlopen);

        (void)file;
        if (mode & RTLD_DEEPBIND)
                seen = true;
        return next ? next : (void *)no_dlopen;
}

static void change_slot(void *unused, const struct slots_module *m, const char *name, uint64_t *slot)
{
        void *behind, *own = next_own(name, &behind);

        (void)unused;
        if (own && (*slot == (uint64_t)behind || slots_is_unbound(m, slot)))
                slots_set(m, slot, (uint64_t)own);
}

/* `addr`: in the module. */
static int change_module(struct dl_phdr_info *info, size_t size, void *addr)
{
        (void)size;
        if (!slots_module_contains(info, (uint64_t)addr))
                return 0;
        slots_each(info, change_slot, NULL);
        return 1;
}

void __gmon_start__(void);

EXPORT void __gmon_start__(void)
{
        if (seen && interpose_active() && dl_iterate_phdr)
                dl_iterate_phdr(change_module, __builtin_return_address(0));
}
