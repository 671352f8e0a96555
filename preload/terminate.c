/* SPDX-License-Identifier: MIT */
#include "preload/terminate.h"
#include "preload/notes.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* By their mangled names: this library is C and links no C++ run-time (Itanium C++ ABI, "Exception Handling"). */
typedef void terminate_fn(void);
typedef terminate_fn *set_terminate_fn(terminate_fn *);
typedef const void *current_type_fn(void); /* std::type_info *__cxa_current_exception_type() */

static terminate_fn *previous;
static current_type_fn *current_type;

/* The name lies behind the vtable pointer of std::type_info; a leading '*' marks names that are compared by address. */
static const char *type_name(const void *type_info)
{
        const char *name;

        memcpy(&name, (const char *)type_info + sizeof(void *), sizeof(name));
        return name && *name == '*' ? name + 1 : name;
}

/* Runs in the thread that called std::terminate, before any signal. */
static void note_exception(void)
{
        const void *type = current_type ? current_type() : NULL;
        const char *name = type ? type_name(type) : NULL;

        notes.terminate = 1;
        if (!type)
                return;
        notes.uncaught_exception = 1;
        if (name)
                memcpy(notes.exception_type, name, strnlen(name, sizeof(notes.exception_type) - 1));
}

static void on_terminate(void)
{
        note_exception();
        if (previous)
                previous(); /* libstdc++'s prints the exception, then aborts */
        abort();
}

void terminate_hook(void)
{
        set_terminate_fn *set_terminate = (set_terminate_fn *)dlsym(RTLD_DEFAULT, "_ZSt13set_terminatePFvvE");

        if (!set_terminate)
                return;
        current_type = (current_type_fn *)dlsym(RTLD_DEFAULT, "__cxa_current_exception_type");
        previous = set_terminate(on_terminate);
}
