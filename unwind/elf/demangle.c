/* SPDX-License-Identifier: MIT */
/* unwind/elf/demangle.c: see demangle.h. */
#include "unwind/elf/demangle.h"

#include <ctype.h>
#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
        MAX_MANGLED =
                1 << 14,      /* gcc emits names of this size for nested templates; longer ones are shown as they are */
        MAX_READABLE = 65536, /* substitutions can make a short name grow exponentially: the rest is discarded */
        SHORT = 1000,         /* an incomplete name that is shorter is not used */
        /* libiberty 2.40's parser needs up to 185 bytes of stack for each character: measured with "PPP...", "KRKR...",
         * "ZZZ..." of 16,000 characters. Its printer has a limit of its own, of 1024 levels. */
        STACK_PER_CHARACTER = 512,
        /* The return types of templates, which their mangled names contain, are left out as in debugging information. */
        OPTIONS = DMGL_PARAMS | DMGL_ANSI | DMGL_RET_DROP,
};

struct text {
        char *v;
        size_t used;
        bool cut;
};

static void append(const char *part, size_t len, void *ctx)
{
        struct text *t = ctx;

        if (!t->v || len > MAX_READABLE - t->used) {
                t->cut = true;
                len = t->v ? MAX_READABLE - t->used : 0;
        }
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
        if (t->cut)
                memcpy(t->v + t->used - 3, "...", 3);
        t->v[t->used] = '\0';
        name = realloc(t->v, t->used + 1);
        return name ? name : t->v;
}

/* libiberty refuses C++ names of more than 1,024 characters, since their parsing might overflow the stack. */
static int cplus_options(const char *symbol)
{
        struct rlimit stack;
        size_t len = strlen(symbol);

        if (getrlimit(RLIMIT_STACK, &stack) || len >= stack.rlim_cur / STACK_PER_CHARACTER)
                return OPTIONS | DMGL_VERBOSE;
        return OPTIONS | DMGL_VERBOSE | DMGL_NO_RECURSE_LIMIT;
}

/* gfortran's "__module_MOD_procedure". Fortran has no upper case, so no other part of the name contains "_MOD_". */
static char *demangle_fortran(const char *symbol)
{
        const char *mark = strstr(symbol, "_MOD_"), *module = symbol + 2, *procedure;
        char *name;

        if (!mark || mark == module || !mark[5])
                return NULL;
        for (const char *c = module; c < mark; c++)
                if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '_' && *c != '.')
                        return NULL; /* "." begins the name of a submodule */
        procedure = mark + 5;
        name = malloc((size_t)(mark - module) + strlen(procedure) + 3);
        if (name) {
                memcpy(name, module, (size_t)(mark - module));
                strcpy(stpcpy(name + (mark - module), "::"), procedure);
        }
        return name;
}

/* Rust is tried before C++: its legacy scheme is that of C++ with a hash appended, which only the Rust demangler
 * removes. C++ names are not abbreviated (std::basic_string<char, ...>), as in gdb and c++filt. */
static char *demangle_known(const char *symbol)
{
        struct text t = { 0 };

        if (symbol[0] != '_')
                return NULL;
        if (symbol[1] == '_')
                return demangle_fortran(symbol);
        if (symbol[1] == 'D')
                return dlang_demangle(symbol, OPTIONS);
        if (symbol[1] != 'Z' && symbol[1] != 'R')
                return NULL;
        t.v = malloc(MAX_READABLE + 1);
        if (!t.v)
                return NULL;
        if (rust_demangle_callback(symbol, OPTIONS, append, &t))
                return finish(&t, 1);
        t.used = 0;
        t.cut = false;
        if (symbol[1] != 'Z' || cplus_demangle_v3_callback(symbol, cplus_options(symbol), append, &t))
                return finish(&t, symbol[1] == 'Z');
        /* The name is valid, but the printer has reached its limit: for example a template with 1,100 arguments. */
        t.cut = true;
        return finish(&t, t.used > SHORT);
}

/* ---- Ada ---- */

bool demangle_maybe_ada(const char *symbol)
{
        const char *mark = strstr(symbol, "__");

        if (strncmp(symbol, "_ada_", 5) == 0)
                return islower((unsigned char)symbol[5]);
        return islower((unsigned char)symbol[0]) && mark && mark[2];
}

