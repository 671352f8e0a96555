/* SPDX-License-Identifier: MIT */
#include "preload/terminate.h"
#include "preload/notes.h"
#include "preload/sigsafe.h"

#include <stdlib.h>
#include <string.h>

/* By their mangled names: this library is C and links no C++ run-time (Itanium C++ ABI, "Exception Handling"). */
typedef void terminate_fn(void);
typedef terminate_fn *set_terminate_fn(terminate_fn *);

/* Weak: bound when the program has a C++ run-time, null otherwise. dlsym() for a name that nobody has would allocate
 * its error message. */
extern set_terminate_fn set_terminate __asm__("_ZSt13set_terminatePFvvE") __attribute__((weak));
/* std::type_info * */
extern const void *current_type(void) __asm__("__cxa_current_exception_type") __attribute__((weak));

static terminate_fn *previous;

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
        size_t at = 0;

        notes.terminate = 1;
        if (!type)
                return;
        notes.uncaught_exception = 1;
        if (name)
                sigsafe_cat(notes.exception_type, sizeof(notes.exception_type), &at, name);
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
        if (set_terminate)
                previous = set_terminate(on_terminate);
}
