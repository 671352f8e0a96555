/* SPDX-License-Identifier: MIT */
/* tests/unit/report_names.c: names of functions made comparable, readable and short. */
#include "report/model/names.h"
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

static struct pool pool;

struct pair {
        const char *name, *wanted;
};

static const struct pair plain[] = {
        { "main", "main" },
        { "", "" },
        { "hash.constprop.0.isra.0", "hash" },
        { "parse.part.1.cold", "parse" },
        { "walk.llvm.1234567890", "walk" },
        { "main.main", "main.main" },
        { "runtime.goexit.abi0", "runtime.goexit.abi0" },
        { "__GI_abort", "abort" },
        { "__GI___assert_fail", "__assert_fail" },
        { "__libc_malloc", "malloc" },
        { "__libc_start_main", "__libc_start_main" },
        { "____strtol_l_internal", "strtol" },
        { "__GI_____strtod_l_internal", "strtod" },
        { "_IO_fwrite", "fwrite" },
        { "__GI__IO_new_fclose", "fclose" },
        { "_IO_mine", "_IO_mine" },
        { "__isoc99_sscanf", "sscanf" },
        { "__strlen_avx2", "strlen" },
        { "__memmove_evex_unaligned_erms", "memmove" },
        { "my_sse_path", "my_sse_path" },
        { "shop::put<Item, 4>(Item const&) const", "shop::put<>" },
        { "std::map<int, std::vector<int> >::at(int const&)", "std::map<>::at" },
        { "zoo::run(int)::{lambda(char)#2}::operator()(char) const", "zoo::run::{lambda}::operator()" },
        { "zoo::words::{lambda()#6}::operator()() const::{lambda()#1}::operator()() const",
          "zoo::words::{lambda}::operator()::{lambda}::operator()" },
        { "zoo::$_0::operator()() const", "zoo::{lambda}::operator()" },
        { "zoo::run()::'lambda0'(int)::operator()(int) const", "zoo::run::{lambda}::operator()" },
        { "(anonymous namespace)::pick(int)", "(anonymous namespace)::pick" },
        { "app::(anonymous namespace)::pick(int)", "app::(anonymous namespace)::pick" },
        { "bool operator< <int>(Box<int> const&, Box<int> const&)", "bool operator<<>" },
        { "operator<<(std::ostream&, Item const&)", "operator<<" },
        { "Box<int>::operator->() const", "Box<>::operator->" },
        { "Box<int>::operator()(int) const", "Box<>::operator()" },
        { "Box<(Kind)1>::operator bool() const", "Box<>::operator bool" },
        { "call<void (*)(int)>(void (*)(int))", "call<>" },
        { "cooperator(int)", "cooperator" },
        { "name[abi:cxx11](int)", "name" },
        { "take(int) [clone .isra.0]", "take" },
        { "Item::swap(Item&) &&", "Item::swap" },
        { "Item::constant()", "Item::constant" },
        { "alloc::vec::push::h0123456789abcdef", "alloc::vec::push" },
        { "app::h0123456789abcdeg", "app::h0123456789abcdeg" },
        { "app::main::{{closure}}", "app::main::{{closure}}" },
        { "app::main::{closure#0}", "app::main::{closure}" },
        { "<app::Shelf<T> as core::ops::drop::Drop>::drop", "<app::Shelf<> as core::ops::drop::Drop>::drop" },
        { "app::sort::<u32, 4>", "app::sort::<>" },
        { "nest.app.destroy(int)", "nest.app.destroy" },
        { "nest.app.put!(int).put(int) [clone .cold]", "nest.app.put!.put" },
        { "shop.clone", "shop.clone" },
        { "shop.part.nested [clone .part.0]", "shop.part.nested" },
        { "shop.\"<\"", "shop.\"<\"" },
        { "operator\"\" _km(long double)", "operator\"\" _km" },
        { "solver.details::step.constprop.0", "solver.details::step" },
        { "nested.0", "nested" },
        { "f.cold", "f" },
        { "f.llvm.123", "f" },
        /* invalid and truncated names */
        { "f(", "f" },
        { "f<", "f<>" },
        { "f{lambda", "f{lambda" },
        { ">)}", ">)}" },
        { "operator", "operator" },
        { "::h", "::h" },
        { ".cold", ".cold" },
};

static const struct pair readable[] = {
        { "std::vector<Item, std::allocator<Item> >", "std::vector<Item>" },
        { "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >", "std::string" },
        { "f(std::map<std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >, int>&)",
          "f(std::map<std::string, int>&)" },
        { "std::vector<std::vector<std::vector<int, std::allocator<int> >, std::allocator<std::vector<int, "
          "std::allocator<int> > > >, std::allocator<int> >",
          "std::vector<std::vector<std::vector<int>>>" },
        { "a < b", "a < b" },
        { "f(int)", "f(int)" },
        { "__strlen_avx2", "strlen" },
        { "std::_Nested_exception<app::error<int> >", "app::error<int>" },
        { "std::_Nested_exception<", "std::_Nested_exception<" },
        { "f<, std::allocator<", "f<" },
};

static void table(const char *what, const char *(*make)(struct pool *, const char *), const struct pair *v, size_t n)
{
        size_t i;

        for (i = 0; i < n; i++) {
                const char *got = make(&pool, v[i].name);

                if (!tap_ok(!strcmp(got, v[i].wanted), "%s of '%s'", what, v[i].name))
                        printf("# got    %s\n# wanted %s\n", got, v[i].wanted);
        }
}

static void room(size_t n, const char *name, const char *wanted)
{
        const char *got = names_short(&pool, name, n);

        if (!tap_ok(!strcmp(got, wanted) && names_width(got) <= n, "'%s' in %zu characters", name, n))
                printf("# got    %s\n# wanted %s\n", got, wanted);
}

static void in_room(void)
{
        static const char name[] = "shop::put_all<std::vector<shop::Item> >(shop::Shelf&, int)";

        room(80, name, "shop::put_all<std::vector<shop::Item>>(shop::Shelf&, int)");
        room(50, name, "shop::put_all<...>(shop::Shelf&, int)");
        room(25, name, "shop::put_all<...>(...)");
        room(16, name, "shop::put_all<>");
        room(14, name, "shop::put_a...");
        room(10, "nothing_to_leave_out()", "nothing...");
        room(10, "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4",
             "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4");
}

/* Names in debugging information are untrusted: unbalanced brackets must not lead out of the string. */
static void every_prefix(void)
{
        static const char name[] =
                "<a::B<c> as D>::operator<< <int, (E)1>({lambda(F)#1}, G[2]) const [clone .isra.0]::h01";
        char text[sizeof(name)];
        size_t i;
        bool fine = true;

        for (i = 0; i < sizeof(name); i++) {
                memcpy(text, name, i);
                text[i] = '\0';
                fine &= strlen(names_plain(&pool, text)) <= 5 * i && names_width(names_short(&pool, text, 12)) <= 12;
                memmove(text, name + i, sizeof(name) - i);
                fine &= strlen(names_plain(&pool, text)) <= 5 * (sizeof(name) - i);
        }
        tap_ok(fine, "a name truncated at any position, at either end");
}

int main(void)
{
        table("plain name", names_plain, plain, sizeof(plain) / sizeof(plain[0]));
        table("readable name", names_readable, readable, sizeof(readable) / sizeof(readable[0]));
        in_room();
        every_prefix();
        pool_free(&pool);
        return tap_done();
}
