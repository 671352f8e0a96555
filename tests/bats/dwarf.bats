#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Lines and inlined calls from every flavour of debugging information, by
# build/tests/addr2frames: the same small program (tests/dwarf) compiled and packed in many ways. The reference is
# llvm-symbolizer where it is installed, else eu-addr2line; variants that only package the same code differently must
# have the same results as the plain one.
bats_require_minimum_version 1.5.0

setup_file() {
        export FLAVOURS=$BATS_FILE_TMPDIR
}

setup() {
        load helpers
        sources=$root/tests/dwarf
        reader=$tools/addr2frames
        cd "$T" || return 1
}

# build DIR CC CXX FLAG...: the program in DIR/prog.
build() {
        local dir=$1 cc=$2 cxx=$3
        shift 3
        command -v "$cc" >/dev/null || skip "$cc is not installed (package ${cc%%-*})"
        mkdir -p "$dir"
        (
                cd "$dir" &&
                        "$cc" "$@" -c "$sources/list.c" -o list.o && "$cc" -g -c "$sources/alias.S" -o alias.o &&
                        "$cxx" "$@" -std=gnu++17 -c "$sources/shapes.cc" -o shapes.o &&
                        "$cxx" "$@" shapes.o list.o alias.o -o prog -Wl,--build-id
        )
}

# The plain program, once for the whole file: -O2 -g of gcc.
plain() {
        [ -s "$FLAVOURS/plain/prog" ] || build "$FLAVOURS/plain" gcc g++ -O2 -g
        cp "$FLAVOURS/plain/prog" "$1"
}