/* Removes what follows `at` if that is `mark`, a number, and one of `ends`: the entry "E12b" of a protected type. */
static bool ends_in_numbered(const char *at, char mark, const char *ends)
{
        size_t digits = at[0] == mark ? strspn(at + 1, "0123456789") : 0;

        return digits && at[1 + digits] && strchr(ends, at[1 + digits]) && !at[2 + digits];
}

/* Copies a name without the parts that libiberty rejects and gdb leaves out (ada/exp_dbug.ads describes the
 * encoding): the numbers of blocks and loops ("proc__B_2__nested"), the ends of task bodies and entries ("workerTB",
 * "getE1b"). */
static void simplify_ada(const char *from, size_t len, char *to)
{
        size_t used = 0;

        for (size_t i = 0; i < len;) {
                const char *s = from + i;
                size_t digits = strncmp(s, "__B_", 4) && strncmp(s, "__L_", 4) ? 0 : strspn(s + 4, "0123456789");

                if (digits && strncmp(s + 4 + digits, "__", 2) == 0)
                        i += 4 + digits;
                else
                        to[used++] = from[i++];
        }
        to[used] = '\0';
        if (used > 2 && strcmp(to + used - 2, "TB") == 0)
                to[used -= 2] = '\0';
        for (size_t i = used > 8 ? used - 8 : 1; i < used; i++)
                if (ends_in_numbered(to + i, 'E', "bs"))
                        to[i] = '\0';
}

/* ada_demangle() returns "<symbol>" for what is not an Ada name. */
static char *demangle_known_ada(const char *symbol)
{
        char *simple = malloc(strlen(symbol) + 1), *name;

        if (!simple)
                return NULL;
        simplify_ada(symbol, strlen(symbol), simple);
        name = ada_demangle(simple, OPTIONS);
        free(simple);
        if (name && name[0] != '<')
                return name;
        free(name);
        return NULL;
}

/* ---- suffixes ---- */

/* Returns what is not a part of the mangled name: "@plt" of a stub, ".cold" of a part of a function. In C++ and Rust
 * names libiberty recognizes the latter; a Fortran submodule is "module.submodule". */
static const char *suffix_of(const char *symbol, bool ada)
{
        const char *fortran = strncmp(symbol, "__", 2) ? NULL : strstr(symbol, "_MOD_");
        bool dots = ada || fortran || !strncmp(symbol, "_D", 2);
        const char *at = strpbrk(fortran ? fortran : symbol, dots ? "@." : "@");

        return at ? at : symbol + strlen(symbol);
}

/* ".0": gcc's number of a nested function, LLVM's of a static one. */
static bool is_number(const char *suffix)
{
        return suffix[0] == '.' && suffix[1] && !suffix[1 + strspn(suffix + 1, "0123456789")];
}

static char *with_suffix(char *name, const char *suffix)
{
        bool clone = suffix[0] == '.';
        char *whole;

        if (!name || !suffix[0] || is_number(suffix))
                return name;
        whole = malloc(strlen(name) + strlen(suffix) + sizeof(" [clone ]"));
        if (whole)
                strcpy(stpcpy(stpcpy(stpcpy(whole, name), clone ? " [clone " : ""), suffix), clone ? "]" : "");
        free(name);
        return whole;
}

/* A name that is not mangled, without a number: as in debugging information, and in gdb. */
static char *copy(const char *symbol)
{
        const char *suffix = strchr(symbol, '.');
        bool number = suffix && suffix > symbol && is_number(suffix);

        return strndup(symbol, number ? (size_t)(suffix - symbol) : strlen(symbol));
}

static char *demangle_or_copy(const char *symbol, char *(*known)(const char *symbol))
{
        const char *suffix = suffix_of(symbol, known == demangle_known_ada);
        char *mangled = (size_t)(suffix - symbol) <= MAX_MANGLED ? strndup(symbol, (size_t)(suffix - symbol)) : NULL;
        char *readable = mangled ? with_suffix(known(mangled), suffix) : NULL;

        free(mangled);
        return readable ? readable : copy(symbol);
}

char *demangle(const char *symbol)
{
        return demangle_or_copy(symbol, demangle_known);
}

char *demangle_ada(const char *symbol)
{
        return demangle_or_copy(symbol, demangle_known_ada);
}
