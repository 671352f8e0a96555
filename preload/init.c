/* SPDX-License-Identifier: MIT */
/* preload/init.c: from load to readiness, silently; and the other end.
 *
 * The library is linked with -z initfirst (ld(1)), so that the constructors of the program's own libraries are already covered. libc's
 * own constructor has then not run: environ is not set, and the environment comes as an argument.
 */
#include "preload/actions.h"
#include "preload/altstack.h"
#include "preload/handler.h"
#include "preload/interpose.h"
#include "preload/notes.h"
#include "preload/settings.h"
#include "preload/terminate.h"

#include <sys/mman.h>

static bool active;

bool interpose_active(void)
{
        return active;
}

/* A page that a forked child finds empty (madvise(2), MADV_WIPEONFORK; Linux 4.14). */
static int *owner_page(void)
{
        void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (page == MAP_FAILED)
                return NULL;
        if (madvise(page, 4096, MADV_WIPEONFORK) < 0) {
                munmap(page, 4096);
                return NULL;
        }
        return page;
}

static __attribute__((constructor)) void load(int argc, char **argv, char **envp)
{
        struct altstack *stack;

        (void)argc;
        settings_load(argv, envp, (const void *)load);
        if (!settings.enabled)
                return;
        altstack_init();
        stack = altstack_take();
        if (stack)
                altstack_enter(stack);
        actions_set_owner_page(owner_page());
        notes_metadata_from_environment(envp);
        actions_install(settings.signals, handler_entry);
        terminate_hook();
        active = true;
}

/* exit() was called: perhaps by a handler of the application, for a crash that it would otherwise hide. Crashes in what still runs after this are
 * covered as before. */
static __attribute__((destructor)) void unload(void)
{
        if (active)
                handler_exit_called();
}
