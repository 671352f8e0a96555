# SPDX-License-Identifier: MIT
# The build system: packages, installed tree, and a test run that loses no result. Serial,
# since make may change the build tree that the other files use.
# bats file_tags=serial
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        cd "$root" || exit
}

# A dpkg-query that reports the packages named in $T/installed, and an apt-get that records its arguments.
fake_packages() {
        mkdir -p "$T/bin"
        printf '%s\n' "$@" >"$T/installed"
        cat >"$T/bin/dpkg-query" <<'EOF'
#!/bin/bash
while read -r name; do echo "installed $name"; done <"$(dirname "$0")/../installed"
EOF
        cat >"$T/bin/apt-get" <<'EOF'
#!/bin/bash
echo "apt-get $*" >>"$(dirname "$0")/../calls"
EOF
        cat >"$T/bin/id" <<'EOF'
#!/bin/bash
echo "${FAKE_UID:-0}"
EOF
        chmod +x "$T"/bin/*
        PATH=$T/bin:$PATH
}

# A tree with the runner of the tests and nothing else; the caller adds files to it.
small_tree() {
        mkdir -p "$T/tree/tests/bats" "$T/tree/tests/unit" "$T/tree/build/tests/unit"
        cp -r scripts "$T/tree"
}

# unit NAME LINE...: a C test in the small tree; what would be compiled from it is a shell script of these lines.
unit() {
        local program=$T/tree/build/tests/unit/$1
        touch "$T/tree/tests/unit/$1.c"
        printf '%s\n' '#!/bin/bash' "${@:2}" >"$program"
        chmod +x "$program"
}

small_check() {
        env -u KEEP -u JOBS TESTS="${SELECT-}" BATS_TEST_TIMEOUT=3 BUILD=build "$T/tree/scripts/check" "$@"
}

@test "packages: nothing missing, no output" {
        mapfile -t names < <(scripts/packages --list build check)
        fake_packages "${names[@]}"
        run scripts/packages build check
        [ "$status" = 0 ] && [ -z "$output" ] || fail "$status: $output"
        [ ! -e "$T/calls" ] || fail "$(<"$T/calls")"
}

@test "packages: as root, missing packages are installed, with a message" {
        fake_packages gcc g++ make
        run --separate-stderr scripts/packages build
        [ "$status" = 0 ] && [ -z "$output" ] || fail "$status: $output"
        [[ $stderr == "crashpre: installing "*libdw-dev* ]] || fail "$stderr"
        grep -q '^apt-get install -y --no-install-recommends --no-remove libc6-dev libcapstone-dev libdw-dev' "$T/calls" || fail "$(<"$T/calls")"
}

@test "packages: as another user, the command to type is printed, and the build stops" {
        fake_packages gcc g++ make
        export FAKE_UID=1000
        run scripts/packages build
        [ "$status" = 1 ] || fail "status $status"
        [[ $output == *"apt-get install -y --no-install-recommends --no-remove libc6-dev libcapstone-dev libdw-dev"* ]] || fail "$output"
        run env BUILD="$T/build" make demo
        [ "$status" != 0 ] && [[ $output == *"apt-get install"* ]] || fail "$status: $output"
        [ ! -e "$T/calls" ] || fail "$(<"$T/calls")"
        [ ! -e "$T/build/obj" ] || fail "something was compiled"
}

@test "packages: names that differ on other systems" {
        list() {
                printf 'ID=%s\nVERSION_ID="%s"\n' "$1" "$2" >"$T/os-release"
                OS_RELEASE=$T/os-release scripts/packages --list check heavy | grep -E '^(binutils-gold|chromium.*)$' | paste -sd ' '
        }
        [ "$(list debian 12)" = chromium ] || fail "$(list debian 12)"
        [ "$(list debian 13)" = "binutils-gold chromium" ] || fail "$(list debian 13)"
        [ "$(list ubuntu 22.04)" = chromium-browser ] || fail "$(list ubuntu 22.04)"
        [ "$(list ubuntu 24.04)" = chromium-browser ] || fail "$(list ubuntu 24.04)"
}

@test "packages: those of make deb are all that dpkg-buildpackage requires" {
        mapfile -t names < <(scripts/packages --list build deb)
        for name in build-essential $(sed -n '/^Build-Depends:/,/^[^ B]/s/^ \([a-z0-9-]*\)\( .*\)\{0,1\},$/\1/p' scripts/debian/control); do
                [[ $name == debhelper-compat || " ${names[*]} " == *" $name "* ]] || fail "no $name" || return 1
        done
}

@test "a directory with a blank in its name: what is built there reports a crash, is tested and installed" {
        tree="$T/a b"
        mkdir "$tree"
        find . -maxdepth 1 ! -name . ! -name .git ! -name 'build*' -print0 | xargs -0 cp -rp -t "$tree"
        mkdir -p "$tree/build/obj"
        cp -rp "$build/gen" "$tree/build" # saves half of the work
        cp -rp "$build"/obj/{tool,*.a} "$tree/build/obj"
        cd "$tree"
        export BUILD=build
        make build/lib/libcrashpre.so build/bin/crashpre build/libexec/crashpre/crashpre-helper build/tests/zoo-O0/zoo >/dev/null 3>&-
        ln -s "$tree/build" "$T/build" # LD_PRELOAD ends at a blank
        fresh_reports
        LD_PRELOAD=$T/build/lib/libcrashpre.so run -139 "$tree/build/tests/zoo-O0/zoo" null-write
        assert_json "$(the_report)" '.process.exe | endswith("/a b/build/tests/zoo-O0/zoo")'
        assert_json "$(the_report)" '.threads[0].frames[0] | .function == "null_write" and (.file | endswith("/a b/tests/zoo/words/memory.c"))'
        make install DESTDIR="$T/c d" >/dev/null 3>&-
        cmp build/lib/libcrashpre.so "$T/c d/usr/local/lib/libcrashpre.so"
        make uninstall DESTDIR="$T/c d" >/dev/null 3>&-
        [ -z "$(find "$T/c d" -type f)" ] || fail "$(find "$T/c d" -type f)"

        rm -rf tests/bats tests/unit
        mkdir -p tests/bats tests/unit
        printf '%s\n' '@test "no blank" { [[ $BUILD != *" "* ]] && [ -x "$BUILD/bin/crashpre" ]; }' >tests/bats/one.bats
        run -0 --separate-stderr env -u TESTS -u KEEP -u JOBS BUILD="$tree/build" scripts/check
        [ "${lines[-1]}" = "1 passed, 0 failed, 0 skipped" ] || fail "$output"
}

@test "install: the build tree's files below DESTDIR and PREFIX, and they work there; uninstall removes them" {
        make install DESTDIR="$T/root" PREFIX=/opt/crashpre >/dev/null 3>&-
        prefix=$T/root/opt/crashpre
        for file in bin/crashpre lib/libcrashpre.so libexec/crashpre/crashpre-helper include/crashpre.h \
                share/crashpre/crashpre-report.schema.json share/man/man3/crashpre.3 share/man/man7/libcrashpre.7 share/doc/crashpre/LICENSE \
                share/bash-completion/completions/crashpre share/zsh/site-functions/_crashpre; do
                cmp "$build/$file" "$prefix/$file"
        done
        fresh_reports
        LD_PRELOAD=$prefix/lib/libcrashpre.so run -139 "$(zoo)" null-write
        the_report >/dev/null
        make uninstall DESTDIR="$T/root" PREFIX=/opt/crashpre >/dev/null 3>&-
        [ -z "$(find "$T/root" -type f)" ] || fail "$(find "$T/root" -type f)"
}

@test "the library's sealed data follows RELRO without a gap: one mapping at each start of a program, not three" {
        local relro sealed
        relro=$(readelf -lW "$preload" | awk '$1 == "GNU_RELRO" { print $3 "+" $6 }')
        sealed=$(readelf -SW "$preload" | sed 's/^ *\[ *//; s/\]//' | awk '$2 == "sealed" { print "0x" $4 }')
        ((relro > 0 && sealed == relro)) || { readelf -lSW "$preload" >&2; fail "RELRO ends at $relro, the sealed data begins at $sealed"; }
}