addresses() {
        local start size
        read -r start size < <(readelf -SW "$1" | awk '{sub(/.*\]/, "")} $1 == ".text" {print $3, $5}')
        seq $((16#$start)) 7 $((16#$start + 16#$size - 1)) | xargs printf '%#x\n'
}

# same_answers FILE REFERENCE [OPTION...]: the results for all code of both files are equal, without diagnostics.
same_answers() {
        local file=$1 reference=$2
        shift 2
        addresses "$reference" >addresses
        "$reader" --last-rows --debug-dirs /none "$reference" <addresses >expected
        "$reader" --last-rows --debug-dirs /none "$@" "$file" <addresses >got
        [ "$(grep -c '|.*:[1-9][0-9]*:' expected)" -gt 500 ] || fail "the reference has no lines"
        cmp -s expected got || fail "$(diff expected got | head -20)"
}

# agrees FILE [OPTION...]: with llvm-symbolizer, or where that is missing and the options say so, with eu-addr2line.
agrees() {
        if command -v llvm-symbolizer >/dev/null; then
                set -- "$@" --symbolizer llvm-symbolizer
        elif [ -n "${EU-}" ]; then
                set -- "$@" --symbolizer eu-addr2line --functions --min 98.5
        else
                skip "llvm-symbolizer is not installed (package llvm)"
        fi
        /usr/bin/python3 "$root/tests/tools/compare_lines.py" "$reader" "$@" >&2
}

# ---- lines as in gdb ----

@test "lines are those that gdb shows, optimized or not" {
        for level in O0 O2; do
                build gdb-$level gcc g++ -$level -g
                /usr/bin/python3 "$root/tests/tools/compare_lines.py" "$reader" gdb-$level/prog --functions --symbolizer gdb \
                        --count 1500 >&2
        done
}

# ---- compilers and versions ----

@test "gcc, version 5" {
        EU=1
        for level in O0 O2; do
                build $level gcc g++ -$level -g -gdwarf-5
                agrees $level/prog --count 1500
        done
}

@test "gcc, version 4" {
        EU=1
        build v4 gcc g++ -O2 -gdwarf-4
        agrees v4/prog --count 1500
}

@test "gcc, versions 2 and 3" {
        EU=1
        for version in 2 3; do
                build v$version gcc g++ -O1 -gdwarf-$version
                agrees v$version/prog --count 800
        done
}

@test "clang, versions 4 and 5: no .debug_aranges" {
        for version in 4 5; do
                build v$version clang clang++ -O2 -gdwarf-$version
                agrees v$version/prog --count 1500
        done
}

@test "64-bit DWARF" {
        build dwarf64 gcc g++ -O2 -g -gdwarf64
        agrees dwarf64/prog --count 1000
}

@test "type units" {
        for version in 4 5; do
                build types$version gcc g++ -O2 -gdwarf-$version -fdebug-types-section
                agrees types$version/prog --count 800
        done
}

@test "-g1: line tables with the functions only" {
        for cc in "gcc g++" "clang clang++"; do
                # shellcheck disable=SC2086 # two words
                build g1 $cc -O2 -g1
                agrees g1/prog --count 1000
        done
}

@test "link-time optimization" {
        build lto gcc g++ -O2 -g -flto
        agrees lto/prog --count 1500
}

@test "functions in sections of their own" {
        EU=1
        build sections gcc g++ -O2 -g -ffunction-sections
        agrees sections/prog --count 1000
}

# ---- the same code, packaged differently ----

@test "compressed sections give the same answers" {
        for how in zlib zlib-gnu; do
                build gz-$how gcc g++ -O2 -g
                objcopy --compress-debug-sections=$how gz-$how/prog # gcc does not write zlib-gnu since 13
                readelf -SW gz-$how/prog | grep -qE '\.zdebug_info|\.debug_info .* C ' || fail "not compressed"
                plain reference
                same_answers gz-$how/prog reference
        done
}

@test "sections compressed by zstd give the same answers" { # not by gcc 12, but by packaging tools
        plain reference
        objcopy --compress-debug-sections=zstd reference zstd || skip "an objcopy without zstd"
        readelf -tW zstd | grep -q 'ZSTD, ' || fail "not compressed"
        same_answers zstd reference
}

@test "split units in .dwo files, versions 4 and 5" {
        plain reference
        for version in 4 5; do
                build split$version gcc g++ -O2 -gdwarf-$version -gsplit-dwarf
                same_answers split$version/prog reference
                rm split$version/shapes.dwo
                run "$reader" --last-rows split$version/prog <addresses
                [[ "$output" == *"split debug file shapes.dwo is missing"* ]] || fail "missing, and nothing is said"
                grep -q '/shapes.cc:' <<<"$output" || fail "no lines without the .dwo file"
        done
}

@test "split units beside the program, removed from their original directory" {
        plain reference
        build made gcc g++ -O2 -g -gsplit-dwarf
        mkdir moved
        mv made/prog made/*.dwo moved/
        same_answers moved/prog reference
}

@test "a .dwo file of another compilation is ignored" {
        build split gcc g++ -O2 -g -gsplit-dwarf
        build other gcc g++ -O0 -g -gsplit-dwarf
        cp other/*.dwo split/
        addresses split/prog >addresses
        run "$reader" --last-rows split/prog <addresses
        [[ "$output" == *"split debug file"*"is missing"* ]] || fail "nothing is said: ${output:0:300}"
}

@test "split units in a .dwp file" {
        need llvm-dwp
        plain reference
        for version in 4 5; do
                build dwp$version gcc g++ -O2 -gdwarf-$version -gsplit-dwarf
                (cd dwp$version && llvm-dwp -e prog -o prog.dwp && rm ./*.dwo)
                same_answers dwp$version/prog reference
        done
}

@test "split units in the .dwp file of binutils" {
        plain reference
        build dwp gcc g++ -O2 -gdwarf-4 -gsplit-dwarf
        (cd dwp && dwp -e prog -o prog.dwp && rm ./*.dwo)
        same_answers dwp/prog reference
}

@test "clang's inlined calls in the skeleton are used where the .dwo file is missing" {
        build skeleton clang clang++ -O2 -g -gsplit-dwarf -fsplit-dwarf-inlining
        rm skeleton/*.dwo
        agrees skeleton/prog --count 800
}

@test "dwz: one file packed, and two with a common file" {
        need dwz
        plain reference
        cp reference single
        dwz single
        same_answers single reference
        build other gcc g++ -O2 -g -DOTHER
        cp reference a
        cp other/prog b
        dwz -m common.debug a b
        readelf -SW a | grep -q gnu_debugaltlink || fail "no common file was made"
        same_answers a reference
        mkdir elsewhere
        mv common.debug elsewhere/
        run "$reader" --last-rows --debug-dirs /none a <addresses
        [[ "$output" == *"common debug file common.debug is missing"* ]] || fail "missing, and nothing is said"
}

@test "separate files: by debuglink, by build-id, none" {
        plain reference
        cp reference stripped
        objcopy --only-keep-debug reference stripped.debug
        strip -g stripped
        objcopy --add-gnu-debuglink=stripped.debug stripped
        same_answers stripped reference
        id=$(readelf -n reference | awk '/Build ID/ {print $3}')
        mkdir -p "dirs/.build-id/${id:0:2}"
        mv stripped.debug "dirs/.build-id/${id:0:2}/${id:2}.debug"
        same_answers stripped reference --debug-dirs "$PWD/dirs"
        "$reader" --last-rows --debug-dirs /none stripped <addresses >got
        lacks '|/' got || fail "lines out of nowhere"
}

# ---- contents of the results ----

@test "three calls inlined into each other: innermost first, each at its line and column" {
        cat >three.c <<'SOURCE'
volatile int sink;
static inline __attribute__((always_inline)) void third(int v)
{
        sink = v * 7; /* here */
}
static inline __attribute__((always_inline)) void second(int v) { third(v + 1); }
static inline __attribute__((always_inline)) void first(int v) { second(v + 2); }
__attribute__((noinline)) void outer(int v)
{
        first(v + 3);
}
int main(int argc, char **argv) { outer(argc); return argv[0] == 0; }
SOURCE
        gcc -O1 -g three.c -o three
        nm three | awk '$3 == "outer" {print $1}' | "$reader" three >got
        addr=$(objdump -d three --disassemble=outer | awk '/sink/ {sub(":", "", $1); print $1; exit}')
        "$reader" three <<<"$addr" | sed 1d >got
        here=$(pwd -P)/three.c
        diff got - <<EXPECTED || fail "calls are wrong"
  third|$here:4:14
  second|$here:6:67
  first|$here:7:66
  outer|$here:10:9
EXPECTED
}

@test "names: linkage name through declarations, else the symbol, else the qualified name" {
        plain reference
        addresses reference >addresses
        "$reader" --last-rows reference <addresses >got
        grep -q '^  std::for_each<.*|.*stl_algo.h' got || fail "no for_each()"
        grep -q '^  geometry::v1::box<double>::area() const|.*shapes.cc' got || fail "no area()"
        grep -q '^  clamp|.*shapes.h' got || fail "no clamp()"
        grep -q '^  main|.*shapes.cc' got || fail "no main()"
}

# ---- bounds ----

@test "too little memory: the names of the symbol table, and a diagnostic" {
        ! grep -q __asan_init "$reader" || skip "a sanitizer needs more memory than any bound leaves"
        plain reference
        addresses reference >addresses
        "$reader" --kilobytes 200 reference <addresses >got
        grep -q '^# ' got || fail "nothing is said"
        grep -q '^  main|' got || fail "no names"
}

# ---- large ----

big() {
        [ -n "${CHECK_ALL-}" ] || skip "slow: make check-all runs it"
        command -v "$1" >/dev/null || skip "$1 is not installed"
        [ -s "$tools/big-$1/big" ] || fail "make big-programs has not made it"
        agrees "$tools/big-$1/big" --count 1000 --seed "$RANDOM"
}

@test "1,000 addresses of a program with 200 MB of debugging information, gcc" {
        big g++
}

@test "1,000 addresses of a program with 100 MB of debugging information, clang" {
        big clang++
}

@test "1,000 addresses of libc and of python3-dbg" {
        [ -n "${CHECK_ALL-}" ] || skip "slow: make check-all runs it"
        libc=$(ldd /bin/true | awk '/libc\.so/ {print $3}')
        id=$(readelf -n "$libc" | awk '/Build ID/ {print $3}')
        [ -e "/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug" ] || skip "libc6-dbg is not installed"
        agrees "$libc" --count 1000 --seed "$RANDOM"
        [ -x /usr/bin/python3.11-dbg ] || skip "python3-dbg is not installed"
        agrees /usr/bin/python3.11-dbg --count 1000 --seed "$RANDOM"
}
