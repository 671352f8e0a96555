/* SPDX-License-Identifier: MIT */
#include "report/model/names.h"
#include "unwind/core/terms/str.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A name is scanned once from left to right. Text in brackets is copied, replaced by one word, or removed. */
struct reading {
        const char *at, *begin;
        char *out;
        const char *arguments;  /* for "<...>": NULL copies */
        const char *parameters; /* for "(...)": NULL copies */
        bool plain;             /* qualifiers, clone suffixes and numbers of lambdas are removed as well */
};

static bool is_word(char c)
{
        return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static void put(struct reading *r, const char *s, size_t len)
{
        memcpy(r->out, s, len);
        r->out += len;
}

/* Length of "operator<<" and similar names, whose symbols are not brackets; 0 if there is none at `s`. */
static size_t operator_length(const char *s)
{
        static const char *const signs[] = { "()", "[]", "<=>", "<<=", ">>=", "->*", "->",
                                             "<<", ">>", "<=",  ">=",  "<",   ">",   NULL };
        size_t i;

        for (i = 0; signs[i] && str_begins(s, "operator"); i++)
                if (str_begins(s + 8, signs[i]))
                        return 8 + strlen(signs[i]);
        return 0;
}

/* Returns the position after the bracket that closes the one at `s`; the end of the string if none does. */
static const char *after_bracket(const char *s)
{
        int depth = 0;

        while (*s) {
                size_t len = operator_length(s);

                if (len) {
                        s += len;
                        continue;
                }
                if (strchr("<({[", *s))
                        depth++;
                else if (strchr(">)}]", *s) && s[-1] != '-' && --depth <= 0)
                        return s + 1;
                s++;
        }
        return s;
}

static bool read_operator(struct reading *r)
{
        size_t len = operator_length(r->at);

        if (!len || (r->at > r->begin && is_word(r->at[-1])))
                return false;
        put(r, r->at, len);
        r->at += len;
        return true;
}

/* Ada's operators: pack."<". C++'s literal operators have an empty pair: operator"" _km. */
static bool read_quoted(struct reading *r)
{
        const char *end = *r->at == '"' ? strchr(r->at + 1, '"') : NULL;

        if (!end)
                return false;
        put(r, r->at, (size_t)(end + 1 - r->at));
        r->at = end + 1;
        return true;
}

/* "<" after a name begins arguments; at the start it is Rust's "<Type as Trait>::method", whose contents are scanned.
 */
static bool read_arguments(struct reading *r)
{
        if (*r->at != '<' || !r->arguments)
                return false;
        if (r->at == r->begin) {
                put(r, r->at++, 1);
                return true;
        }
        r->at = after_bracket(r->at);
        if (r->plain && r->out[-1] == ' ')
                r->out--; /* "operator< <int>" */
        put(r, r->arguments, strlen(r->arguments));
        return true;
}

static bool read_parameters(struct reading *r)
{
        if (*r->at != '(' || !r->parameters || str_begins(r->at, "(anonymous "))
                return false;
        if (!r->plain && r->at[1] == ')')
                return false; /* "()" is as short as its replacement */
        r->at = after_bracket(r->at);
        put(r, r->parameters, strlen(r->parameters));
        return true;
}

/* "{lambda(int)#1}" becomes "{lambda}"; "{{closure}}" is kept. LLVM's names of lambdas are 'lambda0' and $_0. */
static bool read_local(struct reading *r)
{
        const char *end;

        if (str_begins(r->at, "$_") || str_begins(r->at, "'lambda")) {
                r->at += 2;
                while (isalnum((unsigned char)*r->at) || *r->at == '\'')
                        r->at++;
                put(r, "{lambda}", 8);
                return true;
        }
        if (*r->at != '{')
                return false;
        for (end = after_bracket(r->at); r->at < end;) {
                if (*r->at == '(' || *r->at == '<') {
                        r->at = after_bracket(r->at);
                } else if (*r->at == '#') {
                        while (r->at < end && *r->at != '}')
                                r->at++;
                } else {
                        put(r, r->at++, 1);
                }
        }
        return true;
}

/* Text after a parameter list or a name that does not identify the function. */
static bool read_qualifier(struct reading *r)
{
        static const char *const qualifiers[] = { " const", " volatile", " noexcept", " &&", " &", NULL };
        size_t i;

        if (str_begins(r->at, "[abi:") || str_begins(r->at, " [clone ")) {
                r->at = after_bracket(*r->at == ' ' ? r->at + 1 : r->at);
                return true;
        }
        for (i = 0; qualifiers[i]; i++) {
                if (str_begins(r->at, qualifiers[i]) && !is_word(r->at[strlen(qualifiers[i])])) {
                        r->at += strlen(qualifiers[i]);
                        return true;
                }
        }
        return false;
}

/* Returns memory of pool_malloc(). */
static char *read_name(const char *name, const char *arguments, const char *parameters, bool plain)
{
        char *text = pool_malloc(5 * strlen(name) + 1); /* "$_" may become "{lambda}" */
        struct reading r = { .at = name, .begin = name, .out = text, .plain = plain };

        r.arguments = arguments;
        r.parameters = parameters;
        while (*r.at) {
                if (read_operator(&r) || read_quoted(&r) || read_arguments(&r) || read_parameters(&r))
                        continue;
                if (plain && (read_local(&r) || read_qualifier(&r)))
                        continue;
                put(&r, r.at++, 1);
        }
        *r.out = '\0';
        return text;
}

/* ---- suffixes and prefixes added by compilers and glibc ---- */

/* True for "constprop.0", "cold", "llvm.1234", "0" after the dot, and more of them. In Ada and D a dot also separates
 * scopes, and a function may be "tree.clone". */
static bool is_clone(const char *s)
{
        static const char *const numbered[] = {
                "constprop", "isra", "part", "lto_priv", "llvm", "clone", "__uniq", NULL
        };
        static const char *const alone[] = { "cold", "localalias", NULL };
        size_t i;

        for (i = 0; alone[i]; i++)
                if (str_begins(s, alone[i]) && (!s[strlen(alone[i])] || s[strlen(alone[i])] == '.'))
                        return true;
        for (i = 0; numbered[i]; i++)
                if (str_begins(s, numbered[i]) && s[strlen(numbered[i])] == '.' &&
                    isdigit((unsigned char)s[strlen(numbered[i]) + 1]))
                        return true;
        return isdigit((unsigned char)*s);
}

/* Names of function copies made by gcc and clang: "f.constprop.0.isra.0", "f.cold", "f.llvm.1234". Copies of C++, D, Ada
 * and Fortran functions are marked as in "f() [clone .cold]". */
static void cut_clones(char *name)
{
        char *dot = strchr(name, '.');

        for (; dot && dot > name; dot = strchr(dot + 1, '.')) {
                if (is_clone(dot + 1)) {
                        *dot = '\0';
                        return;
                }
        }
}

/* "::h0123456789abcdef" of Rust's legacy mangling. */
static void cut_hash(char *name)
{
        size_t len = strlen(name);

        if (len > 19 && str_begins(name + len - 19, "::h") && strspn(name + len - 16, "0123456789abcdef") == 16)
                name[len - 19] = '\0';
}

/* "__strlen_avx2", "__memmove_evex_unaligned_erms": glibc's implementations for certain processors. */
static char *cut_processor(char *name)
{
        static const char *const marks[] = { "_avx", "_sse", "_evex", "_erms", "_ssse", "_fma", NULL };
        size_t i;

        if (!str_begins(name, "__") || strchr(name, ':'))
                return name;
        if (str_begins(name, "____strto") ||
            str_begins(name, "____wcsto")) { /* "____strtol_l_internal", which implements strtol */
                char *mark = strstr(name, "_l_internal");

                if (mark && !mark[11]) {
                        *mark = '\0';
                        return name + 4;
                }
        }
        for (i = 0; marks[i]; i++) {
                char *mark = strstr(name + 2, marks[i]);

                if (mark && mark > name + 2) {
                        *mark = '\0';
                        return name + 2;
                }
        }
        return name;
}

/* Returns the rest of a name that begins with `prefix`, if it is in the list. */
static const char *known_rest(const char *name, const char *prefix, const char *const *list)
{
        size_t i;

        for (i = 0; str_begins(name, prefix) && list[i]; i++)
                if (!strcmp(name + strlen(prefix), list[i]))
                        return list[i];
        return NULL;
}

/* "__GI_abort", "__libc_malloc", "_IO_fwrite", "__isoc99_sscanf": glibc's internal aliases of exported functions. */
static const char *without_alias(const char *name)
{
        static const char *const memory[] = { "malloc", "calloc", "realloc", "free", "memalign", NULL };
        static const char *const stdio[] = { "fclose", "fdopen", "fflush", "fgets", "fopen",   "fputs",
                                             "fread",  "fwrite", "puts",   "popen", "setvbuf", NULL };
        const char *rest;

        if (str_begins(name, "__GI_") && name[5])
                name += 5;
        if ((str_begins(name, "__isoc99_") || str_begins(name, "__isoc23_")) && name[9])
                return name + 9;
        rest = known_rest(name, "__libc_", memory);
        if (!rest)
                rest = known_rest(name, "_IO_", stdio);
        if (!rest)
                rest = known_rest(name, "_IO_new_", stdio);
        return rest ? rest : name;
}

const char *names_plain(struct pool *pool, const char *name)
{
        char *text;
        const char *kept;

        name = without_alias(name);
        text = read_name(name, "<>", "", true);
        cut_hash(text);
        if (!strchr(name, '('))
                cut_clones(text);
        kept = pool_strdup(pool, cut_processor(text));
        free(text);
        return kept;
}

/* ---- length ---- */

size_t names_width(const char *s)
{
        size_t n = 0;

        for (; *s; s++)
                n += ((unsigned char)*s & 0xc0) != 0x80;
        return n;
}

const char *names_cut(struct pool *pool, const char *s, size_t room)
{
        const char *end = s;
        size_t n = 0;

        if (names_width(s) <= room)
                return s;
        while (*end && (n += ((unsigned char)*end & 0xc0) != 0x80) <= room - 3)
                end++;
        return pool_printf(pool, "%.*s...", (int)(end - s), s);
}

/* Replaces each `from` in `text` in place; `to` must not be longer. */
static void replace(char *text, const char *from, const char *to)
{
        size_t old_len = strlen(from), new_len = strlen(to);

        while ((text = strstr(text, from))) {
                memcpy(text, to, new_len);
                memmove(text + new_len, text + old_len, strlen(text + old_len) + 1);
                text += new_len;
        }
}

/* Removes ", std::allocator<T>" as an argument, which is usually a default argument. */
static void cut_allocators(char *text)
{
        static const char word[] = ", std::allocator<";

        while ((text = strstr(text, word))) {
                const char *end = after_bracket(text + sizeof(word) - 2);

                memmove(text, end, strlen(end) + 1);
        }
}

/* std::throw_with_nested(E) throws a std::_Nested_exception<E>, which is derived from E. */
static char *without_nesting(char *text)
{
        static const char made[] = "std::_Nested_exception<";
        size_t len = strlen(text);

        if (!str_begins(text, made) || text[len - 1] != '>')
                return text;
        text[len - 1] = '\0';
        return text + sizeof(made) - 1;
}

const char *names_readable(struct pool *pool, const char *name)
{
        char *text;

        text = pool_strdup(pool, without_alias(name));
        if (!strchr(text, '<'))
                return cut_processor(text);
        cut_allocators(text);
        replace(text, "std::__cxx11::", "std::");
        replace(text, " >", ">");
        replace(text, "std::basic_string<char, std::char_traits<char>>", "std::string");
        replace(text, "std::basic_string_view<char, std::char_traits<char>>", "std::string_view");
        return without_nesting(text);
}

const char *names_short(struct pool *pool, const char *name, size_t room)
{
        const char *const parameters[] = { NULL, "(...)" };
        const char *kept = name = names_readable(pool, name);
        size_t i;

        for (i = 0; i < 2 && names_width(kept) > room; i++) {
                char *text = read_name(name, "<...>", parameters[i], false);

                kept = pool_strdup(pool, text);
                free(text);
        }
        if (names_width(kept) > room)
                kept = names_plain(pool, name);
        return names_cut(pool, kept, room);
}
