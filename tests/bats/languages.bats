#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Programs of each language (tests/languages), compiled at -O0 and -O2: frames, lines and inlined calls are those of gdb at the same
# crash, and so are the names, with the differences that each test gives as a sed script. The names are also those of the program without
# debugging information, as far as its symbols contain them.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        need gdb /usr/bin/python3
        fresh_reports
        export CRASHPRE_STDERR=none CRASHPRE_CHAIN=first
        sources=$root/tests/languages
        cd "$T" || return 1
}

# needs COMMAND PACKAGE
needs() {
        command -v "$1" >/dev/null || skip "package $2 is not installed"
}

# as_gdb PROGRAM [GDB-SED [OURS-SED]]: the frames agree, and after both scripts also the names, down to main or the start of a thread.
as_gdb() {
        fresh_reports
        /usr/bin/python3 "$root/tests/gdb/oracle.py" --preload "$preload" --work "$T" --names names -- "./$1" >&2 || fail "$1" || return 1
        good_reports 1 || return 1
        # What gdb calls __libc_start_main_impl is __libc_start_main to everybody else: two symbols of one address.
        cut -f 1 names | sed -E "/^__libc_start_/d;${2-}" >"$1.gdb"
        cut -f 2 names | sed -E "/^__libc_start_/d;${3-}" >"$1.ours"
        [ "$(wc -l <"$1.ours")" -ge 4 ] || fail "$1: $(cat "$1.ours")" || return 1
        diff "$1.gdb" "$1.ours" >&2 || fail "$1: names of gdb (left) and ours (right) differ"
}

# signature_of PROGRAM
signature_of() {
        fresh_reports
        preloaded "./$1" >/dev/null 2>&1 </dev/null || true
        json "$(the_report)" .signature
}

# same_signature PROGRAM [SED]: without debugging information too, after the script. Not for -O2: inlined calls have no symbols.
same_signature() {
        strip -g -o "$1-stripped" "./$1"
        local with without
        with=$(signature_of "$1" | sed -E "${2-}")
        without=$(signature_of "$1-stripped")
        [ -n "$with" ] || fail "$1 has no signature" || return 1
        [ "$with" = "$without" ] || fail "$1: '$with', without debugging information '$without'"
}

@test "C: frames, inlined calls and names are those of gdb" {
        for level in O0 O2; do
                gcc -g -$level "$sources/nest.c" -o c-$level
                as_gdb c-$level || return 1
        done
        same_signature c-O0
}

@test "C++: frames, inlined calls and names are those of gdb" {
        for level in O0 O2; do
                g++ -std=gnu++17 -w -g -$level "$sources/nest.cc" -o cc-$level
                # gdb 13 does not print the function that a lambda is in, unless it is a template.
                as_gdb cc-$level "" 's/^main::\{lambda.*\}::operator/operator/' || return 1
        done
        grep -q '^shapes::box<short, 1>::operator char const\*$' cc-O2.ours || fail "$(cat cc-O2.ours)"
        same_signature cc-O0
        # deep enough for the templates whose symbols contain a return type
        json "$(the_report)" '.threads[0].frames[].function' >stripped
        grep -q '^shapes::join<int&, double&, char const (&) \[5\], char, bool>(int&' stripped || fail "$(cat stripped)"
}

@test "Fortran: modules, submodules, contained procedures and the main program are named as in gdb" {
        needs gfortran gfortran
        for level in O2 O0; do
                gfortran -g -$level "$sources/nest.f90" -o f-$level
                # gdb 13 prints contained procedures without the outer one where they are inlined.
                as_gdb f-$level "" "$([ $level = O0 ] || printf %s 's/^(step|demo)::(inner|internal)$/\2/')" || return 1
        done
        [ "$(head -n 8 f-O0.ours | paste -sd ' ')" = "solver::grid_store step::inner solver::step solver::named_for_c solver.details::from_submodule external_one demo::internal demo" ] ||
                fail "$(cat f-O0.ours)"
        assert_json "$(the_report)" 'any(.threads[0].frames[]; .symbol == "MAIN__")'
        # Not in the symbols: around a contained procedure; the Fortran name of one that has another name for C.
        same_signature f-O0 's/step::inner/inner/; s/solver::named_for_c/cName/'
}

@test "Ada: packages, overloads, operators, instances, tasks and nested procedures are named as in gdb" {
        needs gnatmake gnat
        for level in O0 O2; do
                mkdir $level
                (cd $level && gnatmake -q -g -$level -aI"$sources" start.adb -o ../ada-$level) >&2
                as_gdb ada-$level || return 1
        done
        grep -qx 'shop."+"' ada-O2.ours || fail "$(cat ada-O2.ours)"
        assert_json "$(the_report)" 'any(.threads[0].frames[]; .symbol == "shop__put__2")'
        same_signature ada-O0
}

@test "names as GNAT encodes them, no debugging information: Ada's only in a module that refers to GNAT's run-time" {
        cat >encoded.c <<'END'
static int *volatile nowhere;
__attribute__((noinline)) void pack__proc__2(void) { *nowhere = 1; }
int main(void) { pack__proc__2(); return 0; }
#ifdef GNAT
int __gnat_version;
#endif
END
        gcc -o c encoded.c
        gcc -DGNAT -o ada encoded.c
        [ "$(signature_of c) $(signature_of ada)" = "pack__proc__2 | main pack.proc | main" ] || fail "$(signature_of c) $(signature_of ada)"
}

