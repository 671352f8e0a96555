/* SPDX-License-Identifier: MIT */
/* report/model/names.h: names of functions, made comparable and made short. Both understand C, C++ (as libiberty and LLVM
 * write them) and Rust. */
#ifndef CRASHPRE_REPORT_NAMES_H
#define CRASHPRE_REPORT_NAMES_H

#include "report/model/pool.h"

/* What stays of a name where compilers, builds and overloads are set aside, from the pool:
 *
 *     shop::put<Item, 4>(Item const&) const      shop::put<>
 *     zoo::run(int)::{lambda(char)#2}::operator()(char) const   zoo::run::{lambda}::operator()
 *     hash.constprop.0.isra.0                    hash
 *     name[abi:cxx11]()                          name
 *     alloc::vec::push::h0123456789abcdef        alloc::vec::push
 *     __GI_abort, __strlen_avx2                  abort, strlen
 */
const char *names_plain(struct pool *pool, const char *name);

/* For reading: "std::vector<std::string>", not "std::vector<std::__cxx11::basic_string<char, std::char_traits<char>,
 * std::allocator<char> >, std::allocator<...> >"; "abort", not "__GI_abort"; "strlen", not "__strlen_avx2". From the pool. */
const char *names_readable(struct pool *pool, const char *name);

/* `name`, readable, in no more than `room` characters (at least 8): whole if it fits, else with "<...>" for its template
 * arguments, then with "(...)" for its parameters, then plain, in the end cut. */
const char *names_short(struct pool *pool, const char *name, size_t room);

/* Characters, not bytes, of UTF-8. */
size_t names_width(const char *s);

/* `s` cut to `room` characters (at least 4), "..." at its end then. */
const char *names_cut(struct pool *pool, const char *s, size_t room);

#endif
