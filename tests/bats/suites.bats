# SPDX-License-Identifier: MIT
# The test suites of other projects, with and without the preload.
# check-limit: 2400
bats_require_minimum_version 1.5.0

setup_file() {
        export BATS_TEST_TIMEOUT=2000 # some are configured and built first
}

setup() {
        load helpers
        fresh_reports
}

# fetch PACKAGE: the sources of a Debian package, in a directory of the test, which becomes the working directory.
fetch() {
        [ -n "${CHECK_ALL-}" ] || skip "some minutes; make check-all"
        need apt-get dpkg-source make gcc
        mkdir -p "$T/lists/partial"
        echo "deb-src http://deb.debian.org/debian $(. /etc/os-release && echo "$VERSION_CODENAME") main" >"$T/sources.list"
        cd "$T" || return
        sources=(-o "Dir::Etc::sourcelist=$T/sources.list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$T/lists" -o APT::Sandbox::User=root)
        { timeout 120 apt-get "${sources[@]}" update && timeout 120 apt-get "${sources[@]}" source "$1"; } >apt 2>&1 || skip "the sources of $1 cannot be fetched: $(tail -n 1 apt)"
        cd "$1"-*/ || return
}

# automake PACKAGE TESTS: its tests, run by automake, at least so many, end with the same results.
automake() {
        fetch "$1"
        export FORCE_UNSAFE_CONFIGURE=1
        { ./configure -q && make -s -j2; } >../build 2>&1 || { show ../build && fail "$1 cannot be built"; }
        results() { find . -name '*.trs' | sort | xargs grep -H ':test-result:'; }
        make -s check >../plain 2>&1 || true
        results >../plain.results
        LD_PRELOAD=$preload CRASHPRE_STDERR=none make -s check >../preloaded 2>&1 || true
        results >../preloaded.results
        diff ../plain.results ../preloaded.results
        [ "$(wc -l <../plain.results)" -ge "$2" ] || fail "only $(wc -l <../plain.results) tests ran"
}

# bats test_tags=heavy
@test "sed's own test suite: the same results as without, and no report" {
        automake sed 50
        nothing_in "$CRASHPRE_DIR"
}

# bats test_tags=heavy
@test "libsigsegv's own test suite, handlers that recover from stack overflows and faults: the same results as without" {
        automake libsigsegv 5
}