# Neither gdb 13 nor its backtrace demangles D's names where there is debugging information; ours are compared with its demangler.
d_as_gdb() {
        fresh_reports
        /usr/bin/python3 "$root/tests/gdb/oracle.py" --preload "$preload" --work "$T" --names names -- "./$1" >&2 || fail "$1" || return 1
        json "$(the_report)" '.threads[0].frames[] | select((.symbol // "") | startswith("_D")) | .symbol + "\t" + .function' >mangled || return 1
        [ "$(wc -l <mangled)" -ge 4 ] || fail "$1: $(cat mangled)" || return 1
        cut -f 1 mangled | sed 's/^/demangle -l d -- /' >commands || return 1
        gdb -batch -nx -x commands >demangled || return 1
        diff demangled <(cut -f 2 mangled) >&2 || fail "$1: gdb's (left) and our demangled names differ" || return 1
        # With names of inlined functions from debugging information, these are found at both levels.
        local name
        for name in nest.d.Cell.opAssign nest.d.outer.nested nest.d.outer.__lambda4 nest.d.outer forC "D main"; do
                cut -f 2 names | grep -qxF "$name" || fail "$1 has no $name: $(cat names)" || return 1
        done
}

@test "D: classes, templates, nested functions and delegates, by gdc and ldc" {
        needs gdc gdc
        needs ldc2 ldc
        for level in O0 O2; do
                gdc -g -$level "$sources/nest.d" -o gdc-$level
                d_as_gdb gdc-$level || return 1
                ldc2 -g -$level "$sources/nest.d" -of=ldc-$level >&2
                d_as_gdb ldc-$level || return 1
        done
        same_signature gdc-O0
        same_signature ldc-O0
}

@test "Rust: frames and functions are those of gdb, in both mangling schemes" {
        needs rustc rustc
        for level in O0 O2; do
                for scheme in "" "-C symbol-mangling-version=v0"; do
                        # shellcheck disable=SC2086 # two words
                        rustc -A warnings -g -C debug-assertions=off -C opt-level="${level#O}" $scheme --crate-name nest "$sources/nest.rs" -o rust-$level
                        # gdb prints the types as in debugging information, and impls by number: nest::store::{impl#0}::put<i32>. Ours
                        # are the linkage names: <nest::store::Cell<i32> as nest::store::Put<i32>>::put. The last part is compared.
                        last='s/ as [^>]*>*//; :a; s/<[^<>]*>//g; ta; s/::$//; s/\{+closure[^}]*\}+/closure/g; s/^.*:://; s/^.*>//'
                        as_gdb rust-$level "$last" "$last" || return 1
                        [ "$level" = O2 ] || same_signature rust-O0 || return 1
                done
        done
}

@test "Nim: frames and C names are those of gdb" {
        needs nim nim
        for level in none speed; do
                nim c --hints:off --nimcache:"$T/$level" --debugger:native -d:release --opt:$level --stackTrace:off -d:noSignalHandler \
                        -o:"$T/nim-$level" "$sources/nest.nim" >&2
                as_gdb nim-$level || return 1
        done
        same_signature nim-none
}

@test "OCaml: frames and symbols are those of gdb" {
        needs ocamlopt ocaml-nox
        cp "$sources/nest.ml" .
        for level in 0 2; do
                gcc -g -O$level -c "$sources/stub.c" -o stub$level.o
                ocamlopt -g -inline $((level * 100)) stub$level.o nest.ml -o ml-O$level
                as_gdb ml-O$level || return 1
        done
        same_signature ml-O0
}

# Free Pascal's run-time sets its handlers by system calls of its own, so its crashes are not reported: only names are compared.
@test "Pascal: functions are named as in gdb, not by linkage names" {
        needs fpc fp-compiler
        fpc -gw3 -O- -FE"$T" "$sources/shelf.pas" >&2
        gdb -batch -nx -ex run -ex bt ./shelf 2>/dev/null | sed -n 's/^#[0-9]* *0x0*\([0-9a-f]*\) in \([^ ]*\).*/\1 \2/p' >stack
        [ "$(cut -d ' ' -f 2 stack | paste -sd ' ')" = "Put Put Nested Outer \$main" ] || fail "$(cat stack)"
        cut -d ' ' -f 1 stack | "$tools/addr2frames" shelf | sed -n 's/^  \([^|]*\)|.*/\1/p' >ours
        diff <(cut -d ' ' -f 2 stack) ours
}

@test "assembly: frames and symbols, also one without type and size, are those of gdb" {
        gcc -g -O2 -c "$sources/stub.c" -o stub.o
        for option in -g -g0; do
                gcc $option "$sources/nest.s" stub.o -o "s$option"
                as_gdb "s$option" || return 1
        done
        same_signature s-g
}

@test "names of 10,000 characters are whole, longer ones are marked, with and without debugging information" {
        cat >long.cc <<'END'
#include <utility>
static int *volatile nowhere;
template <int... N> [[gnu::noinline]] void store(std::integer_sequence<int, N...>) { *nowhere = sizeof...(N); }
int main() { store(std::make_integer_sequence<int, COUNT>()); }
END
        # characters: of "store<0, ...>" and of "std::integer_sequence<int, 0, ...>"; with 1,700 libiberty gives up
        for count in 900 1700; do
                g++ -DCOUNT=$count -g long.cc -o long-$count
                same_signature long-$count
                assert_json "$(the_report)" '.threads[0].frames[0].function | length > 3000 and startswith("store<0, 1, 2, ")'
                assert_json "$(the_report)" ".threads[0].frames[0].function | endswith(\"...\") == ($count > 1024)"
                [ "$(json "$(the_report)" .signature)" = "store<> | main" ] || fail "$(json "$(the_report)" .signature)"
        done
}
