/* SPDX-License-Identifier: MIT */
/* unwind/elf/demangle.c: demangles names with libiberty: Rust, C++ (Itanium ABI) and D. */
#include "unwind/elf/demangle.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

enum {
        MAX_MANGLED = 8192,
        MAX_READABLE = 65536, /* substitutions can make a short name grow exponentially: the rest is discarded */
};

struct text {
        char *v;
        size_t used;
};

static void append(const char *part, size_t len, void *ctx)
{
        struct text *t = ctx;

        if (!t->v || len > MAX_READABLE - t->used)
                len = t->v ? MAX_READABLE - t->used : 0;
        if (len)
                memcpy(t->v + t->used, part, len);
        t->used += len;
}

static char *finish(struct text *t, int ok)
{
        char *name;

        if (!ok || !t->v || !t->used) {
                free(t->v);
                return NULL;
        }
        t->v[t->used] = '\0';
        name = realloc(t->v, t->used + 1);
        return name ? name : t->v;
}

/* Rust is tried before C++: its legacy scheme is that of C++ with a hash appended, which only the Rust demangler
 * removes. C++ names are not abbreviated (std::basic_string<char, ...>), as in gdb and c++filt. */
static char *demangle_known(const char *symbol, int options)
{
        struct text t = { 0 };

        if (symbol[0] != '_')
                return NULL;
        if (symbol[1] == 'D')
                return dlang_demangle(symbol, options);
        if (symbol[1] != 'Z' && symbol[1] != 'R')
                return NULL;
        t.v = malloc(MAX_READABLE + 1);
        if (!t.v)
                return NULL;
        if (rust_demangle_callback(symbol, options, append, &t))
                return finish(&t, 1);
        t.used = 0;
        return finish(&t, symbol[1] == 'Z' && cplus_demangle_v3_callback(symbol, options | DMGL_VERBOSE, append, &t));
}

static char *demangle_or_copy(const char *symbol, int options)
{
        const char *suffix = strchr(symbol, '@'); /* "_Znwm@plt" */
        char *mangled, *readable = NULL, *whole;

        if (strlen(symbol) > MAX_MANGLED)
                return strdup(symbol);
        if (!suffix) {
                readable = demangle_known(symbol, options);
                return readable ? readable : strdup(symbol);
        }
        mangled = strndup(symbol, (size_t)(suffix - symbol));
        if (mangled)
                readable = demangle_known(mangled, options);
        free(mangled);
        if (!readable)
                return strdup(symbol);
        whole = malloc(strlen(readable) + strlen(suffix) + 1);
        if (whole)
                strcat(strcpy(whole, readable), suffix);
        free(readable);
        return whole;
}

char *demangle(const char *symbol)
{
        return demangle_or_copy(symbol, DMGL_PARAMS | DMGL_ANSI);
}

char *demangle_call(const char *symbol)
{
        return demangle_or_copy(symbol, DMGL_PARAMS | DMGL_ANSI | DMGL_RET_DROP);
}
