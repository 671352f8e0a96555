# SPDX-License-Identifier: MIT
# Systems that have nothing but their essential packages: what README says, typed from top to bottom; the Debian package; and the
# core tests on the other release of Debian.
# bats file_tags=serial
# check-limit: 2400
bats_require_minimum_version 1.5.0

setup_file() {
        export BATS_TEST_TIMEOUT=1500
}

setup() {
        load helpers
        load roots
}

@test "a bare Debian 12: every command of README, typed from top to bottom, gives what README shows" {
        bare_possible
        bare=$(bare_root bookworm)
        run -0 /usr/bin/python3 "$root/tests/tools/examples.py" --root "$root" "$root/README.md" "$root/tests/tools/in_root" "$bare" /src/crashpre
        [ -z "$output" ] || fail "$output"
        # nothing but what README said was typed, and it is all there
        "$root/tests/tools/in_root" "$bare" / crashpre --version
        "$root/tests/tools/in_root" "$bare" / test -f /usr/local/share/man/man5/crashpre-report.5
}

@test "a bare Debian 12: make deb installs what it needs and makes a package" {
        bare_possible
        bare=$(bare_root bookworm)
        in_bare sh -c 'apt-get -q update && apt-get install -yq --no-install-recommends make' >"$T/log" 2>&1 || fail "$(tail -n 20 "$T/log")"
        in_bare make deb >"$T/log" 2>&1 || fail "$(tail -n 30 "$T/log")"
        in_bare sh -c 'dpkg -i build/deb/crashpre_*.deb && crashpre --version' >"$T/log" 2>&1 || fail "$(tail -n 20 "$T/log")"
}

@test "a bare Debian 13: gcc and clang have no warning, and every core test passes" {
        bare_possible
        bare=$(bare_root trixie)
        in_bare sh -c 'apt-get -q update && apt-get install -yq --no-install-recommends make clang' >"$T/log" 2>&1 ||
                fail "$(tail -n 20 "$T/log")"
        in_bare make CC=clang BUILD=build-clang tests >"$T/log" 2>&1 || fail "$(tail -n 30 "$T/log")"
        in_bare rm -rf build-clang
        in_bare make check >"$T/tap" 2>"$T/err" || fail "$(tail -n 10 "$T/err")" "$(grep -A 40 '^not ok' "$T/tap" | head -n 200)" "$(tail -n 1 "$T/tap")"
        [[ $(tail -n 1 "$T/tap") == [1-9]*" passed, 0 failed, "*" skipped" ]] || fail "$(tail -n 3 "$T/tap")"
}