@test "one word of the zoo is one object at each level" {
        run -0 make -n -o "$build/gen/flags" -o "$build/gen/syscallnames.h" -W tests/zoo/words/threads.c "$tools"/zoo-{O0,O2}/{zoo,zoo_cxx} V=1 3>&-
        [ "$(grep -oE '[^ ]+\.o [^ ]+\.c$' <<<"$output" | sort -u | sed 's/.* //' | paste -sd ' ')" = "tests/zoo/words/threads.c tests/zoo/words/threads.c" ] || fail "$output"
        [ "$(grep -cE ' -o [^ ]*tests/zoo-O[02]/' <<<"$output")" = 2 ] || fail "$output"
}

@test "LICENSE names the source of every library that is linked statically" {
        need dpkg-query
        packages=$(scripts/packages --list build | grep -E -- '^(lib|zlib).*-dev$')
        for package in $packages; do
                # shellcheck disable=SC2016 # dpkg's
                source=$(dpkg-query -W -f '${source:Package}' "$package")
                grep -q "Debian source package: $source\$" LICENSE || fail "not in LICENSE: $source ($package)"
                grep -q "Debian source package: $source\$" scripts/debian/copyright || fail "not in scripts/debian/copyright: $source"
        done
}

# needed FILE: the libraries that it needs.
needed() {
        readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

@test "the command needs the C library and nothing else at run time, the helper not even that" {
        [ -z "${SAN-}" ] || skip "a sanitizer brings libraries of its own"
        [ "$(needed "$build/bin/crashpre")" = libc.so.6 ] || fail "$(needed "$build/bin/crashpre")"
        [ "$(needed "$helper")" = "" ] || fail "$(needed "$helper")"
}

@test "a test run: passed, failed and skipped tests add up, from C tests and bats files" {
        small_tree
        unit good 'echo ok 1 - one' 'echo ok 2 - two "# SKIP needs foo"' 'echo 1..2'
        printf '@test "three" { true; }\n@test "four" { skip "needs bar"; }\n' >"$T/tree/tests/bats/more.bats"
        run -0 small_check
        [ "${lines[-1]}" = "2 passed, 0 failed, 2 skipped" ] || fail "$output"
        [ "${lines[-2]}" = 1..4 ] || fail "$output"
        run -1 small_check --all
        [ "${lines[-1]}" = "2 passed, 0 failed, 2 skipped" ] || fail "$output"
}

@test "a test run: a test program that dies, stops early or prints nothing is a failure" {
        small_tree
        unit dies 'echo 1..1' 'echo ok 1 - one' 'kill -SEGV $$'
        unit short 'echo 1..3' 'echo ok 1 - one'
        unit silent
        run -1 small_check
        [ "${lines[-1]}" = "2 passed, 3 failed, 0 skipped" ] || fail "$output"
}

@test "a test run: a bats file that cannot be read, or loses a test, is a failure" {
        small_tree
        printf '@test "one" { true; }\nif\n' >"$T/tree/tests/bats/broken.bats"
        printf '@test "one" { true; }\n@test "two" { kill -9 $$; }\n' >"$T/tree/tests/bats/lost.bats"
        run -1 small_check
        [[ ${lines[-1]} == "1 passed, "[1-9]" failed, 0 skipped" ]] || fail "$output"
        [[ $output == *"not ok "*" lost: ended with status "* ]] || fail "$output"
}

# finds MESSAGE: scripts/lint-tests reports MESSAGE for the test on stdin.
finds() {
        { printf 'ok() {\n [ 1 = 2 ] || fail "not so"; [ 1 = 1 ]; }\n@test "planted" { %s\n}\n' "$(cat)"; } >"$T/planted.bats"
        run -1 scripts/lint-tests tests/bats/helpers.bash "$T/planted.bats"
        # shellcheck disable=SC2053 # a pattern
        [[ $output == "$T/planted.bats:3: "$1 ]] || fail "expected: $1" "$output"
}

@test "make lint: an assertion that cannot fail its test is found, one that can is not" {
        need shfmt python3
        finds '*ignored' <<<'ok || fail "on the left"'
        finds '*ignored' <<<'ok && true; true'
        finds '*ignored' <<<'if ok; then true; fi'
        finds '*ignored' <<<'until ok; do true; done'
        finds '*ignored' <<<'! ok'
        finds '*ignored' <<<'wait_until 1 ok'
        finds '*ignored' <<<'run ok; [ "$status" = 0 ]'
        finds '*ignored' <<<'x=$(ok); true'
        finds '*status is lost' <<<'ok & true'
        finds '*errexit ignores a command after !*' <<<'! false; true'
        finds '*errexit ignores the left of &&*' <<<'[ 1 = 2 ] && [ 1 = 1 ]; true'
        finds '*nothing looks at*' <<<'run false; run -0 true'
        finds "*holds where there is no such file*" <<<'! grep -q x /nonexistent'
        finds '*check first that there is any' <<<'for x in $(false); do [ "$x" = 1 ]; done'
        finds '*check first that there is any' <<<'false | while read -r x; do [ "$x" = 1 ] || fail "x" || return 1; done'
        finds "*before '|| true'" <<<'[ 1 = 2 ] || true'
        printf '@test "sound" {\n ok\n [ 1 = 2 ] || fail "x"\n run -1 false\n}\nok() { [ 1 = 2 ] || return 1; [ 1 = 1 ]; }\nalso() { ok || fail "x"; }\n' >"$T/sound.bats"
        run -0 scripts/lint-tests tests/bats/helpers.bash "$T/sound.bats"
}

@test "a test run: TESTS selects files, titles, and titles of a file; no other file starts" {
        small_tree
        printf '@test "one way" { true; }\n@test "the other \\$way" { true; }\n' >"$T/tree/tests/bats/ways.bats"
        printf '@test "one more" { true; }\n' >"$T/tree/tests/bats/more.bats"
        printf 'touch "$BATS_TEST_DIRNAME/started"\n@test "none" { true; }\n' >"$T/tree/tests/bats/none.bats"
        unit good 'echo ok 1 - fine' 'echo 1..1'
        # TESTS, and what then runs
        while IFS='|' read -r SELECT wanted; do
                run small_check
                [ "$status" = 0 ] || fail "$SELECT:" "$output" || return 1
                got=$(grep -oE '^ok [0-9]+ [a-z]+: .*' <<<"$output" | sed 's/^ok [0-9]* //' | LC_ALL=C sort | paste -sd ,)
                [ "$got" = "$wanted" ] || fail "$SELECT: expected $wanted" "$output" || return 1
        done <<'EOF'
ways|ways: one way,ways: the other $way
^one|more: one more,ways: one way
ways:^one|ways: one way
tests/bats/more.bats ways:other|more: one more,ways: the other $way
ways:other ways:^one|ways: one way,ways: the other $way
ways:other ways|ways: one way,ways: the other $way
[$]way|ways: the other $way
units more:one|good: fine,more: one more
EOF
        [ ! -e "$T/tree/tests/bats/started" ] || fail "a file without such a title was started"
        SELECT=nothing run -1 small_check
        [[ $output == *"# TESTS: no test is called 'nothing'"* ]] || fail "$output"
}

@test "a test run: a file that a test leaves in the checkout is a failure" {
        need git
        small_tree
        git init -q "$T/tree"
        unit tidy 'echo ok 1 - fine' 'echo 1..1'
        run -0 small_check
        [[ $output == *"ok 2 check: the tests left the tree as it was"* ]] || fail "$output"
        unit untidy 'echo >left-over' 'echo ok 1 - fine' 'echo 1..1'
        run -1 small_check
        [[ $output == *"not ok 3 check: the tests left the tree as it was"$'\n'"# > ?? left-over"* ]] || fail "$output"
        [ "${lines[-1]}" = "2 passed, 1 failed, 0 skipped" ] || fail "$output"
}

@test "a test run: no test at all is a failure" {
        small_tree
        run -1 small_check
        [ "${lines[-1]}" = "0 passed, 0 failed, 0 skipped" ] || fail "$output"
}

@test "pkg-config: prefix, header and what to preload; a program is built with it" {
        make install DESTDIR="$T/root" PREFIX=/opt/crashpre >/dev/null 3>&-
        export PKG_CONFIG_PATH=$T/root/opt/crashpre/lib/pkgconfig
        grep -qx "Version: $("$build/bin/crashpre" --version | cut -d ' ' -f 2)" "$PKG_CONFIG_PATH/crashpre.pc" || fail "another version than the command"
        need pkg-config
        [ "$(pkg-config --variable=preload crashpre)" = /opt/crashpre/lib/libcrashpre.so ] || fail "$(pkg-config --variable=preload crashpre)"
        cat >"$T/app.c" <<'END'
#include <crashpre.h>
int main(void)
{
        crashpre_set("a", "b");
        return 0;
}
END
        read -ra flags < <(pkg-config --define-variable=prefix="$T/root/opt/crashpre" --cflags --libs crashpre)
        gcc "$T/app.c" "${flags[@]}" -ldl -o "$T/app"
        "$T/app"
        for name in preload helper; do
                file=$(pkg-config --define-variable=prefix="$T/root/opt/crashpre" --variable=$name crashpre)
                [ -x "$file" ] || fail "$name: $file" || return 1
        done
}
