/* SPDX-License-Identifier: MIT */
/* report/model/names.h: makes names of functions comparable and short. Supports C, C++ (as libiberty and LLVM print
 * them), Rust, D, Fortran and Ada. Not async-signal-safe. */
#ifndef CRASHPRE_REPORT_NAMES_H
#define CRASHPRE_REPORT_NAMES_H

#include "report/model/pool.h"

/* Removes from a name what depends on compilers, builds and overloads; the result is from the pool:
 *
 *     shop::put<Item, 4>(Item const&) const      shop::put<>
 *     zoo::run(int)::{lambda(char)#2}::operator()(char) const   zoo::run::{lambda}::operator()
 *     hash.constprop.0.isra.0                    hash
 *     name[abi:cxx11]()                          name
 *     alloc::vec::push::h0123456789abcdef        alloc::vec::push
 *     __GI_abort, __strlen_avx2                  abort, strlen
 */
const char *names_plain(struct pool *pool, const char *name);

/* For display: "std::vector<std::string>", not "std::vector<std::__cxx11::basic_string<char, std::char_traits<char>,
 * std::allocator<char> >, std::allocator<...> >"; "abort", not "__GI_abort"; "strlen", not "__strlen_avx2". From the
 * pool. */
const char *names_readable(struct pool *pool, const char *name);

/* Returns `name`, readable, in no more than `room` characters (at least 8): unchanged if it fits, else with "<...>"
 * for its template arguments, then also "(...)" for its parameters, then plain, finally truncated. */
const char *names_short(struct pool *pool, const char *name, size_t room);

/* Returns the number of characters of a UTF-8 string. */
size_t names_width(const char *s);

/* Returns `s`; if it exceeds `room` characters (at least 4), truncated and ending in "...". */
const char *names_cut(struct pool *pool, const char *s, size_t room);

#endif
