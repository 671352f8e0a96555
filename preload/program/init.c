/* SPDX-License-Identifier: MIT */
/* preload/program/init.c: initialization at load time, without output; end of the process.
 *
 * The library is linked with -z initfirst (ld(1)), so that crashes in constructors of the program's libraries are
 * reported, too. libc's constructor has not run then: environ is not set, and the environment is passed as an argument.
 */
#include "preload/base/arch.h"
#include "preload/base/guard.h"
#include "preload/base/keep.h"
#include "preload/base/libc.h"
#include "preload/base/linkmap.h"
#include "preload/base/next.h"
#include "preload/base/startup.h"
#include "preload/base/syscalls.h"
#include "preload/crash/deliver.h"
#include "preload/crash/handler.h"
#include "preload/crash/occasion.h"
#include "preload/facts/home.h"
#include "preload/facts/notes.h"
#include "preload/facts/settings.h"
#include "preload/facts/throws.h"
#include "preload/program/aborts.h"
#include "preload/program/altstack.h"
#include "preload/program/interpose.h"
#include "preload/program/sanitizer.h"
#include "preload/program/terminate.h"
#include "preload/signal/actions.h"
#include "preload/signal/dispatch.h"
#include "preload/signal/mask.h"

#include <stddef.h>

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

STARTUP_DATA static bool active = false;

bool interpose_active(void)
{
        return active;
}

void interpose_step_aside(void)
{
        uint64_t mask;

        active = false;
        mask_undisguise(&mask);
        mask_leave();
        actions_uninstall();
}

/* Called by exit() and quick_exit(): if a handler of the application called them, the crash is reported here. */
static void on_exit_called(void *unused)
{
        (void)unused;
        if (!active)
                return;
        guard_leave_foreign();
        occasion_wait_for_death();
        occasion_exit();
}

/* The kernel puts the auxiliary vector behind the environment and its NULL. In a program with AT_SECURE, ld.so removes variables from
 * the environment, such as TMPDIR (glibc: elf/rtld.c, process_envvars(); sysdeps/generic/unsecvars.h), by moving the others and the
 * NULL down: more NULLs follow then. The vector itself never begins with one. getauxval(3) would need a dynamic symbol look-up. */
static const ElfW(auxv_t) * auxv_behind(char **envp)
{
        while (*envp)
                envp++;
        while (!*envp)
                envp++;
        return (const void *)envp;
}

static uint64_t aux(const ElfW(auxv_t) * auxv, uint64_t type)
{
        for (; auxv->a_type != AT_NULL; auxv++)
                if (auxv->a_type == type)
                        return auxv->a_un.a_val;
        return 0;
}

/* The kernel puts the arguments, whose number comes first, before the environment. */
static char **argv_before(char **envp)
{
        char **argv = envp - 1; /* its NULL */

        for (long n = 0;; n++)
                if ((long)argv[-1] == n)
                        return argv;
                else
                        argv--;
}

/* Under valgrind the library does nothing: valgrind reports the crash itself, and knows neither this library's clone() nor signal
 * frames other than its own. Nor in a program that runs with more privileges than its user has (getauxval(3): AT_SECURE), into which
 * /etc/ld.so.preload loads the library, too: its environment, with the paths in it, is chosen by that user.
 *
 * glibc calls constructors with the arguments of main(), musl without arguments. */
static __attribute__((constructor)) void load(int argc, char **argv, char **envp)
{
        const ElfW(auxv_t) * auxv;
        struct altstack *stack;

        (void)argc;
        if (arch_under_valgrind()) {
                aborts_init();
                return;
        }
        if (!gnu_get_libc_version) {
                if (!&__environ || !__environ)
                        return;
                envp = __environ;
                argv = argv_before(envp);
        }
        auxv = auxv_behind(envp);
        if (aux(auxv, AT_SECURE)) {
                aborts_init();
                return;
        }
        next_init();
        aborts_init();
        /* Without AT_BASE, the kernel started the loader itself, which has put the program's entry point into the vector. */
        settings_load(argv, envp, aux(auxv, AT_EXECFN), aux(auxv, AT_BASE) ? 0 : aux(auxv, AT_ENTRY));
        if (!settings.enabled)
                return;
        home_load();
        keep_read_page_size(auxv);
        linkmap_remember(auxv);
        arch_init(aux(auxv, AT_HWCAP2));
        altstack_init(aux(auxv, AT_MINSIGSTKSZ));
        deliver_init(altstack_marked_size);
        stack = altstack_take(true);
        if (stack)
                altstack_enter(stack);
        dispatch_init();
        if (__register_atfork)
                __register_atfork(NULL, NULL, dispatch_forked, NULL);
        notes_metadata_from_environment(envp);
        mask_init(actions_install(settings.signals, handler_entry) & HARDWARE_SIGNALS);
        terminate_hook();
        if (settings.throw_sites)
                throws_hook();
        sanitizer_hook();
        if (__cxa_at_quick_exit)
                __cxa_at_quick_exit(on_exit_called, NULL);
        keep_seal();
        active = true;
}

/* Crashes in code that runs after this destructor are still reported. */
static __attribute__((destructor)) void unload(void)
{
        on_exit_called(NULL);
}
